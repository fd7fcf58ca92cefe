"""The store: what survives a crash. Every method returns when its work is on disk, or raises StoreError."""

import hashlib
import hmac
import uuid
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from sqlalchemy import Connection, select

from controller.edges.store.calls import Calls, anchor
from controller.edges.store.database import Database
from controller.edges.store.intents import Intents
from controller.edges.store.location import store_file
from controller.edges.store.lock import Hold, writer
from controller.edges.store.memories import Memories
from controller.edges.store.opening import opened
from controller.edges.store.records import History, Spent, Statuses
from controller.edges.store.schema import meta
from controller.edges.store.sources import Hints, Revisions
from controller.errors import StoreError


class Clock(Protocol):
    """What the store asks of a clock; *boot* as in `clock.SystemClock`, "" for a pretended one."""

    boot: str

    def now(self) -> float: ...

    def monotonic(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


class Store:
    """One store, by what is in it. *new* tells that it was made just now: nothing is remembered yet."""

    def __init__(self, database: Database, clock: Clock, *, key: bytes, offset: float, new: bool) -> None:
        self.path = database.path
        self.new = new
        self._database = database
        self._clock = clock
        self._key = key
        self.calls = Calls(database, clock, offset)
        self.memories = Memories(database)
        self.intents = Intents(database, clock.now, uuid.uuid4().hex)
        self.history = History(database, clock.now)
        self.statuses = Statuses(database, clock.now)
        self.spent = Spent(database, clock.now)
        self.revisions = Revisions(database)
        self.hints = Hints(database, clock.now)

    def keyed_digest(self, text: str) -> str:
        """Return a digest (hex) that is worth nothing without this store's key: it may stand for a secret."""
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()

    def writer(self, upstream: str, timeout: float = 0.0) -> AbstractAsyncContextManager[Hold]:
        """Be the one writer of *upstream* for a while; Locked where another is one for *timeout* seconds.

        The lock dies with its process. It is no lock against a second task that shares it.
        """
        name = hashlib.sha256(upstream.encode()).hexdigest()[:16]
        return writer(self.path.with_name(f"{self.path.name}.{name}.writer"), self._clock, timeout, upstream)

    async def reachable(self) -> None:
        """Return when the store answers; StoreError where it does not."""
        await self._database.read(lambda connection: connection.execute(select(meta.c.name)).first())

    async def close(self) -> None:
        await self._database.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def open_store(location: str | Path, clock: Clock, *, inline: bool = False) -> Store:
    """Open the store at *location* (a path or `sqlite:///path`), made where there is none.

    Blocks, for moments. *inline* keeps its work in the caller's thread, for simulated time. Usage for another
    kind of store, StoreError for one that is damaged, foreign, newer, unreadable or unwritable.
    """
    path = store_file(str(location))
    engine, new = opened(path)
    database = Database(path, engine, inline=inline)
    try:
        offset, key = database.at_once(lambda connection: (anchor(connection, clock), _key(connection)))
    except StoreError:
        engine.dispose()
        raise
    return Store(database, clock, key=key, offset=offset, new=new)


def _key(connection: Connection) -> bytes:
    found = connection.execute(select(meta.c.value).where(meta.c.name == "key")).scalar_one_or_none()
    if not found:
        raise StoreError("the store has lost its key: restore a copy (docs/store.md)")
    return bytes.fromhex(found)
