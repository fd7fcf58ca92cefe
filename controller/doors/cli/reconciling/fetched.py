"""The read of the source that `reconcile --wait` asks for, and what came of it."""

import asyncio
import time
from collections.abc import Collection, Iterable, Iterator, Mapping

import click

from controller.core.render.listed.source import in_force_line, rejected_in_full
from controller.doors.cli.exits import ERROR, HELD, INVALID, OK
from controller.doors.cli.reconciling.runs import Runs
from controller.doors.stored import StoredStatus, all_statuses
from controller.edges.store import SqlStore, store_words
from controller.loop.run.worker import READ_SOURCE
from controller.model.passes import SourceRead
from controller.model.plan import Kind

POLL_EVERY = 0.5
"""Seconds between two reads of the store."""

_CODES = {"": OK, "ManifestError": INVALID, "PlanRefused": HELD}


async def ask_to_fetch(store: SqlStore, upstreams: Iterable[str]) -> None:
    """Ask each `run` that works on one of *upstreams* to read its source now."""
    for upstream in upstreams:
        await store.hints.leave(upstream, *READ_SOURCE)


async def fetched(store: SqlStore, runs: Runs, end: float) -> list[str]:
    """Return once each `run` read its source anew, and passed over what that declares; or which did not.

    Nobody waits longer than *end*, nor for an account on which no `run` works.
    """
    asked = await store.source_reads.now()
    await ask_to_fetch(store, runs.upstreams)
    while True:
        over = time.monotonic() >= end
        await runs.look(patient=not over)
        reads, passed = await store.source_reads.last(), _passed(await all_statuses(store))
        between = asked, await store.source_reads.now()
        late = [each for each in runs.present if not _is_done(reads.get(each), between, passed.get(each, ()))]
        if over or not late:
            return late
        await asyncio.sleep(POLL_EVERY)


def _passed(statuses: Iterable[StoredStatus]) -> Mapping[str, Collection[str]]:
    """Return by account the revisions of its partner's status: each pass writes that."""
    found: dict[str, set[str]] = {}
    for upstream, status in statuses:
        if status.item.kind is Kind.PARTNER:
            found.setdefault(upstream, set()).add(status.revision)
    return found


def _is_done(read: SourceRead | None, between: tuple[float, float], passed: Collection[str]) -> bool:
    """Return whether *read* began between these moments: a later one is of another run of the machine."""
    first, last = between
    return read is not None and first <= read.began <= last and read.state.revision in passed


async def print_source(
    store: SqlStore, upstreams: Collection[str] | None, given: str | None, *, seen: bool = False
) -> int:
    """Print what of its source is rejected for *upstreams* (None: any), and return the exit code of that.

    *seen*: all was observed, so also print the revision that it was brought towards.
    """
    last = await store.source_reads.last()
    reads = [read for key, read in last.items() if upstreams is None or key in upstreams]
    for line in in_force_line(reads) if seen else ():
        click.echo(line)
    for line in rejected_in_full(reads, store_words(given)):
        click.echo(line, err=True)
    return max(_codes(reads), default=OK)


def _codes(reads: Iterable[SourceRead]) -> Iterator[int]:
    """Yield what each read is worth: a source that cannot be read is an error, though the least one."""
    for read in reads:
        yield _CODES.get(read.refused_by, ERROR)
