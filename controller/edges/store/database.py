"""The database, in one worker thread: each piece of work is one transaction, done whole or a StoreError."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import cache
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine, Insert, RowMapping, Table, Update, bindparam, insert, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import ReturningInsert

from controller.errors import StoreError

T = TypeVar("T")
Work = Callable[[Connection], T]

BUSY_TIMEOUT = 30.0
"""Seconds for which a write waits for other writers."""

_KEY = "its_"
"""Prefix of parameters that find a row. The name without the prefix is the one that sets the column."""


class StateUnknown(StoreError):
    """The content of the database is unknown. Nothing runs until it was opened and checked again."""


class Unwritable(StoreError):
    """The store cannot be written in its place, whatever it holds."""


class Dialect(Protocol):
    """The differences between kinds of databases."""

    @property
    def place(self) -> str:
        """The location for people, without a password."""
        ...

    def options(self, *, write: bool) -> Mapping[str, object]:
        """Return SQLAlchemy's execution options of a transaction."""
        ...

    def check(self) -> None:
        """Raise StateUnknown if the opened database is not in its place any more: writes would be lost."""
        ...

    def enter(self, connection: Connection, key: str | None) -> None:
        """Begin a write. Until its end other writes under the same *key* wait; None excludes no other."""
        ...

    def refused(self, error: DBAPIError) -> StoreError:
        """Return *error* as what went wrong and what to do about it."""
        ...

    def compact(self, engine: Engine) -> str:
        """Write the content anew, without what deleted rows left; return what may still hold some, or ""."""
        ...

    def again(self, engine: Engine) -> Engine:
        """Close *engine*, then open and check the database anew. StoreError if that fails."""
        ...


class Database:
    """Runs work in transactions, one after the other.

    *inline* runs work in the caller's thread, so that simulated time stays in one thread. Work that has begun
    is completed even if its caller is cancelled.
    """

    def __init__(self, dialect: Dialect, engine: Engine, *, inline: bool) -> None:
        self.place = dialect.place
        self.refused = dialect.refused
        self._dialect = dialect
        self._engine = engine
        self._executor: Executor = _Inline() if inline else ThreadPoolExecutor(1, "store")
        self._inline = inline
        self._failed = False

    async def read(self, work: Work[T]) -> T:
        """Run *work* on the content of the database at one moment."""
        return await self._run(work, write=False)

    async def write(self, work: Work[T], key: str | None) -> T:
        """Run *work* and commit it: on disk when this returns, or not at all.

        Rows that *work* reads do not change until then, if all their writers use the same *key*.
        """
        return await self._run(work, write=True, key=key)

    def at_once(self, work: Work[T]) -> T:
        """Write in the caller's thread: for the opening, before any other code has the store."""
        return self._transaction(work, write=True, key="")

    async def compact(self) -> str:
        """Write the content anew, without what deleted rows left; return what may still hold some, or ""."""
        return await self._wait(self._executor.submit(lambda: self._dialect.compact(self._engine)))

    async def close(self) -> None:
        """Finish the queued work and close the database."""
        await self._wait(self._executor.submit(self._engine.dispose))
        self._executor.shutdown()

    async def _run(self, work: Work[T], *, write: bool, key: str | None = None) -> T:
        return await self._wait(self._executor.submit(self._transaction, work, write=write, key=key))

    async def _wait(self, future: "Future[T]") -> T:
        return future.result() if self._inline else await asyncio.shield(asyncio.wrap_future(future))

    def _transaction(self, work: Work[T], *, write: bool, key: str | None = None) -> T:
        if self._failed:
            self._engine = self._dialect.again(self._engine)
            self._failed = False
        options = dict(self._dialect.options(write=write))
        try:
            with self._engine.connect().execution_options(**options) as connection, connection.begin():
                self._dialect.check()
                if write:
                    self._dialect.enter(connection, key)
                return work(connection)
        except DBAPIError as error:
            failure = self._dialect.refused(error)
            self._failed = isinstance(failure, StateUnknown)
            raise failure from error
        except UnicodeEncodeError as error:
            raise StoreError(
                f"the store {self.place}: a text cannot be stored ({error.reason}); nothing was written"
            ) from None
        except StateUnknown:
            self._failed = True
            raise


class _Inline(Executor):
    """Runs work at once, in the caller's thread."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> "Future[T]":  # noqa: ANN401  (Executor's own signature)
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001  (raised again by the future, at its one reader)
            future.set_exception(error)
        return future


def fields_of(row: RowMapping, *left: str) -> dict[str, Any]:
    """Return the values of *row* by column, without the columns *left*: the fields of a dataclass."""
    return {name: value for name, value in row.items() if name not in left}


def add(connection: Connection, table: Table, values: Mapping[str, object]) -> int:
    """Write a new row and return its `id`."""
    return int(connection.execute(_adding(table), dict(values)).scalar_one())


def put(
    connection: Connection, table: Table, key: Mapping[str, object], values: Mapping[str, object]
) -> None:
    """Write one row, new or not, in any dialect. Safe because all writers of the row use one key."""
    known = {f"{_KEY}{name}": value for name, value in key.items()}
    if values and connection.execute(_changing(table, tuple(key)), {**known, **values}).rowcount:
        return
    connection.execute(_inserting(table), {**key, **values})


@cache
def _adding(table: Table) -> ReturningInsert[int]:
    return insert(table).returning(table.c.id)


@cache
def _changing(table: Table, key: tuple[str, ...]) -> Update:
    return update(table).where(*(table.c[name] == bindparam(f"{_KEY}{name}") for name in key))


@cache
def _inserting(table: Table) -> Insert:
    return insert(table)
