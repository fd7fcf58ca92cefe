"""What is due after a pass, from what is left of its plan and what came of its actions."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from controller.core.planning.matched import app_item, subscription_item
from controller.core.schedule.next_pass import FIRST_POLL
from controller.core.schedule.requeue import SOON, Due, Moment, again
from controller.model.passes import WHOLE, Lane
from controller.model.plan import For, Item, Outcome, Plan, Result, Verb, Waiting
from tests.core.builders import NOW, PARTNER, app, subscription

APP, HOOK = app_item(app(1)), subscription_item(subscription(1))
NAME = app(1).name
AT = Moment(NOW, 0, 50, 60.0)
LATER = NOW + 500


def due(
    *waiting: Waiting,
    said: Sequence[Result | Waiting] = (),
    provisioning: Sequence[Item] = (),
    moment: Moment = AT,
) -> list[Due]:
    plan = Plan(PARTNER, "r1", waiting=waiting, provisioning=tuple(provisioning))
    return list(again(plan, said, moment))


def link(on: For, until: float | None = None) -> Waiting:
    return Waiting(Verb.LINK, APP, on, until)


def update(on: For, until: float | None = None) -> Waiting:
    return Waiting(Verb.UPDATE, HOOK, on, until)


@pytest.mark.parametrize(
    ("waits", "expected"),
    [
        pytest.param(update(For.PASS), Due(WHOLE, NOW + SOON, Lane.CHANGED), id="a guard has to see all"),
        pytest.param(link(For.PASS), Due(WHOLE, NOW + SOON, Lane.CHANGED), id="a link, too"),
        pytest.param(
            link(For.OUTCOME, LATER),
            Due(WHOLE, NOW + FIRST_POLL, Lane.IN_FLIGHT),
            id="an outcome shows in the list, maybe before its time",
        ),
        pytest.param(link(For.LIST), Due(WHOLE, NOW + FIRST_POLL, Lane.IN_FLIGHT), id="a list that lags"),
        pytest.param(
            update(For.PHONE), Due(WHOLE, NOW + FIRST_POLL, Lane.IN_FLIGHT), id="an app without a phone"
        ),
        pytest.param(update(For.BUDGET, LATER), Due(NAME, LATER, Lane.CHANGED), id="a budget, at its moment"),
        pytest.param(
            link(For.BUDGET, LATER), Due(WHOLE, LATER, Lane.CHANGED), id="that of links: by the list"
        ),
        pytest.param(update(For.BACKOFF, LATER), Due(NAME, LATER, Lane.IN_FLIGHT), id="a back-off"),
        pytest.param(
            update(For.BACKOFF), Due(NAME, NOW + FIRST_POLL, Lane.IN_FLIGHT), id="one without an end"
        ),
        pytest.param(
            update(For.SUSPEND, LATER), Due(NAME, LATER, Lane.IN_FLIGHT), id="a suspension that ends"
        ),
        pytest.param(update(For.SUSPEND), None, id="a suspension without an end"),
        pytest.param(link(For.REST, LATER), Due(WHOLE, LATER, Lane.IN_FLIGHT), id="links that rest"),
        pytest.param(update(For.POLICY), None, id="a policy: only its author can tell"),
        pytest.param(update(For.LIVE), None, id="live: what is under way is polled"),
        pytest.param(update(For.LOOK), None, id="a look: it has a turn of its own"),
    ],
)
def test_what_waits_is_looked_at_when_that_may_have_ended(waits: Waiting, expected: Due | None) -> None:
    assert due(waits) == ([] if expected is None else [expected])
    assert due(said=[waits]) == due(waits)


@pytest.mark.parametrize(
    ("verb", "outcome", "expected"),
    [
        pytest.param(Verb.LINK, Outcome.DONE, WHOLE, id="a link shows in the list"),
        pytest.param(Verb.LINK, Outcome.UNCLEAR, WHOLE, id="or does not"),
        pytest.param(Verb.SUBSCRIBE, Outcome.DONE, None, id="a clear success needs no look"),
        pytest.param(Verb.SUBSCRIBE, Outcome.UNCLEAR, NAME, id="an unclear write"),
        pytest.param(Verb.UPDATE, Outcome.FAILED, NAME, id="a refused one"),
        pytest.param(Verb.UNSUBSCRIBE, Outcome.STALE, NAME, id="one that came too late"),
    ],
)
def test_what_was_done_is_looked_at_where_it_shows(
    verb: Verb, outcome: Outcome, expected: str | None
) -> None:
    item = APP if verb is Verb.LINK else HOOK
    found = due(said=[Result(verb, item, outcome)])
    assert found == ([] if expected is None else [Due(expected, NOW + FIRST_POLL, Lane.IN_FLIGHT)])


def test_what_the_whole_decided_on_already_does_not_hurry_it_again() -> None:
    known = replace(AT, known=frozenset({(Verb.UPDATE, HOOK)}))
    assert due(update(For.PASS), moment=known) == []
    assert due(link(For.PASS), moment=known) == [Due(WHOLE, NOW + SOON, Lane.CHANGED)]


def test_wishes_for_the_whole_gather_longer_where_its_list_is_long() -> None:
    assert due(update(For.PASS), moment=replace(AT, rows=5_000)) == [Due(WHOLE, NOW + 5 * SOON, Lane.CHANGED)]


def test_what_is_under_way_is_polled_by_whatever_takes_fewer_calls() -> None:
    some = [app_item(app(n)) for n in (1, 2)]
    by_list = [Due(WHOLE, NOW + FIRST_POLL, Lane.IN_FLIGHT)]
    assert due(provisioning=some) == by_list
    long = replace(AT, rows=900)
    assert due(provisioning=some, moment=long) == [
        Due(each.app, NOW + FIRST_POLL, Lane.IN_FLIGHT) for each in some
    ]


def test_a_pass_over_one_app_counts_the_others_that_are_under_way() -> None:
    """Otherwise each of five hundred apps would be polled as if it were the only one."""
    long = replace(AT, rows=5_000)
    assert due(provisioning=[APP], moment=replace(long, in_flight=40)) == [
        Due(NAME, NOW + 16, Lane.IN_FLIGHT)
    ]
    assert due(provisioning=[APP], moment=replace(long, in_flight=500)) == [
        Due(WHOLE, NOW + 10, Lane.IN_FLIGHT)
    ]
