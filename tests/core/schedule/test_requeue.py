"""What is due after a pass, from what is left of its plan and what came of its actions."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from controller.core.planning.matched_app import app_item, subscription_item
from controller.core.schedule.intervals import FIRST_POLL
from controller.core.schedule.requeue import GATHERING, Requeue, RequeueContext, requeues
from controller.model.passes import WHOLE_PARTNER, Lane
from controller.model.plan import Item, Outcome, Plan, Result, Verb, WaitFor, Waiting
from tests.builders.manifest import PARTNER, app, subscription
from tests.builders.memory import NOW

APP, HOOK = app_item(app(1)), subscription_item(subscription(1))
NAME = app(1).name
AT = RequeueContext(NOW, 0, 50, 60.0)
LATER = NOW + 500


def due(
    *waiting: Waiting,
    said: Sequence[Result | Waiting] = (),
    provisioning: Sequence[Item] = (),
    moment: RequeueContext = AT,
) -> list[Requeue]:
    plan = Plan(PARTNER, "r1", waiting=waiting, provisioning=tuple(provisioning))
    return list(requeues(plan, said, moment))


def link(on: WaitFor, until: float | None = None) -> Waiting:
    return Waiting(Verb.LINK, APP, on, until)


def update(on: WaitFor, until: float | None = None) -> Waiting:
    return Waiting(Verb.UPDATE, HOOK, on, until)


@pytest.mark.parametrize(
    ("waits", "expected"),
    [
        pytest.param(
            update(WaitFor.FULL_PASS),
            Requeue(WHOLE_PARTNER, NOW + GATHERING, Lane.CHANGED),
            id="a guard has to see all",
        ),
        pytest.param(
            link(WaitFor.FULL_PASS), Requeue(WHOLE_PARTNER, NOW + GATHERING, Lane.CHANGED), id="a link, too"
        ),
        pytest.param(
            link(WaitFor.OUTCOME, LATER),
            Requeue(WHOLE_PARTNER, NOW + FIRST_POLL, Lane.IN_FLIGHT),
            id="an outcome shows in the list, maybe before its time",
        ),
        pytest.param(
            link(WaitFor.LIST),
            Requeue(WHOLE_PARTNER, NOW + FIRST_POLL, Lane.IN_FLIGHT),
            id="a list that lags",
        ),
        pytest.param(
            update(WaitFor.PHONE),
            Requeue(WHOLE_PARTNER, NOW + FIRST_POLL, Lane.IN_FLIGHT),
            id="an app without a phone",
        ),
        pytest.param(
            update(WaitFor.BUDGET, LATER), Requeue(NAME, LATER, Lane.CHANGED), id="a budget, at its moment"
        ),
        pytest.param(
            link(WaitFor.BUDGET, LATER),
            Requeue(WHOLE_PARTNER, LATER, Lane.CHANGED),
            id="that of links: by the list",
        ),
        pytest.param(update(WaitFor.BACKOFF, LATER), Requeue(NAME, LATER, Lane.IN_FLIGHT), id="a back-off"),
        pytest.param(
            update(WaitFor.BACKOFF), Requeue(NAME, NOW + FIRST_POLL, Lane.IN_FLIGHT), id="one without an end"
        ),
        pytest.param(
            update(WaitFor.SUSPENSION, LATER),
            Requeue(NAME, LATER, Lane.IN_FLIGHT),
            id="a suspension that ends",
        ),
        pytest.param(update(WaitFor.SUSPENSION), None, id="a suspension without an end"),
        pytest.param(
            link(WaitFor.COOLDOWN, LATER), Requeue(WHOLE_PARTNER, LATER, Lane.IN_FLIGHT), id="links that rest"
        ),
        pytest.param(update(WaitFor.POLICY), None, id="a policy: only its author can tell"),
        pytest.param(update(WaitFor.LIVE), None, id="live: what is under way is polled"),
        pytest.param(update(WaitFor.OBSERVATION), None, id="a look: it has a turn of its own"),
    ],
)
def test_a_waiting_entry_is_requeued_for_when_its_wait_may_have_ended(
    waits: Waiting, expected: Requeue | None
) -> None:
    assert due(waits) == ([] if expected is None else [expected])
    assert due(said=[waits]) == due(waits)


@pytest.mark.parametrize(
    ("verb", "outcome", "expected"),
    [
        pytest.param(Verb.LINK, Outcome.DONE, WHOLE_PARTNER, id="a link shows in the list"),
        pytest.param(Verb.LINK, Outcome.UNCLEAR, WHOLE_PARTNER, id="or does not"),
        pytest.param(Verb.SUBSCRIBE, Outcome.DONE, None, id="a clear success needs no look"),
        pytest.param(Verb.SUBSCRIBE, Outcome.UNCLEAR, NAME, id="an unclear write"),
        pytest.param(Verb.UPDATE, Outcome.FAILED, NAME, id="a refused one"),
        pytest.param(Verb.UNSUBSCRIBE, Outcome.STALE, NAME, id="one that came too late"),
    ],
)
def test_an_attempted_action_requeues_the_pass_that_shows_its_effect(
    verb: Verb, outcome: Outcome, expected: str | None
) -> None:
    item = APP if verb is Verb.LINK else HOOK
    found = due(said=[Result(verb, item, outcome)])
    assert found == ([] if expected is None else [Requeue(expected, NOW + FIRST_POLL, Lane.IN_FLIGHT)])


def test_a_change_that_the_full_pass_decided_on_does_not_requeue_it_again() -> None:
    known = replace(AT, known=frozenset({(Verb.UPDATE, HOOK)}))
    assert due(update(WaitFor.FULL_PASS), moment=known) == []
    assert due(link(WaitFor.FULL_PASS), moment=known) == [
        Requeue(WHOLE_PARTNER, NOW + GATHERING, Lane.CHANGED)
    ]


def test_requeues_of_the_full_pass_gather_longer_for_a_long_list() -> None:
    assert due(update(WaitFor.FULL_PASS), moment=replace(AT, rows=5_000)) == [
        Requeue(WHOLE_PARTNER, NOW + 5 * GATHERING, Lane.CHANGED)
    ]


def test_apps_in_flight_are_polled_by_list_or_one_by_one_with_fewer_calls() -> None:
    some = [app_item(app(n)) for n in (1, 2)]
    by_list = [Requeue(WHOLE_PARTNER, NOW + FIRST_POLL, Lane.IN_FLIGHT)]
    assert due(provisioning=some) == by_list
    long = replace(AT, rows=900)
    assert due(provisioning=some, moment=long) == [
        Requeue(each.app, NOW + FIRST_POLL, Lane.IN_FLIGHT) for each in some
    ]


def test_a_pass_over_one_app_counts_the_other_apps_in_flight() -> None:
    """Otherwise each of five hundred apps would be polled as if it were the only one."""
    long = replace(AT, rows=5_000)
    assert due(provisioning=[APP], moment=replace(long, in_flight=40)) == [
        Requeue(NAME, NOW + 16, Lane.IN_FLIGHT)
    ]
    assert due(provisioning=[APP], moment=replace(long, in_flight=500)) == [
        Requeue(WHOLE_PARTNER, NOW + 10, Lane.IN_FLIGHT)
    ]
