"""Next pass of a run that ends: whether and when it is worth it, calculated from the last pass."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from controller.core.planning.waits import WAITS, EndedBy
from controller.core.schedule.intervals import FIRST_POLL, poll
from controller.model.plan import Kind, Outcome, Plan, Result, Verb, WaitFor, Waiting

MOST_QUIET_PASSES = 5
"""Quiet passes in a row before a run without `--wait` gives up on what only reads can show."""


@dataclass(frozen=True, slots=True)
class RunContext:
    """State of a run: *quiet* passes in a row have changed nothing, *now* is epoch seconds.

    *rows* is the length of the list that each pass reads.
    """

    now: float
    quiet: int
    wait: bool
    rows: int = 0


def next_pass(plan: Plan, outcomes: Iterable[Result | Waiting], context: RunContext) -> float | None:
    """Return the seconds until the next pass is worth it, None if the run has nothing left to wait for.

    *outcomes* are what came of the plan's actions. What was done or refused is planned anew at once, so that
    the last plan of a run shows the present state. Without `wait` a run ends as soon as only time outside our
    hands (provisioning, an unclear outcome) holds anything back.
    """
    made = tuple(outcomes)
    if any(isinstance(each, Result) and each.outcome in {Outcome.DONE, Outcome.FAILED} for each in made):
        return 0.0
    waiting = (*plan.waiting, *(each for each in made if isinstance(each, Waiting)))
    pauses = tuple(_pauses(plan, waiting, context))
    if any(isinstance(each, Result) for each in made):
        pauses = (*pauses, FIRST_POLL)
    return min(pauses, default=None)


def _pauses(plan: Plan, waiting: Iterable[Waiting], context: RunContext) -> Iterator[float]:
    stuck = {blocked.item.app for blocked in plan.blocked if blocked.item.kind is Kind.APP}
    pause = poll(context.quiet, context.rows)
    for each in waiting:
        wait = None if each.item.app in stuck and _on_gupshup(each) else _pause(each, context, pause)
        if wait is not None:
            yield wait
    if plan.provisioning and context.wait:
        yield pause


def _pause(waiting: Waiting, context: RunContext, pause: float) -> float | None:
    if WAITS[waiting.wait_for].ended_by is EndedBy.LIMITS or (
        waiting.wait_for is WaitFor.BACKOFF and context.wait
    ):
        return _until(waiting, context.now, pause)
    if waiting.wait_for is WaitFor.BACKOFF and waiting.until is not None and waiting.verb is not Verb.LINK:
        return None  # an endpoint or Gupshup has to change first; only a link may soon show in the list
    if WAITS[waiting.wait_for].reread and (context.wait or context.quiet < MOST_QUIET_PASSES):
        return pause
    return _until(waiting, context.now, pause) if _on_gupshup(waiting) and context.wait else None


def _on_gupshup(waiting: Waiting) -> bool:
    return WAITS[waiting.wait_for].ended_by is EndedBy.GUPSHUP


def _until(waiting: Waiting, now: float, pause: float) -> float:
    return pause if waiting.until is None else max(waiting.until - now, 0.0)
