"""`run --once`: an `apply` that uses the last good revision if the source is refused."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial

from controller.doors.app import Runtime, open_session
from controller.doors.cli.apply_all import ApplyRequest, WaitOptions, apply_all, cancelled_by_signals
from controller.doors.cli.exits import after_refusal
from controller.doors.cli.options.connection import ConnectionOptions
from controller.doors.cli.options.output import OutputOptions
from controller.doors.cli.options.values import Releases
from controller.doors.cli.output.forms import Command
from controller.doors.cli.output.release import print_unknown
from controller.doors.cli.output.report import Applied, ReportOptions, print_report
from controller.doors.cli.partners import Selection
from controller.doors.cli.signals import on_end_signal
from controller.doors.cli.source.load import Loaded, never_changed, print_warnings
from controller.doors.cli.source.location import SourceLocation, decode_in_thread, open_source
from controller.edges import settings, streams
from controller.errors import SourceError
from controller.loop.ports import Revisions
from controller.loop.run.controller import log_rejection
from controller.loop.run.sign_ins import SignIns
from controller.loop.run.source_watcher import SourceWatcher
from controller.model.history import Declared, LastGood
from controller.model.manifest import Desired
from controller.model.source import Source


@dataclass(frozen=True, slots=True)
class _ReadOnlyRevisions:
    """The revisions of the store, never saved here: `Acceptance` saves one right before the first write."""

    store: Revisions

    async def last_good(self, source: str) -> LastGood | None:
        return await self.store.last_good(source)

    async def save_good(self, _source: str, _good: LastGood) -> None:
        return

    async def filled(self, places: Sequence[str]) -> frozenset[str]:
        return await self.store.filled(places)

    async def declared(self, upstream: str) -> Declared | None:
        return await self.store.declared(upstream)

    async def declare(self, _upstream: str, _count: Declared) -> None:
        return

    async def knows(self, url: str) -> bool:
        return await self.store.knows(url)


def run_once(
    location: SourceLocation, connection: ConnectionOptions, released: Releases, printing: OutputOptions
) -> int:
    """Apply once, print the report, and return the exit code."""
    printing.empty_files()
    runtime = connection.open("run", "")
    with on_end_signal(streams.hurry):
        try:
            applied = asyncio.run(_apply_once(location, runtime, released))
        except asyncio.CancelledError:  # while it read the source: there is nothing to report
            raise KeyboardInterrupt from None
        if applied.whole:
            print_unknown(released)
        report = ReportOptions(printing, Command())
        print_report(applied, report, runtime, connection.store)
    return applied.code


async def _apply_once(location: SourceLocation, runtime: Runtime, released: Releases) -> Applied:
    """Apply the source as `apply --yes` does, or the last good revision if the source is refused.

    Closes the store. Raises the refusal if no revision was good before.
    """
    async with cancelled_by_signals(), open_source(location, runtime.clock, quiet=0.0) as source:
        revisions = _ReadOnlyRevisions(runtime.store.revisions)
        watcher = SourceWatcher(source, revisions, decode_in_thread, runtime.clock, released)
        sign_ins = SignIns(partial(open_session, runtime))
        desired = await _read(watcher, runtime, sign_ins)
        files = Source(source.identity, desired.revision, watcher.files)
        refuse_changed = source.still if watcher.refusal is None else never_changed
        loaded = Loaded(files, desired, settings.rules(os.environ), refuse_changed)
        return await _apply(watcher, runtime, sign_ins, loaded, released)


async def _read(watcher: SourceWatcher, runtime: Runtime, sign_ins: SignIns) -> Desired:
    """Return what the source declares, or the last good revision. `apply_all` closes what is opened here."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(runtime.store)
        await stack.enter_async_context(sign_ins)
        await watcher.load_last_good()
        await watcher.read(sign_ins.account_of)
        if watcher.refusal is not None:
            log_rejection(watcher.state)
        if watcher.desired is None:
            raise watcher.refusal or SourceError(f"cannot read {watcher.origin.identity}")
        print_warnings(watcher.accepted)
        stack.pop_all()
    return watcher.desired


async def _apply(
    watcher: SourceWatcher, runtime: Runtime, sign_ins: SignIns, loaded: Loaded, released: Releases
) -> Applied:
    runtime = replace(runtime, revision=loaded.desired.revision)
    options = WaitOptions(wait=False, timeout=600.0, lock_timeout=0.0)
    asked = ApplyRequest(loaded, Selection(released=released))
    applied = await apply_all(asked, runtime, options, lambda _: None, sign_ins)
    if watcher.refusal is None:
        return applied
    code = after_refusal(watcher.refusal, applied.code)
    return replace(applied, source=watcher.state, code=code)
