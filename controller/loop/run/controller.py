"""The process that never stops: one source, as many partners as it names, and an end without loss."""

import asyncio
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from dataclasses import replace

from controller.core.planning.source_guard import join_refusals
from controller.core.render.problems import warned
from controller.edges import log
from controller.loop.run.partner_loop import LoopContext, PartnerLoop
from controller.loop.run.sign_ins import SignIns
from controller.loop.run.source_watcher import SourceWatcher
from controller.model.manifest import Desired, Partner
from controller.model.passes import PartnerState, SourceState
from controller.model.problem import Problem

GRACE = 20.0
"""Seconds that what is under way has to end in; then it is cut off, and what it wrote is unclear."""

LATE = 2.0
"""Intervals after which the source is read though no timer said so."""

SETTLING = 1.0
"""Seconds between two looks at a source that is being written."""

MOST_WARNINGS = 5
"""Warnings that the line about them names; `validate` lists more."""


class Controller:
    """Keeps Gupshup as the source says. The Board that the doors see."""

    def __init__(self, source: SourceWatcher, context: LoopContext) -> None:
        self._source = source
        self._sign_ins = SignIns(context.sign_in)
        self._context = replace(context, sign_in=self._sign_ins.sign_in, released=source.released)
        self._read_soon = asyncio.Event()
        self._told = ("", "")
        self._warned: tuple[str, tuple[Problem, ...]] = ("", ())
        self._loops: dict[str, PartnerLoop] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def now(self) -> float:
        return self._context.clock.now()

    def source(self) -> SourceState:
        """Return how the source stands; one that may not act on an account by now is not taken either."""
        state = self._source.state
        refused = [each.refusal for _, each in sorted(self._loops.items()) if each.refusal is not None]
        if state.error or not refused:
            return state
        error, since = join_refusals([each.error for each in refused]), min(each.since for each in refused)
        trouble, key = str(error), error.digest
        return replace(state, error=trouble, error_since=since, digest=key, rejected=state.revision)

    def partners(self) -> tuple[PartnerState, ...]:
        return tuple(each.state() for _, each in sorted(self._loops.items()))

    async def hint(self, names: Iterable[str]) -> bool:
        known, partner_loop = tuple(names), tuple(self._loops.values())
        return any([await each.hint(known) for each in partner_loop])

    def awaits(self, names: Iterable[str]) -> bool:
        known = tuple(names)
        return any(each.awaits(known) for each in self._loops.values())

    def source_changed(self) -> None:
        self._read_soon.set()

    def stop(self) -> None:
        """Begin nothing new; `run` returns once what is under way has ended, or is cut off."""
        self._context.stopping.set()
        self._read_soon.set()

    async def run(self) -> None:
        """Keep Gupshup as the source says until `stop`."""
        await self._source.load_last_good()
        end = self._context.triggers.every(self._context.timing.interval, self.source_changed)
        async with self._sign_ins:
            try:
                await self._keep()
            finally:
                end()
                await self._end(self._tasks.values())

    async def _keep(self) -> None:
        """Read the source again and again; what is old is not acted on before a look for something newer."""
        begun = False
        while not self._context.stopping.is_set():
            self._read_soon.clear()
            new = await self._read()
            waits = not begun and self._source.pending
            if self._source.desired is not None and (new or not begun) and not waits:
                begun = True
                await self._declare(self._source.desired)
            late = (
                LATE * self._context.timing.interval
            )  # timers go by the wall's clock, which may be set back
            with suppress(TimeoutError):
                async with asyncio.timeout(SETTLING if self._source.state.waiting else late):
                    await self._read_soon.wait()

    async def _read(self) -> bool:
        before = self._source.state
        new = await self._unless_stopped(self._source.read(self._sign_ins.account_of))
        now = self._source.state
        if now.waiting and not before.waiting:
            log.logger().info("source pending", source=now.identity, waiting=now.waiting)
        if new:
            log.logger().info("source accepted", source=now.identity, revision=now.revision)
        self._tell_trouble(taken=new)
        self._tell_warnings()
        return new

    async def _unless_stopped(self, work: Coroutine[object, object, bool]) -> bool:
        """Do *work*, but give it up where the process stops: the network may keep it for minutes."""
        doing = asyncio.ensure_future(work)
        stopped = asyncio.ensure_future(self._context.stopping.wait())
        try:
            await asyncio.wait({doing, stopped}, return_when=asyncio.FIRST_COMPLETED)
            return doing.done() and doing.result()
        finally:
            doing.cancel()
            stopped.cancel()
            await asyncio.gather(doing, stopped, return_exceptions=True)

    def _tell_trouble(self, *, taken: bool) -> None:
        """Tell what is new about the trouble of the source; that one was *taken* was told already."""
        state, told = self.source(), self._told
        self._told = state.error, state.rejected
        if self._told == told:
            return
        if state.error:
            not_taken(state)
        elif not taken:
            log.logger().info("source recovered", source=state.identity, revision=state.revision)

    def _tell_warnings(self) -> None:
        """Tell what is odd about the manifests in force, once a revision and whenever it changes."""
        state, found = self._source.state, self._source.accepted
        told, self._warned = self._warned, (state.revision, found.problems)
        if found.warnings and told != self._warned:
            log.logger().warning(
                "manifests have warnings",
                source=state.identity,
                revision=state.revision,
                warnings=found.warnings,
                first=warned(found, MOST_WARNINGS).strip().replace("\n", "; "),
            )

    async def _declare(self, desired: Desired) -> None:
        """Have every partner that is declared now tended, as it is declared now."""
        declared = {partner.name: partner for partner in desired.partners}
        over = [name for name, each in self._loops.items() if declared.get(name) != _bare(each, declared)]
        for name in over:
            self._loops.pop(name).leave()
        await self._end([self._tasks.pop(name) for name in over])
        for partner in desired.partners:
            self._tend(partner, _of(desired, partner))

    def _tend(self, partner: Partner, desired: Desired) -> None:
        if partner.name in self._loops:
            self._loops[partner.name].declare(desired)
            return
        partner_loop = self._loops[partner.name] = PartnerLoop(partner, desired, self._context)
        self._tasks[partner.name] = asyncio.create_task(partner_loop.run(), name=f"partner {partner.name}")

    async def _end(self, tasks: Iterable[asyncio.Task[None]]) -> None:
        pending = list(tasks)
        if pending:
            _, late = await asyncio.wait(pending, timeout=GRACE)
            for request in late:
                request.cancel()
            await asyncio.gather(*pending, return_exceptions=True)


def not_taken(state: SourceState) -> None:
    """Tell that what lies there is not taken, why, and what is in force instead."""
    log.logger().warning(
        "source rejected",
        source=state.identity,
        why=state.error,
        revision=state.revision,
        rejected=state.rejected,
        digest=state.digest,
    )


def _bare(partner_loop: PartnerLoop, declared: dict[str, Partner]) -> Partner | None:
    """Return the partner as it is tended, standing where it is declared now: a moved line changes nothing."""
    now = declared.get(partner_loop.partner.name)
    return replace(partner_loop.partner, place=now.place) if now is not None else partner_loop.partner


def _of(desired: Desired, partner: Partner) -> Desired:
    """Return what is declared for one partner."""
    return replace(
        desired,
        partners=(partner,),
        apps=tuple(app for app in desired.apps if app.partner == partner.name),
        subscriptions=tuple(each for each in desired.subscriptions if each.partner == partner.name),
    )
