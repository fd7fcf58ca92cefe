"""The store in memory, which ends with its process: for reading commands, if the store cannot be written.

An existing store is copied into memory. If there is none, the copy is empty.
"""

import os
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from controller.edges.store.create import fill, version_in
from controller.edges.store.opening import check_pages
from controller.edges.store.schema import VERSIONS
from controller.edges.store.sqlite import connect_memory, refused
from controller.edges.store.writer_lock import WriterLock
from controller.errors import StoreError

_WAYS = ("mode=ro", "immutable=1")
"""Options to open a file that cannot be written. The second: SQLite's own files cannot be made either."""


@dataclass(frozen=True, slots=True)
class InMemoryDialect:
    """A database that no other process can write or remove."""

    path: Path

    @property
    def place(self) -> str:
        return str(self.path)

    def options(self, *, write: bool) -> Mapping[str, object]:
        return {"write": write}

    def check(self) -> None:
        """Do nothing: memory cannot go away."""

    def enter(self, connection: Connection, key: str | None) -> None:
        """Do nothing: there is no other writer."""

    def refused(self, error: DBAPIError) -> StoreError:
        return refused(self.path, error)

    def compact(self, engine: Engine) -> str:  # noqa: ARG002  (the protocol's signature)
        return ""

    def again(self, engine: Engine) -> Engine:
        return engine


class _AlwaysHeld:
    def holds(self) -> bool:
        return True


class NoLocks:
    """Locks that are always free, for a database that no other process has."""

    def hold(self, upstream: str, timeout: float) -> AbstractAsyncContextManager[WriterLock]:  # noqa: ARG002  (other kinds of locks need them)
        return _hold()

    async def holder(self, upstream: str) -> str:  # noqa: ARG002  (likewise)
        return ""

    def fence(self, connection: Connection, upstream: str) -> str:  # noqa: ARG002  (likewise)
        return ""

    async def close(self) -> None:
        pass


@asynccontextmanager
async def _hold() -> AsyncIterator[WriterLock]:
    yield _AlwaysHeld()


def copied(path: Path) -> Engine:
    """Return a copy of the store at *path*, in memory and of the newest version; empty if there is none.

    Raises StoreError if the store exists and cannot be read or trusted.
    """
    engine = connect_memory()
    exists = os.path.lexists(path)
    try:
        if exists:
            _copy(path, engine)
        with engine.connect().execution_options(write=True) as connection, connection.begin():
            if not exists:
                fill(connection)
            elif version_in(connection, str(path)) != VERSIONS[-1]:
                from controller.edges.store.migrations.upgrade import upgrade  # noqa: PLC0415  (alembic takes half a second)

                upgrade(connection)
    except (DBAPIError, sqlite3.Error) as error:
        raise refused(path, error) from error
    return engine


def _copy(path: Path, engine: Engine) -> None:
    target = engine.raw_connection().driver_connection
    assert isinstance(target, sqlite3.Connection)  # noqa: S101  (the only kind that `connect_memory` makes)
    for way in _WAYS:
        try:
            with closing(sqlite3.connect(f"{path.as_uri()}?{way}", uri=True)) as source:
                source.backup(target)
            break
        except sqlite3.OperationalError:
            if way is _WAYS[-1]:
                raise
    check_pages(path, target)
