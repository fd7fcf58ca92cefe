"""The store: data that survives a crash. A method returns once its work is on disk, or raises StoreError."""

import hashlib
import hmac
import os
import secrets
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from sqlalchemy import Connection, select
from sqlalchemy.engine import URL

from controller.edges.store.clocks import StoreClock, machine_clock
from controller.edges.store.database import Database, Unwritable
from controller.edges.store.file_lock import FileLocks
from controller.edges.store.in_memory import InMemoryDialect, NoLocks, copied
from controller.edges.store.location import located
from controller.edges.store.opening import opened
from controller.edges.store.schema import meta
from controller.edges.store.sealing import seal, unseal
from controller.edges.store.sqlite import SqliteDialect
from controller.edges.store.tables.accounts import AccountTable
from controller.edges.store.tables.calls import CallTable
from controller.edges.store.tables.erasure import Erasure
from controller.edges.store.tables.hints import HintTable
from controller.edges.store.tables.history import HistoryTable
from controller.edges.store.tables.intents import IntentTable
from controller.edges.store.tables.memories import MemoryTables
from controller.edges.store.tables.memory_cache import MemoryCache
from controller.edges.store.tables.reports import KeptReports
from controller.edges.store.tables.revisions import RevisionTables
from controller.edges.store.tables.source_reads import SourceReadTable
from controller.edges.store.tables.spent_plans import SpentPlans
from controller.edges.store.tables.statuses import StatusTable
from controller.edges.store.tables.told_ends import ToldEnds
from controller.edges.store.tables.universal_tokens import UniversalTokenTable
from controller.edges.store.writer_lock import WriterLock, WriterLocks
from controller.errors import StoreError
from controller.model.clock import MonotonicClock
from controller.model.secret import Secret

if TYPE_CHECKING:  # loaded only if a server is named
    from controller.edges.store.postgresql.leases import Terms
    from controller.edges.store.postgresql.replicas import ReplicaTable


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts in which the kinds of stores differ.

    All processes that use the store share *shared_clock*. *replicas* is None if all are on one machine.
    *passing* is the reason why the store ends with its process, "" if it does not.
    """

    database: Database
    writers: WriterLocks
    key: bytes
    shared_clock: StoreClock
    new: bool
    replicas: "ReplicaTable | None" = None
    passing: str = ""


class SqlStore:
    """One store, with an attribute for each table. *new* is true if it was made just now, and is empty.

    *passing* is the reason why the store ends with its process, "" if it does not.
    """

    def __init__(self, parts: Parts, clock: MonotonicClock) -> None:
        database, writers = parts.database, parts.writers
        self.place = database.place
        self.new = parts.new
        self.passing = parts.passing
        self._database = database
        self._writers = writers
        self._key = parts.key
        self.accounts = AccountTable(database)
        self.calls = CallTable(database, parts.shared_clock)
        self._cached = cached = MemoryCache()
        self.memories = MemoryTables(database, parts.shared_clock, writers, cached)
        self.intents = IntentTable(database, parts.shared_clock, uuid.uuid4().hex, writers, cached)
        self.history = HistoryTable(database, parts.shared_clock, writers, cached)
        self.statuses = StatusTable(database, clock.now)
        self.spent = SpentPlans(database, clock.now)
        self.reports = KeptReports(database)
        self.revisions = RevisionTables(database)
        self.source_reads = SourceReadTable(database, parts.shared_clock)
        self.tokens = UniversalTokenTable(database, parts.shared_clock)
        self.hints = HintTable(database, parts.shared_clock)
        self.told_ends = ToldEnds(database)
        self.erasure = Erasure(database, writers, cached)
        self.replicas = parts.replicas

    def keyed_digest(self, text: str) -> str:
        """Return a digest (hex) that reveals nothing without this store's key, so *text* may be a secret."""
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()

    @property
    def id(self) -> str:
        """Return a name of this store that no other one has, and that reveals nothing."""
        return self.keyed_digest("store")[:12]

    def seal(self, text: Secret, secret: Secret, context: str) -> str:
        """Return *text* encrypted: only this store, with the same *secret* and *context*, opens it."""
        return seal(text, secret, self._key, context)

    def unseal(self, sealed: str, secret: Secret, context: str) -> Secret | None:
        """Return what was sealed; None if *secret*, *context* or the store is another one now."""
        return unseal(sealed, secret, self._key, context)

    @asynccontextmanager
    async def writer(self, upstream: str, timeout: float = 0.0) -> AsyncIterator[WriterLock]:  # noqa: ASYNC109  (a promise to the operator, on the store's own clock)
        """Be the only writer of *upstream* within the block. Locked if another writes for *timeout* seconds.

        The lock ends with the block or the process, or is lost earlier: see `WriterLock.holds`.
        """
        async with self._writers.hold(upstream, timeout) as lock:
            with self._cached.keeping(upstream):
                yield lock

    async def holder(self, upstream: str) -> str:
        """Return the process that writes for *upstream* now, in words; "" if there is none."""
        return await self._writers.holder(upstream)

    async def reachable(self) -> None:
        """Return when the store answers. StoreError if it does not."""
        await self._database.read(lambda connection: connection.execute(select(meta.c.name)).first())

    async def close(self) -> None:
        await self._writers.close()
        await self._database.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def open_store(
    location: str | Path,
    clock: MonotonicClock,
    *,
    inline: bool = False,
    make: bool = True,
    terms: "Terms | None" = None,
) -> SqlStore:
    """Open the store at *location*: a path, `sqlite:///path`, or `postgresql://user@host/database`.

    If there is no store, one is made; with *make* false, StoreError is raised instead. Blocks, for moments.
    *inline* keeps the work in the caller's thread, for simulated time. *terms* are those of leases. Usage for
    another kind of store, StoreError for one that is damaged, foreign, newer, out of reach or unwritable.
    """
    return SqlStore(open_parts(location, clock, inline=inline, make=make, terms=terms), clock)


def open_parts(
    location: str | Path,
    clock: MonotonicClock,
    *,
    inline: bool = False,
    make: bool = True,
    terms: "Terms | None" = None,
) -> Parts:
    """Open the parts of the store at *location*, as `open_store` does."""
    match located(str(location)):
        case Path() as path:
            return _file(path, clock, inline=inline, make=make)
        case url:
            return _server(url, clock, terms, inline=inline, make=make)


def look_into(location: str | Path, clock: MonotonicClock, *, make: bool = True) -> SqlStore:
    """Open the store at *location* for a command that only reads; in memory, if the store cannot be written.

    Raises as `open_store` does, and StoreError if the store exists and cannot be read.
    """
    try:
        return open_store(location, clock, make=make)
    except Unwritable as error:  # always of a file
        return in_memory(location, clock, str(error))


def in_memory(location: str | Path, clock: MonotonicClock, why: str) -> SqlStore:
    """Return a store in memory that ends with its process: a copy of the file at *location*, if that exists.

    The store of a server is not copied. *why* is its `passing`. Raises StoreError if the file cannot be read.
    """
    path = located(str(location))
    return SqlStore(_memory(path if isinstance(path, Path) else Path(os.devnull, "store"), clock, why), clock)


def _memory(path: Path, clock: MonotonicClock, why: str) -> Parts:
    database = Database(InMemoryDialect(path), copied(path), inline=False)
    shared, key = database.at_once(lambda connection: (machine_clock(connection, clock), _key(connection)))
    return Parts(database, NoLocks(), key, shared, new=False, passing=why)


def _file(path: Path, clock: MonotonicClock, *, inline: bool, make: bool) -> Parts:
    engine, new = opened(path, make=make)
    dialect = SqliteDialect(path, path.stat(), lambda file: opened(file, make=False)[0])
    database = Database(dialect, engine, inline=inline)
    try:
        shared, key = database.at_once(
            lambda connection: (machine_clock(connection, clock), _key(connection))
        )
    except StoreError:
        engine.dispose()
        raise
    return Parts(database, FileLocks(path, clock), key, shared, new)


def _server(url: URL, clock: MonotonicClock, terms: "Terms | None", *, inline: bool, make: bool) -> Parts:
    from controller.edges.store.postgresql import leases, replicas, server  # noqa: PLC0415  (only this kind of store needs them)
    from controller.edges.store.postgresql.opening import opened  # noqa: PLC0415  (likewise)

    dialect, engine = server.PostgresqlDialect(url), server.connect(url)
    try:
        new = opened(dialect, engine, make=make)
        database = Database(dialect, engine, inline=inline)
        key = database.at_once(_key)
    except StoreError:
        engine.dispose()
        raise
    renewals = Database(dialect, server.connect(url), inline=inline)
    process, shared = secrets.token_hex(8), server.ServerClock(clock)
    writers = leases.LeaseTable(renewals, clock, terms or leases.TERMS, process)
    return Parts(database, writers, key, shared, new, replicas.ReplicaTable(renewals, clock, process))


def _key(connection: Connection) -> bytes:
    key = connection.execute(select(meta.c.value).where(meta.c.name == "key")).scalar_one_or_none()
    if not key:
        raise StoreError("the store has lost its key: restore a copy (docs/store.md)")
    return bytes.fromhex(key)
