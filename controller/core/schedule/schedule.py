"""What is due for one partner, and why: from what was declared, asked, seen and failed to the next pass.

Nothing here reads a clock or throws dice: *now* (epoch seconds) and *chance* (0 to 1) come in.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from controller.core.planning.actions import item_of
from controller.core.planning.guard import Change, change
from controller.core.planning.waits import WAITS
from controller.core.schedule import intervals
from controller.core.schedule.quiet import QuietPasses
from controller.core.schedule.requeue import GATHERING, RequeueContext, requeues, under_way
from controller.core.schedule.throttle import UNDER_WAY, Throttle
from controller.core.schedule.workqueue import WorkQueue
from controller.model.passes import WHOLE_PARTNER, Lane, Timing
from controller.model.plan import Plan, Request, Result, WaitFor, Waiting

Said = Result | Waiting

RESTART_PRIORITY_LIMIT = 100
"""Apps that may have changed while nobody looked, and are looked at before the rest: more are the rest."""

SMALL_COMMIT = 5
"""Apps that one commit changes and that are looked at before those of a larger one."""

_LATE = 2.0
"""Intervals after which a list is due by itself: timers go by the wall's clock, which may be set back."""


@dataclass(frozen=True, slots=True)
class FinishedPass:
    """A pass that is over: what was *asked* of it, what is left of its plan, what came of its actions.

    *rows* is how long the list is, *calls* how many calls its looks at one app took, the token's aside.
    """

    name: str
    lane: Lane
    asked: Request
    plan: Plan
    said: tuple[Said, ...]
    rows: int
    calls: int = 0


class Schedule:
    """Names of apps, and WHOLE for the partner, by when they are due."""

    def __init__(self, tempo: Timing, chance: Callable[[], float]) -> None:
        self._tempo = tempo
        self._chance = chance
        self._queue = WorkQueue()
        self._names: frozenset[str] = frozenset()
        self._new: frozenset[str] = frozenset()
        self._asked: dict[str, float] = {}
        self._looked: dict[str, float] = {}
        self._failures: Counter[str] = Counter()
        self._quiet: dict[str, QuietPasses] = {}
        self._events = {False: Throttle(quiet=0.0), True: Throttle(UNDER_WAY, quiet=0.0)}
        self._decided: frozenset[Change] = frozenset()
        self._in_flight = 0
        self._free = 0.0
        self._listed = False
        self._known: set[str] = set()
        self._under_way: set[str] = set()

    @property
    def errors(self) -> int:
        """Return how many passes over the same thing failed in a row, at the most."""
        return max(self._failures.values(), default=0)

    def declare(self, names: Iterable[str], new: Iterable[str], now: float) -> None:
        """Keep *names* from now on; something is declared anew about *new*, which ends their back-off."""
        self._names = frozenset(names)
        self._known &= self._names
        self._under_way &= self._names
        mended = frozenset(new) & self._names
        self._new = (self._new | mended) & self._names
        kept = self._names | {WHOLE_PARTNER}
        self._queue.keep(kept)
        for known in (self._asked, self._looked, self._failures, self._quiet):
            for name in known.keys() - kept:
                del known[name]
        for name in sorted(mended & self._failures.keys()):
            del self._failures[name]
            self._queue.clear_delay(name)
            self._queue.add(name, now, Lane.CHANGED)
        self._queue.add(WHOLE_PARTNER, now, Lane.CHANGED)

    def tick(self, now: float) -> None:
        """Have the list read: its interval is over."""
        self._queue.add(WHOLE_PARTNER, now, Lane.IN_FLIGHT)

    def awaits(self, name: str) -> bool:
        """Say whether an app is under way, so that an event about it is likely to be news."""
        return name in self._under_way

    def event(self, name: str, now: float) -> None:
        """Have an app looked at when its quiet time and the budget of events allow, before a mass of changes.

        Apps under way have a budget of their own. In a flood either may be used up for long: then the timers
        are as good, and the event is let go.
        """
        awaited = self.awaits(name)
        allowance = self._events[awaited]
        at = max(allowance.earliest((name,), now), self._looked.get(name, 0.0) + intervals.QUIET)
        if at <= now + allowance.seconds and self._add(name, at, Lane.CHANGED, alone=True):
            self._events[awaited] = allowance.after((name,), at)

    def ask(self, name: str, now: float) -> None:
        """Look because a person wants it: earlier refusals no longer count, nor does a back-off.

        For the whole partner that is its list at once, and each app in its turn.
        """
        for each in self._names if name == WHOLE_PARTNER else {name} & self._names:
            self._asked[each] = now
        for each in self._names if name == WHOLE_PARTNER else ():
            self._queue.add(each, now, Lane.DRIFT)
        self.hurry(name, now)

    def hurry(self, name: str, now: float) -> None:
        """Look because a person waits for it; no back-off counts."""
        self._queue.clear_delay(name)
        self._add(name, now, Lane.ASKED)

    def asked(self, name: str, now: float) -> Request:
        """Return what people asked for about *name* and was not answered yet."""
        about = {app: at for app, at in self._asked.items() if name in {WHOLE_PARTNER, app}}
        return Request(again=frozenset(about), at=max(about.values(), default=now))

    def take(self, now: float) -> tuple[str, Lane] | None:
        """Take what is due. What nobody waits for keeps a distance, so that half of the budget stays free."""
        return self._queue.take(now, Lane.CHANGED if now < self._free else Lane.DRIFT)

    def next_at(self, now: float) -> float | None:
        """Return when something will be due, None where nothing is."""
        at = self._queue.next_at(now)
        return max(at, self._free) if at is not None and at <= now else at

    def depth(self, now: float) -> Counter[Lane]:
        return self._queue.depth(now)

    def failed(self, name: str, lane: Lane, now: float, until: float | None = None) -> None:
        """Let *name* rest, longer each time in a row, or until it can be tried; nothing else waits."""
        if not self._keeps(name):
            return
        self._failures[name] += 1
        rest = intervals.backoff(self._failures[name], self._chance())
        self._queue.delay_until(name, now + rest if until is None else max(until, now + GATHERING))
        self._queue.add(name, now, lane)

    def done(self, over: FinishedPass, now: float) -> None:
        """Have due what follows from a pass; what it was about may have gone from the manifests meanwhile."""
        self._answer(over)
        if not self._keeps(over.name):
            return
        self._space(over, now)
        if over.name == WHOLE_PARTNER:
            self._after_list(over, now)
        else:
            self._after_look(over)
        for due in requeues(over.plan, over.said, self._moment(over, now)):
            self._add(*due)
        if over.name == WHOLE_PARTNER:
            self._queue.add(WHOLE_PARTNER, now + _LATE * self._tempo.interval, Lane.IN_FLIGHT)
        elif any(each.wait_for is WaitFor.OBSERVATION and each.until is None for each in over.plan.waiting):
            self.failed(over.name, Lane.IN_FLIGHT, now)
            return
        else:
            self._sweep(over.name, now)
        self._failures.pop(over.name, None)

    def _space(self, over: FinishedPass, now: float) -> None:
        """Keep the distance after a look at one app; the first one asked for its token, too."""
        if over.name != WHOLE_PARTNER and over.lane > Lane.CHANGED:
            self._free = now + intervals.pause(over.calls + (over.name not in self._looked))
        self._looked[over.name] = now

    def _answer(self, over: FinishedPass) -> None:
        """Forget who asked before the pass began, but for apps whose turn did not come."""
        waits = {each.item.app for each in _waiting(over) if WAITS[each.wait_for].untried}
        waits |= {item_of(each.action).app for each in over.plan.held}
        for app in over.asked.again - waits:
            if self._asked.get(app, math.inf) <= over.asked.at:
                del self._asked[app]

    def _moment(self, over: FinishedPass, now: float) -> RequeueContext:
        quiet = self._quiet.get(over.name, QuietPasses()).after(over.plan, over.said)
        self._quiet[over.name] = quiet
        interval = self._tempo.interval
        return RequeueContext(now, quiet.count, over.rows, interval, self._in_flight, self._decided)

    def _after_list(self, over: FinishedPass, now: float) -> None:
        """Have each app that nobody looked at looked at: what is new at once, the rest one by one."""
        plan = over.plan
        waits = frozenset(
            (each.verb, each.item) for each in plan.waiting if each.wait_for is WaitFor.OBSERVATION
        )
        self._decided = waits | {change(each.action) for each in plan.held}
        self._in_flight = len(plan.provisioning)
        self._under_way = under_way(plan)
        unlooked = {each.item.app for each in plan.unlooked}
        differ = {each.item.app for each in plan.unlooked if each.differing}
        first = unlooked - self._known if self._listed else differ
        for name in sorted(unlooked):
            lane, alone = self._urgency(name, first)
            self._add(name, now, lane, alone=alone)
        self._known |= unlooked
        self._new, self._listed = frozenset(), True

    def _urgency(self, name: str, first: set[str]) -> tuple[Lane, bool]:
        """Return how urgent it is to look at an app, and whether it goes before a mass of changes.

        *first* go before the rest: what came live, or at the first list what may have changed before it.
        """
        if name in self._new:
            return Lane.CHANGED, len(self._new) <= SMALL_COMMIT
        if name not in first or len(first) > RESTART_PRIORITY_LIMIT:
            return Lane.DRIFT, False
        return (Lane.CHANGED, True) if self._listed else (Lane.IN_FLIGHT, False)

    def _after_look(self, over: FinishedPass) -> None:
        """Know an app once it is no longer under way."""
        self._under_way.discard(over.name)
        self._under_way |= under_way(over.plan)
        self._known |= {over.name} - self._under_way

    def _sweep(self, name: str, now: float) -> None:
        """Look at this app again when its turn comes; what began together spreads."""
        every = intervals.drift_interval(self._tempo.drift, len(self._names))
        self._queue.add(name, now + every * (0.9 + 0.2 * self._chance()), Lane.DRIFT)

    def _keeps(self, name: str) -> bool:
        return name == WHOLE_PARTNER or name in self._names

    def _add(self, name: str, at: float, lane: Lane, *, alone: bool = False) -> bool:
        return self._keeps(name) and self._queue.add(name, at, lane, alone=alone)


def _waiting(over: FinishedPass) -> Iterator[Waiting]:
    yield from over.plan.waiting
    yield from (each for each in over.said if isinstance(each, Waiting))
