"""One SQLite connection in one worker thread: work goes in whole, comes out done, or as a StoreError."""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Table, and_, create_engine, event, insert, update
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from controller.errors import StoreError

T = TypeVar("T")
Work = Callable[[Connection], T]

BUSY_TIMEOUT = 30.0

REPAIR = "restore a copy, or move the file away and start anew (docs/store.md says what that costs)"
_ADVICE = {
    "SQLITE_BUSY": f"another process held it for {BUSY_TIMEOUT:.0f} s; find it, then try again",
    "SQLITE_FULL": "the disk is full; free some space, then try again",
    "SQLITE_READONLY": "it cannot be written; check the file's owner and mode, and how its disk is mounted",
    "SQLITE_CANTOPEN": "it cannot be opened; check the owner and mode of the file and of its folder",
    "SQLITE_IOERR": "its disk failed; check the disk, then start again",
    "SQLITE_CORRUPT": f"it is damaged; {REPAIR}",
    "SQLITE_NOTADB": f"it is no database; {REPAIR}",
}
_LASTING = ("SQLITE_IOERR", "SQLITE_CORRUPT", "SQLITE_NOTADB")


def refused(path: Path, error: BaseException) -> StoreError:
    """Return what SQLite said, as what went wrong with the store at *path* and what to do about it."""
    name = getattr(error, "sqlite_errorname", "")
    advice = next((text for known, text in _ADVICE.items() if name.startswith(known)), REPAIR)
    return StoreError(f"the store {path}: {error} ({name or type(error).__name__}): {advice}")


def connect(path: Path, *, journal: str = "WAL") -> Engine:
    """Return an engine over one connection to the file at *path*, which must exist."""
    engine = create_engine(
        URL.create("sqlite", database=path.as_uri(), query={"mode": "rw", "uri": "true"}),
        connect_args={"check_same_thread": False, "isolation_level": None, "timeout": BUSY_TIMEOUT},
        poolclass=StaticPool,
    )
    event.listen(engine, "connect", partial(_prepare, journal))
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(journal: str, connection: sqlite3.Connection, _record: object) -> None:
    for pragma in (f"journal_mode={journal}", "synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    """Begin by our own hand: a write takes its lock at once, so that what it read is still true."""
    write = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


class Database:
    """Runs work in transactions, one after the other.

    *inline* runs it in place, without a thread, so that simulated time stays in one thread. Work that was
    begun is finished even where its caller is cancelled. After a failure of the disk nothing runs any more:
    what the file then holds is unknown until it was opened and checked again.
    """

    def __init__(self, path: Path, engine: Engine, *, inline: bool) -> None:
        self.path = path
        self._engine = engine
        self._executor: Executor = _Inline() if inline else ThreadPoolExecutor(1, "store")
        self._inline = inline
        self._file = path.stat()
        self._failed: str | None = None

    async def read(self, work: Work[T]) -> T:
        return await self._run(work, write=False)

    async def write(self, work: Work[T]) -> T:
        """Run *work* under the write lock and commit it: on disk when this returns, or not at all."""
        return await self._run(work, write=True)

    def at_once(self, work: Work[T]) -> T:
        """Write in place: for the opening, before anybody else has the store."""
        return self._transaction(work, write=True)

    async def close(self) -> None:
        """Finish what is queued and let go of the file."""
        await self._wait(self._executor.submit(self._engine.dispose))
        self._executor.shutdown()

    async def _run(self, work: Work[T], *, write: bool) -> T:
        return await self._wait(self._executor.submit(self._transaction, work, write=write))

    async def _wait(self, future: "Future[T]") -> T:
        return future.result() if self._inline else await asyncio.shield(asyncio.wrap_future(future))

    def _transaction(self, work: Work[T], *, write: bool) -> T:
        if self._failed is not None:
            raise StoreError(self._failed)
        try:
            with self._engine.connect().execution_options(write=write) as connection, connection.begin():
                if write:
                    self._still_there()
                return work(connection)
        except DBAPIError as error:
            raise self._noted(error) from error

    def _still_there(self) -> None:
        """Refuse to write into a file that nobody would find again: SQLite itself does not notice."""
        log = self.path.with_name(f"{self.path.name}-wal")
        try:
            if os.path.samestat(self.path.stat(), self._file) and log.exists():
                return
        except OSError:
            pass
        self._failed = (
            f"the store {self.path} (or its -wal) was moved, deleted or replaced while it was open: nothing "
            "more is written; put it back, or start anew (docs/store.md says what that costs)"
        )
        raise StoreError(self._failed)

    def _noted(self, error: DBAPIError) -> StoreError:
        cause = error.orig or error
        failure = refused(self.path, cause)
        if getattr(cause, "sqlite_errorname", "").startswith(_LASTING):
            self._failed = str(failure)
        return failure


class _Inline(Executor):
    """Runs at once, in place."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> "Future[T]":  # noqa: ANN401  (Executor's own signature)
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001  (raised again by the future, at its one reader)
            future.set_exception(error)
        return future


def add(connection: Connection, table: Table, values: Mapping[str, object]) -> int:
    """Write a new row and return its `id`."""
    return int(connection.execute(insert(table).values(values).returning(table.c.id)).scalar_one())


def put(
    connection: Connection, table: Table, key: Mapping[str, object], values: Mapping[str, object]
) -> None:
    """Write one row, new or not, in any dialect. Safe because every write holds the lock from its start."""
    where = and_(*(table.c[name] == value for name, value in key.items()))
    if values and connection.execute(update(table).where(where).values(values)).rowcount:
        return
    connection.execute(insert(table).values({**key, **values}))
