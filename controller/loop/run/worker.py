"""One partner while this process tends it: pass after pass, and what each of them leaves behind.

Passes go one after the other. Those over the whole partner read its list; those over one app read that app,
so that an event waits for no sweep.
"""

import asyncio
import math
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace

from controller.core.planning.guard import held_digest
from controller.core.schedule.schedule import FinishedPass, Schedule
from controller.core.status.conditions import statuses
from controller.core.status.run_report import report
from controller.edges import log
from controller.errors import Busy, ControllerError, Denied, Locked, StoreError
from controller.loop.ports import Account, Hints, Reader, Triggers
from controller.loop.run.control import OnPass
from controller.loop.run.partner_cache import PartnerCache, PassOutcome
from controller.loop.run.status_recorder import StatusRecorder
from controller.model.history import Hint
from controller.model.manifest import Desired
from controller.model.passes import WHOLE_PARTNER, Lane, PartnerState, Pass, Timing, Transition
from controller.model.plan import Plan

EVENT, RECONCILE, RELEASE, YIELD = "event", "reconcile", "release", "yield"
"""Kinds of hints. A release has the digest behind a space; a yield asks for the writer lock."""

HANDOVER = (":yield", YIELD)
"""The hint that asks for the writer lock; no app has such a name."""


class Worker:
    """Tends one partner from `serve`'s begin to its end. *tell* hears of each pass."""

    def __init__(
        self,
        account: Account[Reader],
        *,
        hints: Hints,
        tempo: Timing,
        triggers: Triggers,
        tell: OnPass,
        chance: Callable[[], float],
    ) -> None:
        self._account = account
        self._hints = hints
        self._timing = tempo
        self._triggers = triggers
        self._on_pass = tell
        self._cache = PartnerCache(account, enforce=tempo.enforce)
        self._statuses = StatusRecorder()
        self._schedule = Schedule(tempo, chance)
        self._wake = asyncio.Event()
        self._released: set[str] = set()
        self._forced: set[str] = set()
        self._plan: Plan | None = None
        self._began = self._hints_taken_at = self._progressed_at = account.clock.now()
        self._listed_at = 0.0
        self._error = ""
        self._yielding = False
        self._stopping: Callable[[], bool] = lambda: False
        self._unread = True

    @property
    def _now(self) -> float:
        return self._account.clock.now()

    @property
    def _holds(self) -> bool:
        return not self._timing.enforce or self._account.holds()

    def declare(self, desired: Desired) -> None:
        """Keep this from now on: what is new about it is looked at first."""
        new = self._cache.declare(desired)
        self._schedule.declare(self._cache.apps, new, self._now)
        self._forced &= {*self._cache.apps, WHOLE_PARTNER}
        self._wake.set()

    def event(self, names: Iterable[str]) -> bool:
        """Look soon at the app that goes by one of *names*; False where none is declared."""
        name = next((found for each in names if (found := self._cache.find(each))), None)
        if name is not None:
            self._schedule.event(name, self._now)
            self._wake.set()
        return name is not None

    def awaits(self, names: Iterable[str]) -> bool:
        """Say whether one of *names* is an app that is under way."""
        return any(self._schedule.awaits(found) for each in names if (found := self._cache.find(each)))

    def state(self) -> PartnerState:
        plan = self._plan
        return PartnerState(
            name=self._account.partner.name,
            upstream=self._account.upstream,
            is_leader=self._timing.enforce,
            apps=len(self._cache.apps),
            listed_at=self._listed_at,
            progressed_at=self._progressed_at,
            queued=dict(self._schedule.depth(self._now)),
            provisioning=len(plan.provisioning) if plan is not None else 0,
            error=self._error,
            failures=self._schedule.errors,
            held_digest=(plan and held_digest(plan)) or "",
        )

    async def run(self, stopping: Callable[[], bool]) -> None:
        """Do pass after pass, until *stopping* or another process wants the lock.

        Raises Locked where the lock is lost, Denied where the credentials are refused, and StoreError.
        """
        self._stopping = stopping
        await self._statuses.load(self._account)
        end = self._triggers.every(self._timing.interval, self._tick)
        try:
            while not stopping() and not self._yielding:
                if not self._holds:
                    raise Locked(f"{self._account.upstream}: the writer lock is lost")
                await self._step()
        finally:
            end()

    def _tick(self) -> None:
        self._unread = True
        self._schedule.tick(self._now)
        self._wake.set()

    async def _step(self) -> None:
        self._progressed_at = now = self._now
        if now - self._hints_taken_at >= self._timing.hint_poll:
            self._hints_taken_at = now
            await self._take_hints()
        taken = self._schedule.take(now)
        if taken is None:
            await self._rest(now)
            return
        try:
            await self._pass(*taken, now)
        except ControllerError:
            raise
        except Exception as error:  # noqa: BLE001  (its one home: a bug about one app stops no other)
            log.logger().exception("pass crashed", partner=self._account.partner.name, app=taken[0])
            crashed = self._crashed(*taken, now, error)
            self._failed(*taken, crashed.error)
            self._on_pass(crashed)

    async def _take_hints(self) -> None:
        """Take the hints that other processes left; they are for the writer, and looking alone is none."""
        if self._timing.enforce:
            for hint in await self._hints.take(self._account.upstream):
                self._hinted(hint)

    async def _rest(self, now: float) -> None:
        """Wait until something is due, somebody hurries, or it is time to look for hints."""
        due = self._schedule.next_at(now)
        until = min(self._hints_taken_at + self._timing.hint_poll, math.inf if due is None else due)
        with suppress(TimeoutError):
            async with asyncio.timeout(max(until - now, 0.001)):
                await self._wake.wait()
        self._wake.clear()

    def _hinted(self, hint: Hint) -> None:
        kind, _, about = hint.kind.partition(" ")
        if kind == YIELD:
            self._yielding |= hint.at >= self._began  # nobody waits any more for an older one
        elif kind == EVENT:
            self.event([about or hint.app])
        elif kind == RELEASE:
            self._released.add(about)
            self._schedule.hurry(WHOLE_PARTNER, self._now)
        elif hint.app == WHOLE_PARTNER or hint.app in self._cache.apps:
            self._forced.add(hint.app)
            self._schedule.ask(hint.app, self._now)

    async def _pass(self, name: str, lane: Lane, began: float) -> None:
        """Do one pass, tell of it, and have what follows from it due."""
        asked = replace(self._schedule.asked(name, began), resend=self._timing.resend)
        fresh = lane is not Lane.CHANGED or self._unread
        if name == WHOLE_PARTNER:
            seen = await self._cache.reconcile_list(asked, frozenset(self._released), fresh=fresh)
        else:
            seen = await self._cache.reconcile_app(name, asked, fresh=lane is not Lane.DRIFT)
        transitions = await self._note(name, seen)
        self._learn(name, lane, seen, fresh=fresh)
        if not (isinstance(seen.error, Locked) and self._stopping()):  # it was us who let go
            self._on_pass(self._told(name, lane, began, seen, transitions))
        if isinstance(seen.error, Denied | Locked | StoreError):
            raise seen.error

    async def _note(self, name: str, seen: PassOutcome) -> tuple[Transition, ...]:
        if seen.plan is None or seen.matches is None or not self._holds:
            return ()  # a lock that was lost meanwhile is another's by now, and so is what is told of it
        found = statuses(seen.matches, seen.plan, self._statuses.last)
        force = bool({name, WHOLE_PARTNER} & self._forced)
        self._forced.discard(name)
        return await self._statuses.record(self._account, found, whole=name == WHOLE_PARTNER, force=force)

    def _learn(self, name: str, lane: Lane, seen: PassOutcome, *, fresh: bool) -> None:
        now = self._now
        if seen.plan is None:
            until = seen.error.until if isinstance(seen.error, Busy) else None
            self._failed(name, lane, str(seen.error), until)
            return
        asked, rows = seen.request.request, len(self._cache.rows)
        self._schedule.done(FinishedPass(name, lane, asked, seen.plan, seen.outcomes, rows, seen.calls), now)
        if name == WHOLE_PARTNER:
            self._listed_at = now if fresh else self._listed_at
            self._unread &= not fresh
            self._error, self._plan = "", seen.plan
            self._released.clear()

    def _failed(self, name: str, lane: Lane, why: str, until: float | None = None) -> None:
        self._schedule.failed(name, lane, self._now, until)
        if name == WHOLE_PARTNER:
            self._error, self._unread = why, True
        else:
            self._cache.mark_failed(name, why)

    def _crashed(self, name: str, lane: Lane, began: float, error: Exception) -> Pass:
        return Pass(
            self._account.partner.name,
            self._account.upstream,
            name,
            lane,
            self._cache.desired.revision,
            began,
            self._now - began,
            error=f"the pass crashed: {type(error).__name__}; the log has more",
            error_kind=type(error).__name__,
        )

    def _told(
        self, name: str, lane: Lane, began: float, seen: PassOutcome, transitions: tuple[Transition, ...]
    ) -> Pass:
        whole = seen.plan if name == WHOLE_PARTNER else None
        return Pass(
            partner=self._account.partner.name,
            upstream=self._account.upstream,
            app=name,
            lane=lane,
            revision=seen.request.declared.revision,
            began=began,
            seconds=self._now - began,
            results=seen.results,
            transitions=transitions,
            summary={} if whole is None else report(whole, {}, {}, {}).summary,
            error="" if seen.error is None else str(seen.error),
            error_kind="" if seen.error is None else type(seen.error).__name__,
        )
