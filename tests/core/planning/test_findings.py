"""Findings: what may decide the exit code of a plan, and nothing that is only shown."""

from dataclasses import replace

import pytest

from controller.core.planning.changes.findings import PlanFinding, blocked_by_change, findings, unread
from controller.core.planning.matched_app import app_item
from controller.model.plan import Blocked, HeldChange, Link, Plan, Subscribe, Update, Verb, WaitFor, Waiting
from tests.builders.manifest import APP, PARTNER, WANTED, app
from tests.builders.plan import ITEM, SUB
from tests.builders.upstream import MOVED, app_id

EMPTY = Plan(PARTNER, "r1")
BACK = Update(WANTED, app_id(), MOVED, {}, drift=True)
STUCK = Blocked(ITEM, "NameTakenByOtherPhone", "m")
CHANGES, DRIFT = frozenset({PlanFinding.CHANGES}), frozenset({PlanFinding.DRIFT})
READS = {WaitFor.OBSERVATION, WaitFor.BUDGET, WaitFor.OUTCOME, WaitFor.PHONE}


def waits(*on: WaitFor) -> Plan:
    return replace(EMPTY, waiting=tuple(Waiting(Verb.SUBSCRIBE, SUB, each) for each in on))


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        pytest.param(EMPTY, set(), id="nothing to do"),
        pytest.param(replace(EMPTY, unchanged=(ITEM,), provisioning=(ITEM,)), set(), id="on its way"),
        pytest.param(replace(EMPTY, actions=(Link(APP),)), {PlanFinding.CHANGES}, id="a change"),
        pytest.param(
            replace(EMPTY, actions=(BACK,)), {PlanFinding.CHANGES, PlanFinding.DRIFT}, id="drift to put back"
        ),
        pytest.param(
            replace(EMPTY, actions=(Subscribe(WANTED, app_id(), drift=True),)),
            {PlanFinding.CHANGES, PlanFinding.DRIFT},
            id="a removed subscription",
        ),
        pytest.param(
            replace(EMPTY, waiting=(Waiting(Verb.UPDATE, SUB, WaitFor.POLICY, effect=BACK),)),
            {PlanFinding.DRIFT},
            id="drift that a policy leaves alone",
        ),
        pytest.param(
            replace(EMPTY, held=(HeldChange(Link(APP), "maxLinks"),)), {PlanFinding.HELD}, id="held"
        ),
        pytest.param(replace(EMPTY, blocked=(STUCK,)), {PlanFinding.BLOCKED}, id="blocked"),
        pytest.param(replace(EMPTY, unverifiable=(SUB,)), {PlanFinding.UNREAD}, id="unverifiable"),
        *(
            pytest.param(
                waits(each), {PlanFinding.UNREAD} if each in READS else set(), id=f"waiting for {each}"
            )
            for each in WaitFor
        ),
    ],
)
def test_a_plan_is_found_to_have(plan: Plan, expected: set[PlanFinding]) -> None:
    assert findings([EMPTY, plan]) == expected


def test_only_what_a_change_blocks_is_found() -> None:
    other = Blocked(app_item(app(2)), "AppLost", "m")
    plan = replace(EMPTY, blocked=(STUCK, other))
    assert blocked_by_change(plan) == (STUCK, other)
    assert blocked_by_change(replace(plan, touched=frozenset({ITEM}))) == (STUCK,)
    assert findings([replace(plan, touched=frozenset())]) == frozenset()


def test_what_is_not_known_is_counted_by_what_it_waits_for() -> None:
    plans = [waits(WaitFor.BUDGET, WaitFor.LIVE, WaitFor.BUDGET), replace(EMPTY, unverifiable=(SUB, ITEM))]
    assert unread(plans) == {"budget": 2, "unverifiable": 2}
    assert unread([EMPTY, waits(WaitFor.LIVE)]) == {}
