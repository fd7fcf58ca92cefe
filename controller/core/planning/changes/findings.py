"""Findings of a plan: what may decide how the command that made it exits."""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

from controller.core.planning.changes.causes import Cause, cause
from controller.model.plan import Blocked, Plan, WaitFor


class PlanFinding(StrEnum):
    BLOCKED = "blocked"
    HELD = "held"
    UNREAD = "unread"
    DRIFT = "drift"
    CHANGES = "changes"
    """There are actions, whatever their cause."""


UNVERIFIABLE = "unverifiable"

_UNREAD = frozenset({WaitFor.OBSERVATION, WaitFor.BUDGET, WaitFor.OUTCOME, WaitFor.PHONE})
"""A plan writes nothing, so an entry that waits for one of these waits for a read."""


def findings(plans: Sequence[Plan]) -> frozenset[PlanFinding]:
    found = {
        PlanFinding.BLOCKED: any(blocked_by_change(plan) for plan in plans),
        PlanFinding.HELD: any(plan.held for plan in plans),
        PlanFinding.UNREAD: bool(unread(plans)),
        PlanFinding.DRIFT: any(_drifted(plan) for plan in plans),
        PlanFinding.CHANGES: any(plan.actions for plan in plans),
    }
    return frozenset(finding for finding, there in found.items() if there)


def blocked_by_change(plan: Plan) -> tuple[Blocked, ...]:
    """Return what is blocked because of the change that the plan is about: all, if it is about everything."""
    of_change = (plan.touched is None or cause(each, plan.touched) is Cause.CHANGE for each in plan.blocked)
    return tuple(each for each, counts in zip(plan.blocked, of_change, strict=True) if counts)


def unread(plans: Sequence[Plan]) -> Counter[str]:
    """Return how many items have a state that is not known, by what they wait for."""
    waiting = (each.wait_for for plan in plans for each in plan.waiting if each.wait_for in _UNREAD)
    unverifiable = sum(len(plan.unverifiable) for plan in plans)
    return Counter(str(wait_for) for wait_for in waiting) + Counter({UNVERIFIABLE: unverifiable})


def _drifted(plan: Plan) -> bool:
    entries = (*plan.actions, *plan.waiting, *plan.blocked, *plan.held)
    return any(cause(each, plan.touched) is Cause.DRIFT for each in entries)
