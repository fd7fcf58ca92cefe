"""Requeues after a pass: which names, when and in which lane, computed from what its plan left open."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from controller.core.planning.guard import Change
from controller.core.planning.waits import WAITS, EndedBy
from controller.core.schedule.intervals import FIRST_POLL, app_poll, list_poll, one_by_one
from controller.model.passes import WHOLE_PARTNER, Lane
from controller.model.plan import Outcome, Plan, Result, Verb, WaitFor, Waiting

GATHERING = 1.0
"""Seconds in which wishes for a whole pass gather, so that one answers all. A long list takes longer."""

_SHORT = 1_000
"""Rows that a pass over the whole partner handles in less than a second."""


class Requeue(NamedTuple):
    name: str
    at: float
    lane: Lane


@dataclass(frozen=True, slots=True)
class RequeueContext:
    """State of a loop: *quiet* passes in a row changed nothing, *rows* is the length of the partner's list.

    *now* is epoch seconds, *interval* the seconds between two periodic lists. *in_flight* apps of the partner
    are under way. *known* are changes that the last pass over the whole partner held or let wait.
    """

    now: float
    quiet: int
    rows: int
    interval: float
    in_flight: int = 0
    known: frozenset[Change] = frozenset()


def requeues(plan: Plan, outcomes: Iterable[Result | Waiting], context: RequeueContext) -> Iterator[Requeue]:
    """Yield a requeue for each thing that *plan* and its *outcomes* leave open. Timers are not included."""
    made = tuple(outcomes)
    for result in made:
        if isinstance(result, Result):
            yield from _of_result(result, context)
    for waiting in (*plan.waiting, *(each for each in made if isinstance(each, Waiting))):
        yield from _of_waiting(waiting, context)
    yield from _in_flight(plan, context)


def under_way(plan: Plan) -> set[str]:
    """Return the apps that Gupshup is linking or provisioning, as far as is known here."""
    linking = {each.item.app for each in plan.waiting if each.verb is Verb.LINK and _by_list(each)}
    return {item.app for item in plan.provisioning} | linking


def _by_list(waiting: Waiting) -> bool:
    return WAITS[waiting.wait_for].ended_by is EndedBy.LIST


def _of_result(result: Result, context: RequeueContext) -> Iterator[Requeue]:
    """Requeue after a write: a link shows in the list only, anything else in its app."""
    if result.verb is Verb.LINK:
        yield Requeue(WHOLE_PARTNER, context.now + FIRST_POLL, Lane.IN_FLIGHT)
    elif result.outcome is not Outcome.DONE:
        yield Requeue(result.item.app, context.now + FIRST_POLL, Lane.IN_FLIGHT)


def _of_waiting(waiting: Waiting, context: RequeueContext) -> Iterator[Requeue]:
    name = WHOLE_PARTNER if waiting.verb is Verb.LINK or _by_list(waiting) else waiting.item.app
    if waiting.wait_for is WaitFor.FULL_PASS:
        if (waiting.verb, waiting.item) in context.known:
            return
        yield Requeue(WHOLE_PARTNER, context.now + GATHERING * max(1.0, context.rows / _SHORT), Lane.CHANGED)
    elif _by_list(waiting):
        poll = context.now + list_poll(context.quiet, context.rows, context.interval)
        yield Requeue(name, poll, Lane.IN_FLIGHT)
    elif waiting.until is not None:
        yield Requeue(
            name, waiting.until, Lane.CHANGED if waiting.wait_for is WaitFor.BUDGET else Lane.IN_FLIGHT
        )
    elif waiting.wait_for is WaitFor.BACKOFF:
        yield Requeue(
            name, context.now + list_poll(context.quiet, context.rows, context.interval), Lane.IN_FLIGHT
        )


def _in_flight(plan: Plan, context: RequeueContext) -> Iterator[Requeue]:
    """Poll what is being provisioned, one by one or by the list, whichever asks less of Gupshup."""
    names = [item.app for item in plan.provisioning]
    if not names:
        return
    count = max(len(names), context.in_flight)
    if one_by_one(count, context.rows):
        at = context.now + app_poll(context.quiet, count, context.interval)
        yield from (Requeue(name, at, Lane.IN_FLIGHT) for name in names)
    else:
        at = context.now + list_poll(context.quiet, context.rows, context.interval)
        yield Requeue(WHOLE_PARTNER, at, Lane.IN_FLIGHT)
