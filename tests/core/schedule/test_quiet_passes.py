"""Quiet passes in a row: they count as long as a pass leaves all that is under way as it was."""

import pytest

from controller.core.planning.matched_app import app_item, subscription_item
from controller.core.schedule.quiet_passes import QuietPasses
from controller.model.plan import Outcome, Plan, Result, Verb, WaitFor, Waiting
from tests.builders.manifest import PARTNER, app, subscription

APP, HOOK = app_item(app(1)), subscription_item(subscription(1))
LISTED = Waiting(Verb.UPDATE, HOOK, WaitFor.LIST)
PLAN = Plan(PARTNER, "r1", waiting=(LISTED,), provisioning=(APP,))


def test_passes_that_change_nothing_are_quiet() -> None:
    quiet = QuietPasses()
    counts = [(quiet := quiet.after(PLAN, ())).count for _ in range(3)]
    assert counts == [0, 1, 2]


@pytest.mark.parametrize(
    ("plan", "outcomes"),
    [
        pytest.param(Plan(PARTNER, "r1", provisioning=(APP,)), (), id="a wait is over"),
        pytest.param(
            Plan(PARTNER, "r1", waiting=(Waiting(Verb.UPDATE, HOOK, WaitFor.BACKOFF),), provisioning=(APP,)),
            (),
            id="it waits for another thing",
        ),
        pytest.param(Plan(PARTNER, "r1", waiting=(LISTED,)), (), id="an app is live"),
        pytest.param(PLAN, (Result(Verb.UPDATE, HOOK, Outcome.DONE),), id="a write was done"),
    ],
)
def test_a_pass_that_changes_something_ends_the_quiet(plan: Plan, outcomes: tuple[Result, ...]) -> None:
    quiet = QuietPasses().after(PLAN, ()).after(PLAN, ())
    assert quiet.after(plan, outcomes).count == 0


def test_a_wait_whose_end_moved_leaves_a_pass_quiet() -> None:
    moved = Plan(PARTNER, "r1", waiting=(Waiting(Verb.UPDATE, HOOK, WaitFor.LIST, 7.0),), provisioning=(APP,))
    assert QuietPasses().after(PLAN, ()).after(moved, ()).count == 1
