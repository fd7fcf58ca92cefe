"""Copy of a whole store into a new one, of any kind, as it was at one moment without a writer."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, RowMapping, Table, insert, select, update
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from controller.edges.store.clocks import StoreClock, machine_clock
from controller.edges.store.database import put
from controller.edges.store.location import located, place_of
from controller.edges.store.opening import make_new, refuse_taken
from controller.edges.store.schema import (
    accounts,
    app_health,
    bindings,
    calls,
    hints,
    intents,
    leases,
    ledger,
    meta,
    refusals,
    replicas,
    rests,
    tables,
    universal_tokens,
    version,
)
from controller.edges.store.store import Parts, SqlStore, open_parts
from controller.edges.store.tables.account_facts import shift_facts
from controller.edges.store.writer_lock import WriterLock
from controller.errors import Locked
from controller.model.clock import MonotonicClock

_OWN = frozenset({version, meta, leases, replicas})
"""Tables that each store has of its own: its version and its clock, and the processes that use it."""

_KEPT = ("key", "report")
"""Rows of `meta` that belong to the content: the key opens the encrypted tokens and makes the digests."""

_MOMENTS = (
    *(calls.c.reserved, calls.c.ended, rests.c.until, intents.c.started, intents.c.ended),
    *(bindings.c.missing_since, refusals.c.at, refusals.c.retry_at, ledger.c.active_at),
    *(app_health.c.at, app_health.c.fell_at, hints.c.at, universal_tokens.c.since),
)
"""The columns on the store's clock."""

_BATCH = 1000


@dataclass(frozen=True, slots=True)
class StoreCopy:
    """A finished copy: both places, without passwords, and the rows of each table."""

    source: str
    target: str
    rows: Mapping[str, int]


async def copy_store(source: str, target: str, clock: MonotonicClock, timeout: float = 0.0) -> StoreCopy:  # noqa: ASYNC109  (a promise to the operator, on the store's own clock)
    """Copy the store at *source* into a new one at *target*, whole or not at all.

    The locks of all its writers are held meanwhile: Locked if another process has one for *timeout* seconds.
    StoreError if anything is at *target*, or there is no store at *source*.
    """
    place = located(target)
    _refuse_taken(place)  # first: to open an older store upgrades it
    parts = open_parts(source, clock, make=False)
    async with SqlStore(parts, clock) as store, AsyncExitStack() as stack:
        upstreams = await parts.database.read(_upstreams)
        locks = [await stack.enter_async_context(store.writer(name, timeout)) for name in sorted(upstreams)]
        rows = await parts.database.read(lambda c: _Copying(c, parts, locks).into(place, clock))
    return StoreCopy(store.place, place_of(place) if isinstance(place, URL) else str(place), rows)


def _refuse_taken(place: Path | URL) -> None:
    if isinstance(place, Path):
        refuse_taken(place)
        return
    from controller.edges.store.postgresql import opening, server  # noqa: PLC0415  (only this kind of store needs them)

    engine = server.connect(place)
    try:
        opening.refuse_taken(server.PostgresqlDialect(place), engine)
    finally:
        engine.dispose()


def _upstreams(connection: Connection) -> Sequence[str]:
    return connection.execute(select(accounts.c.upstream)).scalars().all()


@dataclass(frozen=True, slots=True)
class _Copying:
    """One copy out of *source*, while all *locks* hold."""

    source: Connection
    parts: Parts
    locks: Sequence[WriterLock]
    rows: dict[str, int] = field(default_factory=dict)

    def into(self, place: Path | URL, clock: MonotonicClock) -> dict[str, int]:
        """Make the store at *place*, and return how many rows each table got."""
        match place:
            case Path() as path:
                make_new(path, self._content(lambda target: machine_clock(target, clock)))
            case url:
                _make_on_server(url, clock, self._content)
        return self.rows

    def _content(self, clock_of: Callable[[Connection], StoreClock]) -> Callable[[Connection], None]:
        def content(target: Connection) -> None:
            now = clock_of(target).now(target)
            with self._reading():
                ahead = now - self.parts.shared_clock.now(self.source)
            for table in tables.sorted_tables:
                if table not in _OWN:
                    self.rows[table.name] = self._copy(table, target)
            self._copy_meta(target)
            _shift(target, ahead)

        return content

    def _copy(self, table: Table, target: Connection) -> int:
        count = 0
        for batch in self._batches(table):
            target.execute(insert(table), [dict(row) for row in batch])
            count += len(batch)
        return count

    def _copy_meta(self, target: Connection) -> None:
        for row in (row for batch in self._batches(meta) for row in batch if row["name"] in _KEPT):
            put(target, meta, {"name": row["name"]}, {"value": row["value"]})

    def _batches(self, table: Table) -> Iterator[Sequence[RowMapping]]:
        """Yield the rows of *table*. Locked if a lock was lost meanwhile: others may have begun to write."""
        with self._reading():
            found = self.source.execute(select(table), execution_options={"yield_per": _BATCH})
            for batch in found.mappings().partitions():
                if not all(lock.holds() for lock in self.locks):
                    raise Locked(f"{self.parts.database.place}: a writer lock was lost: nothing was copied")
                yield batch

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Tell an error of the source as its own: it is not one of the new store."""
        try:
            yield
        except DBAPIError as error:
            raise self.parts.database.refused(error) from error


def _make_on_server(
    url: URL,
    clock: MonotonicClock,
    content: Callable[[Callable[[Connection], StoreClock]], Callable[[Connection], None]],
) -> None:
    from controller.edges.store.postgresql import opening, server  # noqa: PLC0415  (only this kind of store needs them)

    engine = server.connect(url)
    try:
        shared = server.ServerClock(clock)
        opening.make_new(server.PostgresqlDialect(url), engine, content(lambda _: shared))
    finally:
        engine.dispose()


def _shift(connection: Connection, by: float) -> None:
    """Move every moment to the new store's clock, which is ahead of the old one's *by* so many seconds."""
    for moment in _MOMENTS:
        set_ = update(moment.table).where(moment.is_not(None)).values({moment.name: moment + by})
        connection.execute(set_)
    shift_facts(connection, by)
