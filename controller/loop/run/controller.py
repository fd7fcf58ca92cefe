"""Controller of one source: as many partner loops as the source names, and an end without loss."""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

from controller.core.planning.source_guard import join_refusals
from controller.core.render.held import accept_hint
from controller.core.render.problems import warned
from controller.edges import log
from controller.errors import StoreError
from controller.loop.run.partner_loop import LoopContext, PartnerLoop, SourceRefused
from controller.loop.run.read_notes import ReadNotes, source_read
from controller.loop.run.sign_ins import SignIns
from controller.loop.run.source_watcher import SourceWatcher
from controller.loop.run.worker import RELEASE
from controller.model.manifest import Desired, Partner
from controller.model.passes import PartnerState, SourceState
from controller.model.problem import Problem

GRACE = 20.0
"""Seconds in which work under way has to end; then it is cancelled, and a write in it is unclear."""

LATE = 2.0
"""Intervals after which the source is read even if no timer fired."""

SETTLING = 1.0
"""Seconds between two reads of a source that is being written."""

MOST_WARNINGS = 5
"""Warnings that the log line names; `validate` lists more."""


class Controller:
    """Keeps Gupshup as the source declares. The `LoopControl` that the doors see."""

    def __init__(self, source: SourceWatcher, context: LoopContext) -> None:
        self._source = source
        self._sign_ins = SignIns(context.sign_in)
        self._context = replace(
            context,
            sign_in=self._sign_ins.sign_in,
            released=source.released,
            on_release=self._release,
            on_fetch=self._fetch,
        )
        self._notes = ReadNotes(context.reads)
        self._read_soon = asyncio.Event()
        self._reported_error = ("", "")
        self._reported_warnings: tuple[str, tuple[Problem, ...]] = ("", ())
        self._loops: dict[str, PartnerLoop] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def now(self) -> float:
        return self._context.clock.now()

    def source(self) -> SourceState:
        """Return the state of the source: also rejected if it may no longer act on an account."""
        state = self._source.state
        refused = self._refused()
        if state.error or not refused:
            return state
        error, since = (
            join_refusals([refusal.error for refusal in refused]),
            min(refusal.since for refusal in refused),
        )
        message, key = str(error), error.digest
        return replace(state, error=message, error_since=since, digest=key, rejected=state.revision)

    def _refused(self) -> list[SourceRefused]:
        return [loop.refusal for _, loop in sorted(self._loops.items()) if loop.refusal is not None]

    def partners(self) -> tuple[PartnerState, ...]:
        return tuple(loop.state() for _, loop in sorted(self._loops.items()))

    def store_words(self) -> tuple[str, ...]:
        return self._context.store_words

    async def hint(self, names: Iterable[str]) -> bool:
        known, loops = tuple(names), tuple(self._loops.values())
        return any([await loop.hint(known) for loop in loops])

    def awaits(self, names: Iterable[str]) -> bool:
        known = tuple(names)
        return any(loop.awaits(known) for loop in self._loops.values())

    def source_changed(self) -> None:
        self._read_soon.set()

    def _release(self, digest: str) -> None:
        """Let through a source that is refused under *digest*. The digest of held changes releases none."""
        if digest in self.source().digest.split(","):
            self._source.release(digest)
            self.source_changed()

    def _fetch(self) -> None:
        """Read the source soon, and note that read: another process waits for the note."""
        self._notes.ask()
        self.source_changed()

    def stop(self) -> None:
        """Begin nothing new; `run` returns once all work under way has ended or is cancelled."""
        self._context.stopping.set()
        self._read_soon.set()

    async def run(self) -> None:
        """Keep Gupshup as the source declares until `stop`."""
        await self._source.load_last_good()
        end = self._context.triggers.every(self._context.timing.interval, self.source_changed)
        async with self._sign_ins:
            try:
                await self._follow_source()
            finally:
                end()
                await self._end(self._tasks.values())

    async def _follow_source(self) -> None:
        """Read the source again and again; an old revision acts only if no newer one is worth a wait."""
        begun = False
        while not self._context.stopping.is_set():
            self._read_soon.clear()
            began, asked = self.now(), self._notes.begin()
            new = await self._read()
            waits = not begun and self._source.pending
            if self._source.desired is not None and (new or not begun) and not waits:
                begun = True
                await self._declare(self._source.desired)
            await self._note_read(began, asked=asked)
            late = LATE * self._context.timing.interval  # timers use the wall clock, which may be set back
            with suppress(TimeoutError):
                async with asyncio.timeout(SETTLING if self._source.state.waiting else late):
                    await self._read_soon.wait()

    async def _read(self) -> bool:
        before = self._source.state
        await self._see_releases()
        new = await self._unless_stopped(self._source.read(self._sign_ins.account_of))
        now = self._source.state
        if now.waiting and not before.waiting:
            log.logger().info("source pending", source=now.identity, waiting=now.waiting)
        if new:
            log.logger().info("source accepted", source=now.identity, revision=now.revision)
        self._log_error(accepted=new)
        self._log_warnings()
        return new

    async def _note_read(self, began: float, *, asked: bool) -> None:
        """Note for other processes what came of the read that *began* then. An observer notes nothing."""
        if not self._context.timing.enforce:
            return
        refused = self._refused()
        refusal = self._source.refusal or (refused[0].error if refused else None)
        read = source_read(replace(self.source(), read=0.0), began, refusal)
        ours = {
            state.upstream
            for loop in self._loops.values()
            if (state := loop.state()).is_leader or loop.refusal is not None
        }
        await self._notes.note(read, ours - {""}, asked=asked, settled=not self._source.pending)

    async def _see_releases(self) -> None:
        """Let through what other processes released, if no revision was good yet: no loop takes their hints.

        The hints stay where they are, for the leader of the partner.
        """
        if self._source.desired is None and self._source.state.digest:
            with suppress(StoreError):  # the read that follows meets the same error
                for named in await self._context.hints.kinds():
                    kind, _, digest = named.partition(" ")
                    if kind == RELEASE:
                        self._release(digest)

    async def _unless_stopped(self, work: Coroutine[object, object, bool]) -> bool:
        """Do *work*, but cancel it if the process stops: the network may delay it for minutes."""
        task = asyncio.ensure_future(work)
        stopped = asyncio.ensure_future(self._context.stopping.wait())
        try:
            await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
            return task.done() and task.result()
        finally:
            task.cancel()
            stopped.cancel()
            await asyncio.gather(task, stopped, return_exceptions=True)

    def _log_error(self, *, accepted: bool) -> None:
        """Log a new error of the source, or its end. A revision that was *accepted* is already logged."""
        state, reported = self.source(), self._reported_error
        self._reported_error = state.error, state.rejected
        if self._reported_error == reported:
            return
        if state.error:
            log_rejection(state, self._context.store_words)
        elif not accepted:
            log.logger().info("source recovered", source=state.identity, revision=state.revision)

    def _log_warnings(self) -> None:
        """Log the warnings about the manifests in force, once a revision and whenever they change."""
        state, decoded = self._source.state, self._source.accepted
        reported, self._reported_warnings = self._reported_warnings, (state.revision, decoded.problems)
        if decoded.warnings and reported != self._reported_warnings:
            log.logger().warning(
                "manifests have warnings",
                source=state.identity,
                revision=state.revision,
                warnings=decoded.warnings,
                first=warned(decoded, MOST_WARNINGS).strip().replace("\n", "; "),
            )

    async def _declare(self, desired: Desired) -> None:
        """Run a loop for every declared partner, as declared now, and end the loops of the others."""
        declared = {partner.name: partner for partner in desired.partners}
        ended = [name for name, loop in self._loops.items() if declared.get(name) != _bare(loop, declared)]
        for name in ended:
            self._loops.pop(name).leave()
        await self._end([self._tasks.pop(name) for name in ended])
        for partner in desired.partners:
            self._run_or_update(partner, _of(desired, partner))

    def _run_or_update(self, partner: Partner, desired: Desired) -> None:
        if partner.name in self._loops:
            self._loops[partner.name].declare(desired)
            return
        partner_loop = self._loops[partner.name] = PartnerLoop(partner, desired, self._context)
        self._tasks[partner.name] = asyncio.create_task(partner_loop.run(), name=f"partner {partner.name}")

    async def _end(self, tasks: Iterable[asyncio.Task[None]]) -> None:
        pending = list(tasks)
        if pending:
            _, late = await asyncio.wait(pending, timeout=GRACE)
            for task in late:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)


def log_rejection(state: SourceState, store: Sequence[str] = ()) -> None:
    """Log that the newest revision is rejected, why, and which revision is in force instead."""
    log.logger().warning(
        "source rejected",
        source=state.identity,
        why=state.error,
        revision=state.revision,
        rejected=state.rejected,
        digest=state.digest,
        **({"to_accept": accept_hint(state.digest, state.revision, store)} if state.digest else {}),
    )


def _bare(partner_loop: PartnerLoop, declared: dict[str, Partner]) -> Partner | None:
    """Return the partner as its loop has it, but at its present place: a moved line changes nothing."""
    now = declared.get(partner_loop.partner.name)
    return replace(partner_loop.partner, place=now.place) if now is not None else partner_loop.partner


def _of(desired: Desired, partner: Partner) -> Desired:
    """Return the part of *desired* that declares *partner*."""
    return replace(
        desired,
        partners=(partner,),
        apps=tuple(app for app in desired.apps if app.partner == partner.name),
        subscriptions=tuple(wanted for wanted in desired.subscriptions if wanted.partner == partner.name),
    )
