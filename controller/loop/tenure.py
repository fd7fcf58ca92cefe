"""One partner while this process tends it: which pass is next, and what each of them leaves behind.

Passes go one after the other. Those over the whole partner read its list; those over one app read that app,
so that an event waits for no sweep.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from controller.core import cadence
from controller.core.again import Moment, again
from controller.core.guard import Change, change, held_digest
from controller.core.queue import Queue
from controller.core.report import report
from controller.core.status import statuses
from controller.edges import log
from controller.errors import Busy, ControllerError, Denied, Locked, StoreError
from controller.loop.board import Listener
from controller.loop.ports import Account, Hints, Reader
from controller.loop.sight import Seen, Sight
from controller.loop.standing import Standing
from controller.loop.tempo import Tempo, Triggers
from controller.model.history import Hint
from controller.model.manifest import Desired
from controller.model.plan import Asked, For, Plan, Waiting
from controller.model.scope import WHOLE, Lane, PartnerState, Pass, Transition

EVENT, RECONCILE, RELEASE, YIELD = "event", "reconcile", "release", "yield"
"""Kinds of hints. A release has the digest behind a space; a yield asks for the writer lock."""

GIVE_WAY = (":yield", YIELD)
"""The hint that asks for the writer lock; no app has such a name."""

GLANCE = 1.0
"""Seconds between two looks for hints that other processes left."""


class Tenure:
    """Tends one partner from `serve`'s begin to its end. *tell* hears of each pass."""

    def __init__(
        self,
        account: Account[Reader],
        *,
        hints: Hints,
        tempo: Tempo,
        triggers: Triggers,
        tell: Listener,
        chance: Callable[[], float],
    ) -> None:
        self._account = account
        self._hints = hints
        self._tempo = tempo
        self._triggers = triggers
        self._tell = tell
        self._chance = chance
        self._sight = Sight(account, enforce=tempo.enforce)
        self._standing = Standing()
        self._queue = Queue()
        self._wake = asyncio.Event()
        self._asked: dict[str, float] = {}
        self._released: set[str] = set()
        self._force: set[str] = set()
        self._changed: frozenset[str] = frozenset()
        self._lists = 0
        self._glanced = 0.0
        self._drift_free = 0.0
        self._looked: dict[str, float] = {}
        self._events: deque[float] = deque(maxlen=cadence.EVENTS)
        self._failures: dict[str, int] = {}
        self._pictures: dict[str, tuple[object, int]] = {}
        self._last_plan: Plan | None = None
        self._decided: frozenset[Change] = frozenset()
        self._began = self.moved = account.clock.now()
        self.looked = 0.0
        self.trouble = ""
        self.yielding = False

    @property
    def now(self) -> float:
        return self._account.clock.now()

    def declare(self, desired: Desired) -> None:
        """Keep this from now on: what is new about it is looked at first."""
        self._changed |= self._sight.declare(desired)
        names = frozenset({WHOLE, *self._sight.apps})
        self._queue.keep(names)
        for kept in (self._looked, self._failures, self._pictures, self._asked):
            for name in kept.keys() - names:
                kept.pop(name)
        self._add(WHOLE, self.now, Lane.CHANGED)

    def event(self, names: Iterable[str]) -> bool:
        """Look at the app that goes by one of *names*, when its quiet time and the events' budget allow."""
        name = next((found for each in names if (found := self._resolve(each))), None)
        if name is None:
            return False
        at = cadence.event_at(self.now, self._events)
        at = max(at, self._looked.get(name, 0.0) + cadence.QUIET)
        if self._queue.add(name, at, Lane.CHANGED):
            self._events.append(at)
            self._wake.set()
        return True

    def state(self) -> PartnerState:
        plan = self._last_plan
        return PartnerState(
            name=self._account.partner.name,
            upstream=self._account.upstream,
            holds=self._tempo.enforce,
            apps=len(self._sight.apps),
            looked=self.looked,
            moved=self.moved,
            queued=dict(self._queue.depth(self.now)),
            provisioning=len(plan.provisioning) if plan is not None else 0,
            trouble=self.trouble,
            errors=max(self._failures.values(), default=0),
            held_digest=(plan and held_digest(plan)) or "",
        )

    async def serve(self, stopping: Callable[[], bool]) -> None:
        """Pass after pass, until *stopping* or another process wants the lock.

        Raises Locked where the lock is lost, Denied where the credentials are refused, and StoreError.
        """
        await self._standing.recall(self._account)
        end = self._triggers.every(self._tempo.interval, lambda: self._add(WHOLE, self.now, Lane.IN_FLIGHT))
        try:
            while not stopping() and not self.yielding:
                self._keep_the_lock()
                await self._step()
        finally:
            end()

    def _keep_the_lock(self) -> None:
        if self._tempo.enforce and not self._account.holds():
            raise Locked(f"{self._account.upstream}: the writer lock is lost")

    async def _step(self) -> None:
        self.moved = now = self.now
        if now - self._glanced >= GLANCE:
            self._glanced = now
            for hint in await self._hints.take(self._account.upstream):
                self._hinted(hint)
        most = Lane.IN_FLIGHT if now < self._drift_free else Lane.DRIFT
        taken = self._queue.take(now, most)
        if taken is None:
            await self._rest(now)
            return
        try:
            await self._pass(*taken)
        except ControllerError:
            raise
        except Exception as error:  # noqa: BLE001  (the one home of it: a bug about one app stops no other)
            self._crashed(*taken, error)

    def _crashed(self, name: str, lane: Lane, error: Exception) -> None:
        log.logger().exception("pass crashed", partner=self._account.partner.name, app=name)
        self._back_off(name, lane, f"a bug: {type(error).__name__}", None)

    async def _rest(self, now: float) -> None:
        """Wait until something is due, somebody hurries, or it is time to look for hints."""
        due = self._queue.next_at(now)
        due = self._drift_free if due is not None and due <= now else due
        until = min(self._glanced + GLANCE, now + GLANCE if due is None else due)
        with suppress(TimeoutError):
            async with asyncio.timeout(max(until - now, 0.001)):
                await self._wake.wait()
        self._wake.clear()

    def _add(self, name: str, at: float, lane: Lane) -> None:
        self._queue.add(name, at, lane)
        self._wake.set()

    def _hinted(self, hint: Hint) -> None:
        kind, _, digest = hint.kind.partition(" ")
        if kind == YIELD:
            self.yielding = hint.at >= self._began  # nobody waits any more for an older one
        elif kind == EVENT:
            self.event([hint.app])
        elif kind == RELEASE:
            self._released.add(digest)
            self._ask(WHOLE)
        elif hint.app == WHOLE or hint.app in self._sight.apps:
            self._ask(hint.app)

    def _ask(self, name: str) -> None:
        """Look at once because a person wants it; earlier refusals no longer count."""
        for each in [name] if name else self._sight.apps:
            self._asked[each] = self.now
        self._force.add(name)
        self._queue.release(name)
        self._add(name, self.now, Lane.ASKED)

    def _resolve(self, name: str) -> str | None:
        """Return the declared app that goes by *name* at Gupshup."""
        row = self._sight.roll.find(name)
        keys = {name, row.phone, row.name} if row is not None else {name}
        found = (app.name for app in self._sight.apps.values() if app.phone in keys or app.app_name in keys)
        return next(found, None)

    async def _pass(self, name: str, lane: Lane) -> None:
        """Do one pass, tell of it, and have what follows from it due."""
        began = self.now
        asked = Asked(again=frozenset(self._asked), at=max(self._asked.values(), default=began))
        if name == WHOLE:
            seen = await self._sight.whole(asked, frozenset(self._released))
        elif name in self._sight.apps:
            seen = await self._sight.single(name, asked, fresh=lane is not Lane.DRIFT)
        else:
            return
        transitions = await self._note(name, seen)
        self._learn(name, lane, seen)
        self._tell(self._told(name, lane, began, seen, transitions))
        if isinstance(seen.error, Denied | Locked | StoreError):
            raise seen.error

    async def _note(self, name: str, seen: Seen) -> tuple[Transition, ...]:
        if seen.plan is None or seen.observed is None:
            return ()
        found = statuses(seen.task.desired, seen.observed, seen.plan, self._standing.last)
        force = name in self._force
        self._force.discard(name)
        return await self._standing.note(self._account, found, whole=name == WHOLE, force=force)

    def _learn(self, name: str, lane: Lane, seen: Seen) -> None:
        now = self.now
        self._looked[name] = now
        if name != WHOLE and lane is Lane.DRIFT:
            self._drift_free = now + cadence.drift_pause(first=name not in self._pictures)
        if seen.error is not None or seen.plan is None:
            self._back_off(name, lane, str(seen.error), _until(seen.error))
            return
        self._plan_ahead(name, seen.plan, seen)
        self._answered(name, seen)
        if name == WHOLE:
            self._failures.pop(name, None)
            self._learn_list(seen.plan, now)
        elif any(each.on is For.LOOK and each.until is None for each in seen.plan.waiting):
            self._back_off(name, Lane.IN_FLIGHT, "", None)
        else:
            self._failures.pop(name, None)
            self._sweep(name, now)

    def _answered(self, name: str, seen: Seen) -> None:
        """Forget who asked, but for apps whose turn did not come."""
        plan = seen.plan
        left = (*(plan.waiting if plan is not None else ()), *seen.said)
        waits = {e.item.app for e in left if isinstance(e, Waiting) and e.on in {For.BUDGET, For.PASS}}
        done = set(self._asked) if name == WHOLE else {name}
        self._asked = {app: at for app, at in self._asked.items() if app not in done - waits}

    def _back_off(self, name: str, lane: Lane, why: str, until: float | None) -> None:
        """Let *name* rest, longer each time it fails in a row; the rest of the partner goes on."""
        failures = self._failures[name] = self._failures.get(name, 0) + 1
        rest = cadence.backoff(failures, self._chance())
        self._queue.hold(name, self.now + rest if until is None else until)
        self._add(name, self.now, lane)
        if name == WHOLE:
            self.trouble = why

    def _plan_ahead(self, name: str, plan: Plan, seen: Seen) -> None:
        picture = (plan.provisioning, tuple((each.item, each.on) for each in plan.waiting), seen.results)
        before, quiet = self._pictures.get(name, (None, 0))
        self._pictures[name] = picture, (quiet + 1 if picture == before else 0)
        moment = Moment(
            now=self.now,
            quiet=self._pictures[name][1],
            rows=len(self._sight.roll),
            interval=self._tempo.interval,
            known=self._decided,
        )
        for due in again(plan, seen.said, moment):
            self._add(*due)

    def _learn_list(self, plan: Plan, now: float) -> None:
        """Have each app that nobody looked at looked at: what is new at once, the rest one by one."""
        self._lists += 1
        self.looked, self.trouble, self._last_plan = now, "", plan
        self._decided = frozenset(change(each.action) for each in plan.held)
        self._released.clear()
        first = self._lists == 1
        for each in plan.unlooked:
            fresh = not first or each.item.app in self._changed
            self._add(each.item.app, now, Lane.CHANGED if fresh else Lane.DRIFT)
        self._changed = frozenset()

    def _sweep(self, name: str, now: float) -> None:
        """Look at this app again when its turn comes; not all of those who began together at once."""
        every = cadence.drift_interval(self._tempo.drift, len(self._sight.apps))
        self._queue.add(name, now + every * (0.9 + 0.2 * self._chance()), Lane.DRIFT)

    def _told(
        self, name: str, lane: Lane, began: float, seen: Seen, transitions: tuple[Transition, ...]
    ) -> Pass:
        return Pass(
            partner=self._account.partner.name,
            upstream=self._account.upstream,
            app=name,
            lane=lane,
            revision=self._sight.desired.revision,
            began=began,
            seconds=self.now - began,
            results=seen.results,
            transitions=transitions,
            summary=_summary(seen) if name == WHOLE else {},
            error="" if seen.error is None else str(seen.error),
            trouble="" if seen.error is None else type(seen.error).__name__,
        )


def _until(error: ControllerError | None) -> float | None:
    return error.until if isinstance(error, Busy) else None


def _summary(seen: Seen) -> Mapping[str, int]:
    return {} if seen.plan is None else report(seen.plan, {}, {}, {}).summary
