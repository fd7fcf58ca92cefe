"""When to look again after a pass, and at what: from what is left of its plan to names, moments and lanes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from controller.core.planning.guard import Change
from controller.core.planning.waits import WAITS, EndedBy
from controller.core.schedule.intervals import app_poll, list_poll, one_by_one
from controller.core.schedule.next_pass import FIRST_POLL
from controller.model.passes import WHOLE_PARTNER, Lane
from controller.model.plan import Outcome, Plan, Result, Verb, WaitFor, Waiting

GATHERING = 1.0
"""Seconds in which wishes for a whole pass gather, so that one answers them all; a long list takes longer."""

_SHORT = 1_000
"""Rows that a pass over the whole goes through in less than a second."""


class Requeue(NamedTuple):
    name: str
    at: float
    lane: Lane


@dataclass(frozen=True, slots=True)
class RequeueContext:
    """Where a loop stands: *quiet* passes in a row changed nothing; *rows* is how long the partner's list is.

    *now* is epoch seconds, *interval* the seconds between two lists anyway; *in_flight* apps of the partner
    are under way, and *known* are changes that its last pass over the whole held or let wait.
    """

    now: float
    quiet: int
    rows: int
    interval: float
    in_flight: int = 0
    known: frozenset[Change] = frozenset()


def requeues(plan: Plan, said: Iterable[Result | Waiting], moment: RequeueContext) -> Iterator[Requeue]:
    """Yield what is due because of *plan* and of what came of its actions (*said*), beside the timers."""
    told = tuple(said)
    for result in told:
        if isinstance(result, Result):
            yield from _of_result(result, moment)
    for waiting in (*plan.waiting, *(each for each in told if isinstance(each, Waiting))):
        yield from _of_waiting(waiting, moment)
    yield from _in_flight(plan, moment)


def under_way(plan: Plan) -> set[str]:
    """Return the apps that Gupshup is linking or provisioning, as far as anybody here knows."""
    linking = {each.item.app for each in plan.waiting if each.verb is Verb.LINK and _by_list(each)}
    return {item.app for item in plan.provisioning} | linking


def _by_list(waiting: Waiting) -> bool:
    return WAITS[waiting.wait_for].ended_by is EndedBy.LIST


def _of_result(result: Result, moment: RequeueContext) -> Iterator[Requeue]:
    """Look after a write: a link shows in the list only, anything else in its app."""
    if result.verb is Verb.LINK:
        yield Requeue(WHOLE_PARTNER, moment.now + FIRST_POLL, Lane.IN_FLIGHT)
    elif result.outcome is not Outcome.DONE:
        yield Requeue(result.item.app, moment.now + FIRST_POLL, Lane.IN_FLIGHT)


def _of_waiting(waiting: Waiting, moment: RequeueContext) -> Iterator[Requeue]:
    name = WHOLE_PARTNER if waiting.verb is Verb.LINK or _by_list(waiting) else waiting.item.app
    if waiting.wait_for is WaitFor.FULL_PASS:
        if (waiting.verb, waiting.item) in moment.known:
            return
        yield Requeue(WHOLE_PARTNER, moment.now + GATHERING * max(1.0, moment.rows / _SHORT), Lane.CHANGED)
    elif _by_list(waiting):
        poll = moment.now + list_poll(moment.quiet, moment.rows, moment.interval)
        yield Requeue(name, poll, Lane.IN_FLIGHT)
    elif waiting.until is not None:
        yield Requeue(
            name, waiting.until, Lane.CHANGED if waiting.wait_for is WaitFor.BUDGET else Lane.IN_FLIGHT
        )
    elif waiting.wait_for is WaitFor.BACKOFF:
        yield Requeue(
            name, moment.now + list_poll(moment.quiet, moment.rows, moment.interval), Lane.IN_FLIGHT
        )


def _in_flight(plan: Plan, moment: RequeueContext) -> Iterator[Requeue]:
    """Poll what is being provisioned, one by one or by the list, whichever asks less of Gupshup."""
    names = [item.app for item in plan.provisioning]
    if not names:
        return
    all_of_them = max(len(names), moment.in_flight)
    if one_by_one(all_of_them, moment.rows):
        at = moment.now + app_poll(moment.quiet, all_of_them, moment.interval)
        yield from (Requeue(name, at, Lane.IN_FLIGHT) for name in names)
    else:
        at = moment.now + list_poll(moment.quiet, moment.rows, moment.interval)
        yield Requeue(WHOLE_PARTNER, at, Lane.IN_FLIGHT)
