"""The SQLite database: one connection to one file, a lock from the start of each write, and its errors."""

import os
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from controller.edges.store.database import BUSY_TIMEOUT, StateUnknown, Unwritable
from controller.errors import StoreError

REPAIR = "restore a copy, or move the file away and start anew (docs/store.md says what that costs)"
_ADVICE = {
    "SQLITE_BUSY": f"another process locked it for {BUSY_TIMEOUT:.0f} s; find that process, then try again",
    "SQLITE_FULL": "the disk is full; free some space, then try again",
    "SQLITE_READONLY": "it cannot be written; check the file's owner and mode, and how its disk is mounted",
    "SQLITE_CANTOPEN": "it cannot be opened; check the owner and mode of the file and of its folder",
    "SQLITE_IOERR": "its disk failed; check the disk; the store is checked before it is used again",
    "SQLITE_CORRUPT": f"it is damaged; {REPAIR}",
    "SQLITE_NOTADB": f"it is no database; {REPAIR}",
}
_UNWRITABLE = ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_FULL")
_LASTING = ("SQLITE_IOERR", "SQLITE_CORRUPT", "SQLITE_NOTADB")


def refused(path: Path, error: BaseException) -> StoreError:
    """Return *error* as what went wrong with the store at *path* and what to do about it."""
    cause = getattr(error, "orig", None) or error
    name = getattr(cause, "sqlite_errorname", "")
    advice = next((text for known, text in _ADVICE.items() if name.startswith(known)), REPAIR)
    kind = Unwritable if name.startswith(_UNWRITABLE) else StoreError
    kind = StateUnknown if name.startswith(_LASTING) else kind
    return kind(f"the store {path}: {cause} ({name or type(cause).__name__}): {advice}")


@dataclass(slots=True)
class SqliteDialect:
    """A file. *found* is its stat at the opening; *opened* opens and checks the file at a path."""

    path: Path
    found: os.stat_result
    opened: Callable[[Path], Engine]
    closed: bool = False

    @property
    def place(self) -> str:
        return str(self.path)

    def options(self, *, write: bool) -> Mapping[str, object]:
        return {"write": write}

    def enter(self, connection: Connection, key: str | None) -> None:
        """Do nothing: a write locks the whole file from its start."""

    def again(self, engine: Engine) -> Engine:
        """Open the file anew once it is back in its place with its -wal. The last close removes the -wal."""
        self.check()
        engine.dispose()
        self.closed = True
        fresh = self.opened(self.path)
        self.closed = False
        return fresh

    def compact(self, engine: Engine) -> str:
        """Write the file anew, and empty the -wal, unless another process uses it for too long."""
        self.check()
        raw = engine.raw_connection()
        try:
            raw.execute("VACUUM")
            (busy, *_) = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:
            return f"the file and its -wal, which could not be written anew: {refused(self.path, error)}"
        finally:
            raw.close()
        return "the file and its -wal: another process was reading them" if busy else ""

    def check(self) -> None:
        """Raise StateUnknown if the file was moved, deleted or replaced. SQLite does not notice that."""
        log = self.path.with_name(f"{self.path.name}-wal")
        with suppress(OSError):
            if os.path.samestat(self.path.stat(), self.found) and (self.closed or log.exists()):
                return
        raise StateUnknown(
            f"the store {self.path} (or its -wal) was moved, deleted or replaced while it was open: nothing "
            "more is written; put it back, or start anew (docs/store.md says what that costs)"
        )

    def refused(self, error: DBAPIError) -> StoreError:
        return refused(self.path, error)


def connect(path: Path, *, journal: str = "WAL") -> Engine:
    """Return an engine over one connection to the file at *path*, which must exist."""
    engine = create_engine(
        URL.create("sqlite", database=path.as_uri(), query={"mode": "rw", "uri": "true"}),
        connect_args={"check_same_thread": False, "isolation_level": None, "timeout": BUSY_TIMEOUT},
        poolclass=StaticPool,
    )
    return _prepared(engine, journal)


def connect_memory() -> Engine:
    """Return an engine over an empty database in memory, which no other process sees."""
    settings = {"check_same_thread": False, "isolation_level": None}
    return _prepared(create_engine("sqlite://", connect_args=settings, poolclass=StaticPool), "MEMORY")


def _prepared(engine: Engine, journal: str) -> Engine:
    event.listen(engine, "connect", partial(_prepare, journal))
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(journal: str, connection: sqlite3.Connection, _record: object) -> None:
    for pragma in (f"journal_mode={journal}", "synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    """Begin a transaction. A write takes its lock at once, so that the rows it reads cannot change."""
    write = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
