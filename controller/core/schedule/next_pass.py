"""Is there anything left to wait for, and when is the next look worth it? Calculated from the last pass."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from controller.core.planning.waits import WAITS, EndedBy
from controller.model.plan import Kind, Outcome, Plan, Result, Verb, WaitFor, Waiting

FIRST_POLL = 2.0
LONGEST_POLL = 30.0
MOST_QUIET_PASSES = 5
"""Quiet passes in a row before a run without `--wait` gives up on what only looks can tell."""


@dataclass(frozen=True, slots=True)
class RunContext:
    """Where a run stands: *quiet* passes in a row have changed nothing; *now* is epoch seconds.

    *rows* is how long the list is that each look reads.
    """

    now: float
    quiet: int
    wait: bool
    rows: int = 0


def next_pass(plan: Plan, said: Iterable[Result | Waiting], moment: RunContext) -> float | None:
    """Return the seconds until the next pass is worth it; None where the run has nothing left to wait for.

    *said* is what came of the plan's actions. Without `wait` a run ends as soon as only time outside our
    hands (provisioning, an unclear outcome) holds anything back. What was done or refused is planned anew at
    once: the last plan of a run tells how things stand, and not how they stood.
    """
    told = tuple(said)
    if any(isinstance(each, Result) and each.outcome in {Outcome.DONE, Outcome.FAILED} for each in told):
        return 0.0
    waiting = (*plan.waiting, *(each for each in told if isinstance(each, Waiting)))
    pauses = tuple(_pauses(plan, waiting, moment))
    if any(isinstance(each, Result) for each in told):
        pauses = (*pauses, FIRST_POLL)
    return min(pauses, default=None)


def poll(quiet: int, rows: int) -> float:
    """Return the seconds between two looks at what is under way; it grows, and a long list slows it."""
    return max(min(FIRST_POLL * 1.5 ** min(quiet, 20), LONGEST_POLL), rows / 500)


def _pauses(plan: Plan, waiting: Iterable[Waiting], moment: RunContext) -> Iterator[float]:
    stuck = {blocked.item.app for blocked in plan.blocked if blocked.item.kind is Kind.APP}
    pause = poll(moment.quiet, moment.rows)
    for each in waiting:
        found = None if each.item.app in stuck and _on_gupshup(each) else _pause(each, moment, pause)
        if found is not None:
            yield found
    if plan.provisioning and moment.wait:
        yield pause


def _pause(each: Waiting, moment: RunContext, pause: float) -> float | None:
    if WAITS[each.wait_for].ended_by is EndedBy.LIMITS or (each.wait_for is WaitFor.BACKOFF and moment.wait):
        return _until(each, moment.now, pause)
    if each.wait_for is WaitFor.BACKOFF and each.until is not None and each.verb is not Verb.LINK:
        return None  # an endpoint or Gupshup moves next; only a link's list may catch up with it soon
    if WAITS[each.wait_for].reread and (moment.wait or moment.quiet < MOST_QUIET_PASSES):
        return pause
    return pause if _on_gupshup(each) and moment.wait else None


def _on_gupshup(waiting: Waiting) -> bool:
    return WAITS[waiting.wait_for].ended_by is EndedBy.GUPSHUP


def _until(each: Waiting, now: float, pause: float) -> float:
    return pause if each.until is None else max(each.until - now, 0.0)
