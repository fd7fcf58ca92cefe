"""What a plan will cost, from budgets that are full."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from controller.core.planning.forecast import Forecast, forecast, total
from controller.core.planning.matched_app import subscription_item
from controller.model.manifest import LIMITS, Bucket, Limit
from controller.model.plan import (
    Action,
    Plan,
    SetCallback,
    Subscribe,
    Unsubscribe,
    Update,
    Verb,
    WaitFor,
    Waiting,
)
from tests.builders.manifest import CALLBACK, PARTNER, app, subscription
from tests.builders.plan import links
from tests.builders.upstream import app_id, remote


def subscribes(count: int, per_app: int = 1) -> list[Action]:
    return [
        Subscribe(subscription(number, f"tag{tag}"), app_id(number))
        for number in range(1, count + 1)
        for tag in range(per_app)
    ]


def waiting(count: int, on: WaitFor) -> list[Waiting]:
    wanted = [subscription(number) for number in range(1, count + 1)]
    return [Waiting(Verb.SUBSCRIBE, subscription_item(each), on) for each in wanted]


OTHERS: list[Action] = [
    Update(subscription(1), app_id(), remote(subscription(1)), {}, drift=True),
    Unsubscribe(app(1), app_id(), remote(subscription(1))),
    SetCallback(app(1), app_id(), CALLBACK),
]


@pytest.mark.parametrize(
    ("actions", "waits", "calls", "seconds"),
    [
        pytest.param([], [], {}, 0, id="nothing costs nothing"),
        pytest.param(links(10), [], {Bucket.LINK: 10, Bucket.LIST: 10}, 0, id="ten links at once"),
        pytest.param(
            [SetCallback(app(number), app_id(number), CALLBACK) for number in (1, 2)],
            [],
            {Bucket.CALLBACK: 2, Bucket.TOKEN: 2},
            0,
            id="two callbacks, a token for each",
        ),
        pytest.param(links(11), [], {Bucket.LINK: 11, Bucket.LIST: 11}, 62, id="the eleventh a window later"),
        pytest.param(
            links(1000), [], {Bucket.LINK: 1000, Bucket.LIST: 1000}, 99 * 62, id="a thousand take 102 minutes"
        ),
        pytest.param(
            subscribes(1, 5), [], {Bucket.TOKEN: 1, Bucket.SUBSCRIPTION: 5}, 0, id="five for one app"
        ),
        pytest.param(
            subscribes(1, 6), [], {Bucket.TOKEN: 1, Bucket.SUBSCRIPTION: 6}, 62, id="the sixth a window later"
        ),
        pytest.param(
            subscribes(5, 1),
            [],
            {Bucket.TOKEN: 5, Bucket.SUBSCRIPTION: 5},
            0,
            id="apps do not wait for each other",
        ),
        pytest.param(
            subscribes(6, 1),
            [],
            {Bucket.TOKEN: 6, Bucket.SUBSCRIPTION: 6},
            1.2,
            id="but they share what is left to the partner",
        ),
        pytest.param(
            OTHERS,
            [],
            {Bucket.TOKEN: 1, Bucket.SUBSCRIPTION: 2, Bucket.CALLBACK: 1},
            0,
            id="every other action, and one token for its app",
        ),
        pytest.param(
            [],
            waiting(2, WaitFor.LIVE),
            {Bucket.TOKEN: 2, Bucket.SUBSCRIPTION: 4, Bucket.OTHER: 2},
            0,
            id="what waits for live is still to come",
        ),
        pytest.param(
            [],
            waiting(1, WaitFor.LINK),
            {Bucket.TOKEN: 1, Bucket.SUBSCRIPTION: 2, Bucket.OTHER: 1},
            0,
            id="and so is what waits for a link",
        ),
        pytest.param([], waiting(9, WaitFor.POLICY), {}, 0, id="what waits for a person is not counted"),
    ],
)
def test_the_forecast_of_a_plan_counts_calls_and_seconds(
    actions: Sequence[Action], waits: Sequence[Waiting], calls: Mapping[Bucket, int], seconds: float
) -> None:
    cost = forecast(Plan(PARTNER, "r1", actions=tuple(actions), waiting=tuple(waits)))
    assert cost.calls == calls
    assert cost.seconds == pytest.approx(seconds)


def test_the_forecast_uses_the_limits_of_the_partner() -> None:
    partner = replace(PARTNER, limits={**LIMITS, Bucket.LINK: Limit(1, 60)})
    assert forecast(Plan(partner, "r1", actions=tuple(links(3)))).seconds == 124


def test_the_forecast_of_one_partner_ignores_other_partners() -> None:
    parts = [Forecast({Bucket.LINK: 2}, 62), Forecast({Bucket.LINK: 1, Bucket.LIST: 1}, 124)]
    assert total(parts) == Forecast({Bucket.LINK: 3, Bucket.LIST: 1}, 124)
    assert total([]) == Forecast({}, 0)
