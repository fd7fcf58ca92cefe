"""When the next pass is worth it, and when a run has nothing left to wait for."""

from collections.abc import Sequence

import pytest

from controller.core.planning.matched_app import app_item, subscription_item
from controller.core.schedule.intervals import FIRST_POLL, poll
from controller.core.schedule.next_pass import MOST_QUIET_PASSES, RunContext, next_pass
from controller.model.plan import Blocked, Outcome, Plan, Result, Verb, WaitFor, Waiting
from tests.builders.manifest import PARTNER, app, subscription
from tests.builders.memory import NOW

ITEM = app_item(app(1))
SUBSCRIPTION = subscription_item(subscription(1))
TIRED = MOST_QUIET_PASSES


def pause(
    *,
    waits: Sequence[Waiting] = (),
    said: Sequence[Result | Waiting] = (),
    blocked: Sequence[Blocked] = (),
    under_way: bool = False,
    wait: bool = False,
    quiet: int = 0,
) -> float | None:
    items = (ITEM,) if under_way else ()
    plan = Plan(PARTNER, "r1", waiting=tuple(waits), blocked=tuple(blocked), provisioning=items)
    return next_pass(plan, said, RunContext(NOW, quiet, wait))


def on(what: WaitFor, until: float | None = None) -> Waiting:
    return Waiting(Verb.SUBSCRIBE, SUBSCRIPTION, what, until)


def result(outcome: Outcome) -> Result:
    return Result(Verb.LINK, ITEM, outcome)


LINK_LATER = Waiting(Verb.LINK, ITEM, WaitFor.BACKOFF, NOW + 90)


@pytest.mark.parametrize("wait", [False, True])
def test_a_settled_plan_needs_no_next_pass(*, wait: bool) -> None:
    assert pause(wait=wait) is None


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param([result(Outcome.DONE)], 0.0, id="something was done: look at once"),
        pytest.param([result(Outcome.FAILED), result(Outcome.DONE)], 0.0, id="whatever else failed"),
        pytest.param([result(Outcome.FAILED)], 0.0, id="something was refused: tell how that stands"),
        pytest.param([result(Outcome.STALE)], FIRST_POLL, id="the world moved: look soon"),
        pytest.param([result(Outcome.UNCLEAR)], FIRST_POLL, id="nobody knows: look soon"),
        pytest.param([on(WaitFor.BUDGET, NOW + 60)], 60.0, id="put off until there is room"),
        pytest.param(
            [on(WaitFor.BUDGET, NOW + 60), result(Outcome.UNCLEAR)], FIRST_POLL, id="the earliest counts"
        ),
    ],
)
def test_the_outcomes_of_a_pass_decide_when_the_next_one_begins(
    said: Sequence[Result | Waiting], expected: float | None
) -> None:
    assert pause(said=said) == expected


@pytest.mark.parametrize(
    ("waiting", "patient", "tired", "waits"),
    [
        pytest.param(on(WaitFor.BUDGET, NOW + 60), 60.0, 60.0, 60.0, id="a budget frees itself"),
        pytest.param(on(WaitFor.BUDGET, NOW - 60), 0.0, 0.0, 0.0, id="a budget that is free by now"),
        pytest.param(on(WaitFor.BUDGET), 2.0, poll(TIRED, 0), poll(TIRED, 0), id="a budget of unknown end"),
        pytest.param(on(WaitFor.OUTCOME, NOW + 720), 2.0, None, poll(TIRED, 0), id="an outcome"),
        pytest.param(on(WaitFor.LIST, NOW + 120), 2.0, None, poll(TIRED, 0), id="a list that lags"),
        pytest.param(on(WaitFor.PHONE), 2.0, None, poll(TIRED, 0), id="a row without phone"),
        pytest.param(on(WaitFor.OBSERVATION), 2.0, None, poll(TIRED, 0), id="a look that gave nothing"),
        pytest.param(on(WaitFor.BACKOFF, NOW + 90), None, None, 90.0, id="a sleeping endpoint"),
        pytest.param(LINK_LATER, 2.0, None, 90.0, id="a phone of an app that a list may still show"),
        pytest.param(on(WaitFor.BACKOFF), 2.0, None, poll(TIRED, 0), id="a try without a date"),
        pytest.param(on(WaitFor.LIVE), None, None, poll(TIRED, 0), id="provisioning, with --wait alone"),
        pytest.param(on(WaitFor.LINK), None, None, poll(TIRED, 0), id="a link, with --wait alone"),
        pytest.param(on(WaitFor.SUSPENSION, NOW + 60), None, None, None, id="nobody waits for a suspension"),
        pytest.param(on(WaitFor.POLICY), None, None, None, id="nor for a policy"),
        pytest.param(on(WaitFor.COOLDOWN, NOW + 60), None, None, None, id="nor for links that rest"),
    ],
)
def test_the_waiting_entries_of_a_plan_decide_when_the_next_pass_begins(
    waiting: Waiting, patient: float | None, tired: float | None, waits: float | None
) -> None:
    assert pause(waits=[waiting]) == patient
    assert pause(waits=[waiting], quiet=TIRED) == tired
    assert pause(waits=[waiting], quiet=TIRED, wait=True) == waits


def test_provisioning_is_waited_for_only_with_wait() -> None:
    assert pause(under_way=True) is None
    assert pause(under_way=True, wait=True) == FIRST_POLL


@pytest.mark.parametrize("what", [WaitFor.LIVE, WaitFor.LINK])
def test_an_app_that_is_stalled_is_not_waited_for(what: WaitFor) -> None:
    assert pause(waits=[on(what)], blocked=[Blocked(ITEM, "ProvisioningFailed", "")], wait=True) is None
    other = Blocked(SUBSCRIPTION, "Rejected", "")
    assert pause(waits=[on(what)], blocked=[other], wait=True) == FIRST_POLL
