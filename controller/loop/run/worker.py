"""Worker of one partner: pass after pass, and the results of each pass.

Passes go one after the other. A pass over the whole partner reads its list. A pass over one app reads only
that app, so that an event waits for no sweep.
"""

import asyncio
import math
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace

from controller.core.planning.changes.renames import renames
from controller.core.planning.guard import held_sets, still_held
from controller.core.schedule.pass_outcome import PassOutcome
from controller.core.schedule.schedule import Schedule
from controller.core.status.conditions import statuses
from controller.core.status.partner_status import partner_status
from controller.core.status.run_report import left
from controller.core.status.unmanaged import unmanaged
from controller.edges import log
from controller.errors import ControllerError, Denied, Locked, StoreError
from controller.loop.ports import Account, Hints, Reader, Triggers
from controller.loop.run.control import OnPass, ignore_fetch, ignore_release
from controller.loop.run.partner_cache import PartnerCache
from controller.loop.run.status_recorder import StatusRecorder
from controller.model.history import Hint
from controller.model.manifest import Desired
from controller.model.passes import WHOLE_PARTNER, Lane, PartnerState, Pass, Timing, Transition
from controller.model.plan import Item, Plan

EVENT, FETCH, RECONCILE, RELEASE, YIELD = "event", "fetch", "reconcile", "release", "yield"
"""Kinds of hints. A release has a digest after a space; a yield asks for the writer lock."""

HANDOVER = (":yield", YIELD)
"""The hint that asks for the writer lock; no app has such a name."""

READ_SOURCE = (":fetch", FETCH)
"""The hint that asks for a read of the source, which is noted in the store."""


class Worker:
    """Runs the passes of one partner, as its writer or only as an observer. *on_pass* is called with each."""

    def __init__(  # noqa: PLR0913  (each by keyword)
        self,
        account: Account[Reader],
        *,
        hints: Hints,
        timing: Timing,
        triggers: Triggers,
        on_pass: OnPass,
        chance: Callable[[], float],
        on_release: Callable[[str], None] = ignore_release,
        on_fetch: Callable[[], None] = ignore_fetch,
    ) -> None:
        self._account = account
        self._on_fetch = on_fetch
        self._on_release = on_release
        self._hints = hints
        self._timing = timing
        self._triggers = triggers
        self._on_pass = on_pass
        self._cache = PartnerCache(account, enforce=timing.enforce)
        self._statuses = StatusRecorder()
        self._schedule = Schedule(timing, chance)
        self._wake = asyncio.Event()
        self._released: set[str] = set()
        self._forced: set[str] = set()
        self._plan: Plan | None = None
        self._began = self._hints_taken_at = self._progressed_at = account.clock.now()
        self._listed_at = 0.0
        self._error = ""
        self._yielding = self._passing = False
        self._declared: Desired | None = None
        self._stopping: Callable[[], bool] = lambda: False
        self._unread = True

    @property
    def _now(self) -> float:
        return self._account.clock.now()

    @property
    def _holds(self) -> bool:
        return not self._timing.enforce or self._account.holds()

    def declare(self, desired: Desired) -> None:
        """Use *desired* from now on, or from the end of the pass under way, which knows the names of before.

        New and changed apps are observed first.
        """
        self._declared = desired
        if not self._passing:
            self._take_declared()

    def _take_declared(self) -> None:
        desired, self._declared = self._declared, None
        if desired is None:
            return
        names = renames(self._cache.desired, desired)
        new = self._cache.declare(desired)
        self._schedule.rename(names)
        self._schedule.declare(self._cache.apps, new, self._now)
        self._forced = {names.get(name, name) for name in self._forced} & {*self._cache.apps, WHOLE_PARTNER}
        self._wake.set()

    def event(self, names: Iterable[str]) -> bool:
        """Observe soon the app that has one of *names*; return False if none is declared."""
        name = next((app for known in names if (app := self._cache.find(known))), None)
        if name is not None:
            self._schedule.event(name, self._now)
            self._wake.set()
        return name is not None

    def awaits(self, names: Iterable[str]) -> bool:
        """Return whether one of *names* is an app that is under way."""
        return any(self._schedule.awaits(app) for name in names if (app := self._cache.find(name)))

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
            held=() if plan is None else held_sets(plan),
        )

    async def run(self, stopping: Callable[[], bool]) -> None:
        """Do pass after pass, until *stopping* or another process wants the lock.

        Raises Locked if the lock is lost, Denied if the credentials are refused, and StoreError.
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
        self._passing = True
        try:
            await self._pass(*taken, now)
        except ControllerError:
            raise
        except Exception as error:  # noqa: BLE001  (the one place for it: a bug about one app stops no other)
            log.logger().exception("pass crashed", partner=self._account.partner.name, app=taken[0])
            crashed = self._crashed(*taken, now, error)
            self._schedule.failed(*taken, self._now)
            self._note_failure(taken[0], crashed.error)
            self._on_pass(crashed)
        finally:
            self._passing = False
            self._take_declared()

    async def _take_hints(self) -> None:
        """Take the hints that other processes left, if this process is a writer: an observer must not."""
        if self._timing.enforce:
            for hint in await self._hints.take(self._account.upstream):
                self._hinted(hint)

    async def _rest(self, now: float) -> None:
        """Wait until a pass is due, a caller wakes the worker, or hints have to be read."""
        due = self._schedule.next_at(now)
        until = min(self._hints_taken_at + self._timing.hint_poll, math.inf if due is None else due)
        with suppress(TimeoutError):
            async with asyncio.timeout(max(until - now, 0.001)):
                await self._wake.wait()
        self._wake.clear()

    def _hinted(self, hint: Hint) -> None:
        kind, _, about = hint.kind.partition(" ")
        if kind == YIELD:
            self._yielding |= hint.at >= self._began  # no process waits any more for an older one
        elif kind == EVENT:
            self.event([about or hint.app])
        elif kind == RELEASE:
            self._released.add(about)
            self._on_release(about)  # it may be the digest of a source
            self._schedule.hurry(WHOLE_PARTNER, self._now)
        elif kind == FETCH:
            self._on_fetch()
        elif hint.app == WHOLE_PARTNER or hint.app in self._cache.apps:
            self._forced.add(hint.app)
            self._schedule.ask(hint.app, self._now)

    async def _pass(self, name: str, lane: Lane, began: float) -> None:
        """Do one pass, report it, and schedule what follows from it."""
        asked = replace(self._schedule.asked(name, began), resend=self._timing.resend)
        fresh = lane is not Lane.CHANGED or self._unread
        if name == WHOLE_PARTNER:
            outcome = await self._cache.reconcile_list(asked, lane, frozenset(self._released), fresh=fresh)
        else:
            outcome = await self._cache.reconcile_app(name, asked, lane)
        transitions, renamed = await self._record_statuses(outcome)
        self._schedule.done(outcome, self._now)
        self._note(outcome, fresh=fresh)
        if not (isinstance(outcome.error, Locked) and self._stopping()):  # the stop released the lock
            self._on_pass(replace(self._finished(outcome, began, transitions), renamed=renamed))
        if isinstance(outcome.error, Denied | Locked | StoreError):
            raise outcome.error

    async def _record_statuses(
        self, outcome: PassOutcome
    ) -> tuple[tuple[Transition, ...], Mapping[Item, Item]]:
        """Record what the pass found; return what changed, and what has another name now."""
        if outcome.plan is None or outcome.matches is None or not self._holds:
            return (), {}  # the lock was lost meanwhile: the statuses are another writer's by now
        renamed = self._statuses.follow(outcome.matches)
        last = self._statuses.last
        whole = outcome.name == WHOLE_PARTNER
        full = outcome.plan if whole else self._plan
        plan = outcome.plan if whole else still_held(outcome.plan, full)
        held = () if full is None else held_sets(full)
        found = statuses(outcome.matches, plan, last)
        gone = unmanaged(outcome.matches, found, last) if whole else ()
        latest = (*found, *gone, partner_status(outcome.matches, last, held))
        force = bool({outcome.name, WHOLE_PARTNER} & self._forced)
        self._forced.discard(outcome.name)
        return await self._statuses.record(self._account, latest, whole=whole, force=force), renamed

    def _note(self, outcome: PassOutcome, *, fresh: bool) -> None:
        if outcome.plan is None:
            self._note_failure(outcome.name, str(outcome.error))
        elif outcome.name == WHOLE_PARTNER:
            self._listed_at = self._now if fresh else self._listed_at
            self._unread &= not fresh
            self._error, self._plan = "", outcome.plan
            self._released.clear()

    def _note_failure(self, name: str, why: str) -> None:
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

    def _finished(self, outcome: PassOutcome, began: float, transitions: tuple[Transition, ...]) -> Pass:
        whole = outcome.plan if outcome.name == WHOLE_PARTNER else None
        return Pass(
            partner=self._account.partner.name,
            upstream=self._account.upstream,
            app=outcome.name,
            lane=outcome.lane,
            revision=outcome.revision,
            began=began,
            seconds=self._now - began,
            results=outcome.results,
            transitions=transitions,
            summary={} if whole is None else left(whole),
            error="" if outcome.error is None else str(outcome.error),
            error_kind="" if outcome.error is None else type(outcome.error).__name__,
            held=None if whole is None else held_sets(whole),
        )
