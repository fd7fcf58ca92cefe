"""Schedule of one partner: names by when they are due, from manifests, requests, passes and failures.

No clock and no dice here: *now* (epoch seconds) and *chance* (0 to 1) come in.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from controller.core.backoff import pass_backoff
from controller.core.planning.actions import item_of
from controller.core.planning.guard import Change, change
from controller.core.planning.retired.retirement import settled_apps
from controller.core.planning.waits import WAITS
from controller.core.schedule import intervals
from controller.core.schedule.health_reads import doubts_left, health_reads
from controller.core.schedule.pass_outcome import PassOutcome
from controller.core.schedule.quiet_passes import QuietPasses
from controller.core.schedule.requeue import GATHERING, RequeueContext, requeues, under_way
from controller.core.schedule.throttle import UNDER_WAY, Throttle
from controller.core.schedule.workqueue import WorkQueue, move
from controller.model.passes import WHOLE_PARTNER, Lane, Timing
from controller.model.plan import HealthReads, Plan, Request, WaitFor, Waiting

RESTART_PRIORITY_LIMIT = 100
"""Apps that may have changed go first, if there are at most so many. Otherwise all join the sweep."""

SMALL_COMMIT = 5
"""Apps that one commit may change and that are still read before those of a larger one."""

_LATE = 2.0
"""Intervals after which a list is due without a timer: the wall clock of timers may be set back."""


class Schedule:
    """Names of apps, and WHOLE_PARTNER, by when they are due."""

    def __init__(self, timing: Timing, chance: Callable[[], float]) -> None:
        self._timing = timing
        self._chance = chance
        self._queue = WorkQueue()
        self._names: frozenset[str] = frozenset()
        self._new: frozenset[str] = frozenset()
        self._asked: dict[str, float] = {}
        self._looked: dict[str, float] = {}
        self._failures: Counter[str] = Counter()
        self._quiet: dict[str, QuietPasses] = {}
        self._doubts: dict[str, float] = {}
        self._events = {False: Throttle(quiet=0.0), True: Throttle(UNDER_WAY, quiet=0.0)}
        self._decided: frozenset[Change] = frozenset()
        self._in_flight = 0
        self._taken = self._free = 0.0
        self._listed = False
        self._known: set[str] = set()
        self._settled: frozenset[str] = frozenset()
        self._under_way: set[str] = set()

    @property
    def errors(self) -> int:
        """Return the largest number of passes over the same name that failed in a row."""
        return max(self._failures.values(), default=0)

    def rename(self, names: Mapping[str, str]) -> None:
        """Give apps their new *names*: nothing is due earlier than it was, and nothing is forgotten."""
        self._queue.rename(names)
        for moments in (self._asked, self._looked, self._doubts):
            move(moments, names)
        move(self._failures, names)
        move(self._quiet, names)
        self._known, self._under_way = _moved(self._known, names), _moved(self._under_way, names)
        self._new = frozenset(_moved(self._new, names))

    def declare(self, names: Iterable[str], new: Iterable[str], now: float) -> None:
        """Keep only *names* from now on. *new* are declared anew, which ends their back-off."""
        self._names = frozenset(names)
        self._known &= self._names
        self._under_way &= self._names
        changed = frozenset(new) & self._names
        self._new = (self._new | changed) & self._names
        kept = self._names | {WHOLE_PARTNER}
        self._queue.keep(kept)
        for table in (self._asked, self._looked, self._failures, self._quiet, self._doubts):
            for name in table.keys() - kept:
                del table[name]
        for name in sorted(changed & self._failures.keys()):
            del self._failures[name]
            self._queue.clear_delay(name)
            self._queue.add(name, now, Lane.CHANGED)
        self._queue.add(WHOLE_PARTNER, now, Lane.CHANGED)

    def tick(self, now: float) -> None:
        """Requeue the list: its interval is over."""
        self._queue.add(WHOLE_PARTNER, now, Lane.IN_FLIGHT)

    def awaits(self, name: str) -> bool:
        """Return whether an app is under way: then an event about it probably reports a change."""
        return name in self._under_way

    def event(self, name: str, now: float) -> None:
        """Requeue an app when its quiet time and the budget of events allow, before a mass of changes.

        Apps under way have a budget of their own. A flood of events may use up either budget for long. The
        event is then dropped: the timers are as good. What the event may report about the app's health is
        read by the same pass.
        """
        if name in self._settled:
            return
        awaited = self.awaits(name)
        throttle = self._events[awaited]
        at = max(throttle.earliest((name,), now), self._looked.get(name, 0.0) + intervals.QUIET)
        if at > now + throttle.seconds:
            return
        self._doubt(name, now)
        if self._add(name, at, Lane.CHANGED, alone=True):
            self._events[awaited] = throttle.after((name,), at)

    def ask(self, name: str, now: float) -> None:
        """Requeue for a person's request: earlier refusals no longer count, nor does a back-off.

        For the whole partner the list is due at once, and each app in its turn, but for those whose
        retirement is over. A request about one app reads its health as well.
        """
        everything = self._names - self._settled
        for app in everything if name == WHOLE_PARTNER else {name} & self._names:
            self._asked[app] = now
        for app in everything if name == WHOLE_PARTNER else ():
            self._queue.add(app, now, Lane.DRIFT)
        self._doubt(name, now)
        self.hurry(name, now)

    def _doubt(self, name: str, now: float) -> None:
        """Note that the health of an app may have changed, so that its next pass reads it."""
        if name in self._names:
            self._doubts[name] = now

    def hurry(self, name: str, now: float) -> None:
        """Requeue for a person who waits. No back-off counts."""
        self._queue.clear_delay(name)
        self._add(name, now, Lane.ASKED)

    def asked(self, name: str, now: float) -> Request:
        """Return what people requested about *name* and no pass has answered yet."""
        about = {app: at for app, at in self._asked.items() if name in {WHOLE_PARTNER, app}}
        doubts = {app: at for app, at in self._doubts.items() if name in {WHOLE_PARTNER, app}}
        at = max(about.values(), default=now)
        return Request(again=frozenset(about), at=at, health_reads=HealthReads.DAILY, doubts=doubts)

    def take(self, now: float) -> tuple[str, Lane] | None:
        """Take what is due. Background reads keep a distance, so that half of the budget stays free."""
        self._taken = now
        return self._queue.take(now, Lane.CHANGED if now < self._free else Lane.DRIFT)

    def next_at(self, now: float) -> float | None:
        """Return when something will be due (epoch seconds), None if nothing is."""
        at = self._queue.next_at(now)
        return max(at, self._free) if at is not None and at <= now else at

    def depth(self, now: float) -> Counter[Lane]:
        return self._queue.depth(now)

    def failed(self, name: str, lane: Lane, now: float, until: float | None = None) -> None:
        """Delay *name* by its failures in a row, or *until* then (epoch seconds). Other names do not wait."""
        if not self._keeps(name):
            return
        self._failures[name] += 1
        pause = pass_backoff(self._failures[name], self._chance())
        self._queue.delay_until(name, now + pause if until is None else max(until, now + GATHERING))
        self._queue.add(name, now, lane)

    def done(self, outcome: PassOutcome, now: float) -> None:
        """Requeue what follows from a pass. Its app may have left the manifests meanwhile."""
        name, plan = outcome.name, outcome.plan
        if plan is None:
            self.failed(name, outcome.lane, now, outcome.retry_at)
            return
        self._settled = settled_apps(self._settled, outcome.matches)
        self._answer(outcome, plan)
        self._doubts = doubts_left(self._doubts, outcome.matches, now)
        if not self._keeps(name):
            return
        self._space(outcome, now)
        if name == WHOLE_PARTNER:
            self._after_list(plan, now)
            for app, at in health_reads(outcome.matches):
                self._add(app, at, Lane.DRIFT)
        else:
            self._after_app(name, plan)
        for requeue in requeues(plan, outcome.outcomes, self._context(outcome, plan, now)):
            self._add(*requeue)
        if name == WHOLE_PARTNER:
            self._queue.add(WHOLE_PARTNER, now + _LATE * self._timing.interval, Lane.IN_FLIGHT)
        elif any(each.wait_for is WaitFor.OBSERVATION and each.until is None for each in plan.waiting):
            self.failed(name, Lane.IN_FLIGHT, now)
            return
        else:
            self._sweep(name, now)
        self._failures.pop(name, None)

    def _space(self, outcome: PassOutcome, now: float) -> None:
        """Keep the distance of a background read of one app from the next, whatever time its answers took.

        Its first read asked for its token, too.
        """
        if outcome.name != WHOLE_PARTNER and outcome.lane > Lane.CHANGED:
            self._free = self._taken + intervals.pause(outcome.calls + (outcome.name not in self._looked))
        self._looked[outcome.name] = now

    def _answer(self, outcome: PassOutcome, plan: Plan) -> None:
        """Forget requests from before the pass began, except for apps whose turn did not come."""
        waits = (*plan.waiting, *(each for each in outcome.outcomes if isinstance(each, Waiting)))
        open_apps = {each.item.app for each in waits if WAITS[each.wait_for].untried}
        open_apps |= {item_of(each.action).app for each in plan.held}
        for app in outcome.asked.again - open_apps:
            if self._asked.get(app, math.inf) <= outcome.asked.at:
                del self._asked[app]

    def _context(self, outcome: PassOutcome, plan: Plan, now: float) -> RequeueContext:
        quiet = self._quiet.get(outcome.name, QuietPasses()).after(plan, outcome.outcomes)
        self._quiet[outcome.name] = quiet
        interval = self._timing.interval
        return RequeueContext(now, quiet.count, outcome.rows, interval, self._in_flight, self._decided)

    def _after_list(self, plan: Plan, now: float) -> None:
        """Requeue each app that no pass observed: what is new at once, the rest one by one."""
        waits = frozenset(
            (each.verb, each.item) for each in plan.waiting if each.wait_for is WaitFor.OBSERVATION
        )
        self._decided = waits | {change(each.action) for each in plan.held}
        self._in_flight = len(plan.provisioning)
        self._under_way = under_way(plan)
        unobserved = {each.item.app for each in plan.not_observed}
        differ = {each.item.app for each in plan.not_observed if each.differing}
        first = unobserved - self._known if self._listed else differ
        for name in sorted(unobserved):
            lane, alone = self._urgency(name, first)
            self._add(name, now, lane, alone=alone)
        self._known |= unobserved
        self._new, self._listed = frozenset(), True

    def _urgency(self, name: str, first: set[str]) -> tuple[Lane, bool]:
        """Return the lane of an app to read, and whether the app goes before a mass of changes.

        *first* go before the rest: what came live, or at the first list what may have changed before it.
        """
        if name in self._new:
            return Lane.CHANGED, len(self._new) <= SMALL_COMMIT
        if name not in first or len(first) > RESTART_PRIORITY_LIMIT:
            return Lane.DRIFT, False
        return (Lane.CHANGED, True) if self._listed else (Lane.IN_FLIGHT, False)

    def _after_app(self, name: str, plan: Plan) -> None:
        """Mark an app as known once it is no longer under way."""
        self._under_way.discard(name)
        self._under_way |= under_way(plan)
        self._known |= {name} - self._under_way

    def _sweep(self, name: str, now: float) -> None:
        """Requeue an app for its periodic read. Chance spreads apps that began together."""
        if name in self._settled:
            return
        every = intervals.drift_interval(self._timing.drift, len(self._names))
        share = intervals.SOONEST + (intervals.LATEST - intervals.SOONEST) * self._chance()
        self._queue.add(name, now + every * share, Lane.DRIFT)

    def _keeps(self, name: str) -> bool:
        return name == WHOLE_PARTNER or name in self._names

    def _add(self, name: str, at: float, lane: Lane, *, alone: bool = False) -> bool:
        return self._keeps(name) and self._queue.add(name, at, lane, alone=alone)


def _moved(found: set[str] | frozenset[str], names: Mapping[str, str]) -> set[str]:
    return {names[name] for name in found & names.keys()} | (found - names.keys() - set(names.values()))
