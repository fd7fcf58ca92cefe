"""Approval: a run does what was shown, and says of each approved action what became of it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from controller.core.planning.changes.approval import Approval, approval_of, approved, overtaken
from controller.core.planning.matched_app import subscription_item
from controller.model.plan import (
    Action,
    Blocked,
    HeldChange,
    Item,
    Link,
    Outcome,
    Plan,
    SetCallback,
    Subscribe,
    Unsubscribe,
    Update,
    Verb,
    WaitFor,
    Waiting,
)
from tests.builders.manifest import APP, CALLBACK, PARTNER, WANTED, app, subscription
from tests.builders.plan import ITEM, SUB
from tests.builders.upstream import EXTRA, MOVED, OFF, app_id

LINK = Link(APP)
POST = Subscribe(WANTED, app_id())
PUT = Update(WANTED, app_id(), MOVED, {"url": ("a", "b")}, drift=False)
DELETE = Unsubscribe(APP, app_id(), EXTRA)
SET = SetCallback(APP, app_id(), CALLBACK)
REST = replace(SET, finishes_link=True)
WAITS = Waiting(Verb.SUBSCRIBE, SUB, WaitFor.LIVE, effect=WANTED)


def plan(
    *actions: Action,
    waiting: Sequence[Waiting] = (),
    blocked: Sequence[Blocked] = (),
    unchanged: Sequence[Item] = (),
    provisioning: Sequence[Item] = (),
    unverifiable: Sequence[Item] = (),
) -> Plan:
    return Plan(
        PARTNER,
        "r1",
        actions=actions,
        waiting=tuple(waiting),
        blocked=tuple(blocked),
        unchanged=tuple(unchanged),
        provisioning=tuple(provisioning),
        unverifiable=tuple(unverifiable),
    )


@pytest.mark.parametrize(
    ("shown", "due", "done"),
    [
        pytest.param(plan(LINK), LINK, True, id="what was shown"),
        pytest.param(plan(), LINK, False, id="what was not shown"),
        pytest.param(plan(LINK), Link(app(2)), False, id="another app"),
        pytest.param(plan(LINK), Link(replace(APP, waba_id="7")), False, id="another WABA"),
        pytest.param(plan(PUT), replace(PUT, found=OFF), False, id="an update of what is there now"),
        pytest.param(plan(PUT), POST, False, id="a subscription, shown as an update"),
        pytest.param(plan(waiting=[WAITS]), POST, True, id="what was shown as waiting"),
        pytest.param(plan(waiting=[replace(WAITS, effect=None)]), POST, False, id="a wait without effect"),
        pytest.param(plan(LINK), REST, True, id="the callback that an approved link could not set"),
        pytest.param(plan(LINK), SET, False, id="another callback, after a link"),
        pytest.param(
            plan(waiting=[Waiting(Verb.LINK, ITEM, WaitFor.BUDGET, effect=APP)]),
            LINK,
            True,
            id="a link that waited for its turn",
        ),
    ],
)
def test_only_what_was_shown_is_done(shown: Plan, due: Action, *, done: bool) -> None:
    assert approved(plan(due), approval_of(shown)).actions == ((due,) if done else ())


def test_what_else_a_plan_says_is_kept() -> None:
    due = plan(LINK, POST, waiting=[WAITS], unchanged=[ITEM])
    assert approved(due, approval_of(plan(LINK))) == replace(due, actions=(LINK,))


def test_nothing_waits_for_a_link_that_was_not_shown() -> None:
    """A run would wait for it in vain, because a guard holds it, or the app is gone meanwhile."""
    last = plan(LINK, waiting=[WAITS])
    assert approved(last, approval_of(plan(POST))) == plan()
    assert approved(last, approval_of(plan(waiting=[WAITS]))) == plan()
    assert approved(last, approval_of(plan(LINK, POST))) == last, "the link was shown, too"
    held = replace(plan(waiting=[WAITS]), held=(HeldChange(LINK, "maxLinks"),))
    assert approved(held, approval_of(plan(waiting=[WAITS]))).waiting == ()


def test_guards_count_what_only_waited_when_it_was_shown() -> None:
    approval = approval_of(plan(LINK, waiting=[WAITS]))
    assert approval.released == approval_of(plan(LINK)).released
    assert len(approval.released) == 1


STALE, DONE, FAILED = Outcome.STALE, Outcome.DONE, Outcome.FAILED


@pytest.mark.parametrize(
    ("effect", "last", "expected"),
    [
        pytest.param(LINK, plan(LINK), None, id="still to be done"),
        pytest.param(
            POST, plan(waiting=[replace(WAITS, wait_for=WaitFor.BUDGET)]), None, id="waits for its turn"
        ),
        pytest.param(PUT, plan(replace(PUT, found=OFF)), (STALE, "ChangedMeanwhile"), id="another diff"),
        pytest.param(POST, plan(PUT), (STALE, "ChangedMeanwhile"), id="another verb"),
        pytest.param(LINK, plan(SET), (STALE, "ChangedMeanwhile"), id="linked without its callback"),
        pytest.param(
            LINK, plan(blocked=[Blocked(ITEM, "X", "taken")]), (STALE, "BlockedMeanwhile"), id="blocked"
        ),
        pytest.param(
            POST,
            plan(waiting=[WAITS], blocked=[Blocked(ITEM, "AppLost", "gone")]),
            (STALE, "BlockedMeanwhile"),
            id="its app is blocked",
        ),
        pytest.param(PUT, plan(LINK, waiting=[WAITS]), (STALE, "ChangedMeanwhile"), id="its app is deleted"),
        pytest.param(PUT, plan(SET, waiting=[WAITS]), None, id="another change of its app"),
        pytest.param(LINK, plan(unchanged=[ITEM]), (STALE, "AlreadyAsPlanned"), id="somebody linked it"),
        pytest.param(LINK, plan(provisioning=[ITEM]), (STALE, "AlreadyAsPlanned"), id="it is on its way"),
        pytest.param(SET, plan(unverifiable=[ITEM]), (STALE, "AlreadyAsPlanned"), id="cannot be checked"),
        pytest.param(DELETE, plan(), (STALE, "AlreadyAsPlanned"), id="somebody removed it"),
        pytest.param(PUT, plan(), (STALE, "NothingToChange"), id="nothing is left of it"),
        pytest.param(
            DELETE,
            plan(waiting=[Waiting(Verb.UNSUBSCRIBE, ITEM, WaitFor.BUDGET)]),
            (Outcome.UNCLEAR, "NotObserved"),
            id="whether it is still there could not be read",
        ),
    ],
)
def test_an_action_that_was_not_sent_has_a_result(
    effect: Action, last: Plan, expected: tuple[Outcome, str] | None
) -> None:
    found = [(each.outcome, each.reason) for each in overtaken(approval_of(plan(effect)), last, ())]
    assert found == ([] if expected is None else [expected])


def test_a_result_says_which_values_changed_meanwhile() -> None:
    moved = replace(PUT, found=replace(MOVED, active=False, version=2))
    (result,) = overtaken(approval_of(plan(PUT)), plan(moved), ())
    assert result.message == "active, version changed meanwhile; plan again to see what is due now"
    (result,) = overtaken(approval_of(plan(POST)), plan(PUT), ())
    assert result.message == "to update is due now; plan again to see what is due now"
    assert (result.verb, result.item) == (Verb.SUBSCRIBE, SUB)


def test_what_was_sent_in_this_run_has_its_own_result() -> None:
    assert not list(overtaken(approval_of(plan(LINK)), plan(unchanged=[ITEM]), {(Verb.LINK, ITEM)}))


def test_what_an_earlier_run_of_the_plan_sent_is_done_by_it() -> None:
    approval = replace(approval_of(plan(LINK)), earlier=frozenset({("link", str(ITEM))}))
    (result,) = overtaken(approval, plan(unchanged=[ITEM]), ())
    assert (result.outcome, result.reason) == (DONE, "Confirmed")
    (result,) = overtaken(approval, plan(blocked=[Blocked(ITEM, "X", "taken")]), ())
    assert (result.outcome, result.message) == (FAILED, "taken")


def test_each_of_many_actions_has_its_own_result() -> None:
    wanted = [subscription(number) for number in range(1, 4)]
    approval = approval_of(plan(*(Subscribe(each, app_id()) for each in wanted)))
    last = plan(Subscribe(wanted[0], app_id()), unchanged=[subscription_item(wanted[1])])
    found = {each.item: each.reason for each in overtaken(approval, last, ())}
    items = [subscription_item(each) for each in wanted]
    assert found == {items[1]: "AlreadyAsPlanned", items[2]: "NothingToChange"}


def test_nothing_was_approved_of_an_empty_plan() -> None:
    assert approval_of(plan()) == Approval()
