"""Approval: a run does what was shown, and says of each approved action what became of it."""

from dataclasses import replace

import pytest

from controller.core.planning.actions import tag_of
from controller.core.planning.changes.approval import Approval, approval_of, approved, overtaken
from controller.core.planning.matched_app import subscription_item
from controller.model.plan import (
    Action,
    Blocked,
    HeldChange,
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
from tests.builders.manifest import APP, CALLBACK, WANTED, app, subscription
from tests.builders.plan import ITEM, SUB, plan_of
from tests.builders.upstream import EXTRA, MOVED, OFF, app_id

LINK = Link(APP)
POST = Subscribe(WANTED, app_id())
PUT = Update(WANTED, app_id(), MOVED, {"url": ("a", "b")}, drift=False)
DELETE = Unsubscribe(APP, app_id(), EXTRA)
SET = SetCallback(APP, app_id(), CALLBACK)
REST = replace(SET, finishes_link=True)
WAITS = Waiting(Verb.SUBSCRIBE, SUB, WaitFor.LIVE, effect=WANTED)


@pytest.mark.parametrize(
    ("shown", "due", "done"),
    [
        pytest.param(plan_of(LINK), LINK, True, id="what was shown"),
        pytest.param(plan_of(), LINK, False, id="what was not shown"),
        pytest.param(plan_of(LINK), Link(app(2)), False, id="another app"),
        pytest.param(plan_of(LINK), Link(replace(APP, waba_id="7")), False, id="another WABA"),
        pytest.param(plan_of(PUT), replace(PUT, found=OFF), False, id="an update of what is there now"),
        pytest.param(plan_of(PUT), POST, False, id="a subscription, shown as an update"),
        pytest.param(plan_of(waiting=[WAITS]), POST, True, id="what was shown as waiting"),
        pytest.param(plan_of(waiting=[replace(WAITS, effect=None)]), POST, False, id="a wait without effect"),
        pytest.param(plan_of(LINK), REST, True, id="the callback that an approved link could not set"),
        pytest.param(plan_of(LINK), SET, False, id="another callback, after a link"),
        pytest.param(
            plan_of(waiting=[Waiting(Verb.LINK, ITEM, WaitFor.BUDGET, effect=APP)]),
            LINK,
            True,
            id="a link that waited for its turn",
        ),
    ],
)
def test_only_what_was_shown_is_done(shown: Plan, due: Action, *, done: bool) -> None:
    assert approved(plan_of(due), approval_of(shown)).actions == ((due,) if done else ())


def test_what_else_a_plan_says_is_kept() -> None:
    due = plan_of(LINK, POST, waiting=[WAITS], unchanged=[ITEM])
    assert approved(due, approval_of(plan_of(LINK))) == replace(due, actions=(LINK,))


def test_nothing_waits_for_a_link_that_was_not_shown() -> None:
    """A run would wait for it in vain, because a guard holds it, or the app is gone meanwhile."""
    last = plan_of(LINK, waiting=[WAITS])
    assert approved(last, approval_of(plan_of(POST))) == plan_of()
    assert approved(last, approval_of(plan_of(waiting=[WAITS]))) == plan_of()
    assert approved(last, approval_of(plan_of(LINK, POST))) == last, "the link was shown, too"
    held = replace(plan_of(waiting=[WAITS]), held=(HeldChange(LINK, "maxLinks"),))
    assert approved(held, approval_of(plan_of(waiting=[WAITS]))).waiting == ()


def test_guards_count_what_only_waited_when_it_was_shown() -> None:
    approval = approval_of(plan_of(LINK, waiting=[WAITS]))
    assert approval.released == approval_of(plan_of(LINK)).released
    assert len(approval.released) == 1


STALE, DONE, FAILED = Outcome.STALE, Outcome.DONE, Outcome.FAILED


@pytest.mark.parametrize(
    ("effect", "last", "expected"),
    [
        pytest.param(LINK, plan_of(LINK), None, id="still to be done"),
        pytest.param(
            POST, plan_of(waiting=[replace(WAITS, wait_for=WaitFor.BUDGET)]), None, id="waits for its turn"
        ),
        pytest.param(PUT, plan_of(replace(PUT, found=OFF)), (STALE, "ChangedMeanwhile"), id="another diff"),
        pytest.param(POST, plan_of(PUT), (STALE, "ChangedMeanwhile"), id="another verb"),
        pytest.param(LINK, plan_of(SET), (STALE, "ChangedMeanwhile"), id="linked without its callback"),
        pytest.param(
            LINK, plan_of(blocked=[Blocked(ITEM, "X", "taken")]), (STALE, "BlockedMeanwhile"), id="blocked"
        ),
        pytest.param(
            POST,
            plan_of(waiting=[WAITS], blocked=[Blocked(ITEM, "AppLost", "gone")]),
            (STALE, "BlockedMeanwhile"),
            id="its app is blocked",
        ),
        pytest.param(
            PUT, plan_of(LINK, waiting=[WAITS]), (STALE, "ChangedMeanwhile"), id="its app is deleted"
        ),
        pytest.param(PUT, plan_of(SET, waiting=[WAITS]), None, id="another change of its app"),
        pytest.param(LINK, plan_of(unchanged=[ITEM]), (STALE, "AlreadyAsPlanned"), id="somebody linked it"),
        pytest.param(LINK, plan_of(provisioning=[ITEM]), (STALE, "AlreadyAsPlanned"), id="it is on its way"),
        pytest.param(SET, plan_of(unverifiable=[ITEM]), (STALE, "AlreadyAsPlanned"), id="cannot be checked"),
        pytest.param(DELETE, plan_of(), (STALE, "AlreadyAsPlanned"), id="somebody removed it"),
        pytest.param(PUT, plan_of(), (STALE, "NothingToChange"), id="nothing is left of it"),
        pytest.param(
            DELETE,
            plan_of(waiting=[Waiting(Verb.UNSUBSCRIBE, ITEM, WaitFor.BUDGET)]),
            (Outcome.UNCLEAR, "NotObserved"),
            id="whether it is still there could not be read",
        ),
    ],
)
def test_an_action_that_was_not_sent_has_a_result(
    effect: Action, last: Plan, expected: tuple[Outcome, str] | None
) -> None:
    results = list(overtaken(approval_of(plan_of(effect)), last, ()))
    assert [(each.outcome, each.reason) for each in results] == ([] if expected is None else [expected])
    assert all(each.effect is effect for each in results), "with the values that were shown"


def test_a_result_says_which_values_changed_meanwhile() -> None:
    moved = replace(PUT, found=replace(MOVED, active=False, version=2))
    (result,) = overtaken(approval_of(plan_of(PUT)), plan_of(moved), ())
    assert result.message == "active, version changed meanwhile; plan again to see what is due now"
    (result,) = overtaken(approval_of(plan_of(POST)), plan_of(PUT), ())
    assert result.message == "to update is due now; plan again to see what is due now"
    assert (result.verb, result.item) == (Verb.SUBSCRIBE, SUB)


def test_what_was_sent_in_this_run_has_its_own_result() -> None:
    assert not list(overtaken(approval_of(plan_of(LINK)), plan_of(unchanged=[ITEM]), {(Verb.LINK, ITEM)}))


def test_what_an_earlier_run_of_the_plan_sent_is_done_by_it() -> None:
    approval = replace(approval_of(plan_of(LINK)), earlier=frozenset({("link", str(ITEM))}))
    (result,) = overtaken(approval, plan_of(unchanged=[ITEM]), ())
    assert (result.outcome, result.reason) == (DONE, "Confirmed")
    (result,) = overtaken(approval, plan_of(REST), ())
    assert (result.outcome, result.reason) == (DONE, "Confirmed"), "its callback is approved with the link"
    (result,) = overtaken(approval, plan_of(blocked=[Blocked(ITEM, "X", "taken")]), ())
    assert (result.outcome, result.message) == (FAILED, "taken")


def test_each_of_many_actions_has_its_own_result() -> None:
    wanted = [subscription(number) for number in range(1, 4)]
    approval = approval_of(plan_of(*(Subscribe(each, app_id()) for each in wanted)))
    last = plan_of(Subscribe(wanted[0], app_id()), unchanged=[subscription_item(wanted[1])])
    found = {each.item: each.reason for each in overtaken(approval, last, ())}
    items = [subscription_item(each) for each in wanted]
    assert found == {items[1]: "AlreadyAsPlanned", items[2]: "NothingToChange"}


def test_nothing_was_approved_of_an_empty_plan() -> None:
    assert approval_of(plan_of()) == Approval()


def test_a_write_to_a_webhook_names_its_tag() -> None:
    tags = [tag_of(each) for each in (POST, PUT, DELETE, SET, LINK)]
    assert tags == [WANTED.tag, WANTED.tag, EXTRA.tag, None, None]
