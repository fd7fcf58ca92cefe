"""The store of a simulated machine: the real one over a real file, every transaction an effect."""

import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Executor, Future
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError

from controller.edges.store import SqlStore, WriterLock, open_store
from tests.sim.effects import Failure, Injector, Life
from tests.sim.timeline import Clock
from tests.sim.trace import Trace

T = TypeVar("T")
_WRITES = ("INSERT", "UPDATE", "DELETE")
_NAME = "state.db"


def template(folder: Path, clock: Clock) -> Path:
    """Make an empty store with a key that is the same in every run; return its file."""
    path = folder / "template.db"
    engine = open_store(path, clock, inline=True)._database._engine
    engine.dispose()
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("UPDATE meta SET value = ? WHERE name = 'key'", ("5e" * 32,))
        raw.execute("DELETE FROM meta WHERE name = 'clock'")
        raw.commit()
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@dataclass(slots=True)
class Disk:
    """One store file below *folder*, begun as a copy of an empty one; None makes it the long way.

    *begun* holds when each line of the history was written, whatever clock dated it.
    """

    folder: Path
    injector: Injector
    trace: Trace
    empty: Path | None
    begun: dict[int, float] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        return self.folder / _NAME

    def open(self, life: Life, clock: Clock) -> SqlStore:
        """Open the store for one process."""
        if self.empty is not None and not self.path.exists():
            shutil.copyfile(self.empty, self.path)
        store = open_store(self.path, clock, inline=True)
        database = store._database
        _compiled_once(database._engine)
        heard: list[str] = []
        event.listen(database._engine, "before_cursor_execute", partial(_hear, heard))
        database._executor = Transactions(life, self, heard)
        store.intents._process = f"process {life.number}"  # in place of a random one
        store.writer = partial(self._writer, store.writer, life)  # type: ignore[method-assign]  # seen, not changed
        return store

    @asynccontextmanager
    async def _writer(
        self,
        real: Callable[..., AbstractAsyncContextManager[WriterLock]],
        life: Life,
        *given: object,
        **more: object,
    ) -> AsyncIterator[WriterLock]:
        """Take note who was given the right to write."""
        async with real(*given, **more) as hold:
            self.trace.writer = life.number
            yield hold

    def drop(self, store: SqlStore, *, killed: bool) -> None:
        """Let go of the file; after a kill it is left as it lay there, not as a polite close leaves it."""
        lay = {end: self._file(end).read_bytes() for end in ("", "-wal") if self._file(end).exists()}
        store._database._engine.dispose()
        if not killed:
            return
        self._file("-shm").unlink(missing_ok=True)
        for end, content in lay.items():
            self._file(end).write_bytes(content)

    def _file(self, end: str) -> Path:
        return self.path.with_name(self.path.name + end)

    def lose(self) -> None:
        """Let the store be gone, as in CI without a lasting one."""
        for path in self.folder.iterdir():
            path.unlink()

    def unlock(self) -> None:
        """Let somebody take the writer's lock away while it is held."""
        for path in self.folder.glob("*.writer"):
            path.unlink()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the file when no process has it open."""
        if not self.path.exists():
            return []
        with closing(sqlite3.connect(self.path)) as raw:
            return raw.execute(query).fetchall()

    def content(self) -> bytes:
        """Return every byte of every file."""
        return b"".join(path.read_bytes() for path in sorted(self.folder.iterdir()) if path.is_file())


@dataclass(slots=True)
class Transactions(Executor):
    """Runs the store's work in place, as the inline store does, and lets the injector strike."""

    life: Life
    disk: Disk
    heard: list[str]

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> "Future[T]":  # noqa: ANN401  (Executor's own signature)
        future: Future[T] = Future()
        try:
            writes = kwargs.get("write", False)
            future.set_result(self._write(fn, *args) if writes else fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001  (raised again by the future, at its one reader)
            future.set_exception(error)
        return future

    def _write(self, fn: Callable[..., T], work: Callable[[Connection], Any]) -> T:
        failure = self.disk.injector.meet(self.life, "store", _label(work))
        if failure is Failure.BEFORE:
            raise self.life.end()
        if failure is Failure.FULL:
            return fn(_failing("SQLITE_FULL", "database or disk is full"), write=True)
        self.heard.clear()
        if failure in {Failure.DURING, Failure.TORN}:
            return fn(partial(self._undone, work, failure), write=True)
        done = fn(work, write=True)
        if _label(work) == "HistoryTable.begin":
            self.disk.begun[cast("int", done)] = self.disk.injector.now()
        for line in self.heard:
            self.disk.trace.line(self.disk.injector.now(), self.life.number, line)
        if failure is Failure.AFTER:
            raise self.life.end()
        if failure is Failure.UNTOLD:
            return fn(_failing("SQLITE_IOERR_FSYNC", "disk I/O error"), write=True)
        return done

    def _undone(self, work: Callable[[Connection], Any], failure: Failure, connection: Connection) -> None:
        work(connection)
        if failure is Failure.DURING:
            raise self.life.end()
        _failing("SQLITE_IOERR_WRITE", "disk I/O error")(connection)


@cache
def _first(_: str) -> list[Engine]:
    """Return a place for the first engine of its kind in this process."""
    return []


def _compiled_once(engine: Engine) -> None:
    """Let all engines know what one of them compiled: else each life of a simulated process begins anew."""
    first = _first(engine.dialect.name)
    first.append(engine) if not first else None
    engine.dialect, engine._compiled_cache = first[0].dialect, first[0]._compiled_cache


def _failing(name: str, words: str) -> Callable[[Connection], Any]:
    """Return work that fails as SQLite does, under its *name* for the error."""

    def work(_: Connection) -> None:
        cause = sqlite3.OperationalError(words)
        cause.sqlite_errorname = name
        raise OperationalError("COMMIT", None, cause)

    return work


def _label(work: Callable[[Connection], Any]) -> str:
    """Name a transaction by the method that asks for it, as `IntentTable.open`."""
    return work.__qualname__.partition(".<locals>")[0]


def _hear(
    heard: list[str], _connection: Connection, _cursor: object, statement: str, parameters: object, *_: object
) -> None:
    if statement.startswith(_WRITES):
        given: object = dict(parameters) if isinstance(parameters, Mapping) else parameters
        heard.append(f"{' '.join(statement.split())} {given!r}")
