"""The databases that a store may lie in, each with a clock that tests set."""

import math
from asyncio import get_running_loop
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from controller.edges.store import SqlStore, open_store
from controller.edges.store.postgresql.leases import Terms
from tests.clock import FakeClock
from tests.postgresql import Server

FOR_EVER = Terms(ttl=1e9, guard=0.0, every=math.inf)
_PRETENDED = """
CREATE SCHEMA pretended;
CREATE TABLE pretended.clock (now float8);
INSERT INTO pretended.clock VALUES (1700000000);
CREATE FUNCTION pretended.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
    AS 'SELECT pg_catalog.to_timestamp(now) FROM pretended.clock';
"""


@dataclass
class ServersClock(FakeClock):
    """A clock that takes the server's along: both are moved by hand."""

    server: "psycopg.Connection[tuple[object, ...]] | None" = None

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name in {"time", "server"} and getattr(self, "server", None) is not None:
            assert self.server is not None
            self.server.execute("UPDATE pretended.clock SET now = %s", (self.time,))

    async def sleep(self, seconds: float) -> None:
        if math.isinf(seconds):
            await get_running_loop().create_future()
        await super().sleep(seconds)


@dataclass
class Engine:
    """One place for a store. *location* goes by a clock from `clock`, *real* by the machine's."""

    kind: str
    location: str
    real: str
    clock: FakeClock = field(default_factory=FakeClock)

    def open(self, clock: FakeClock | None = None) -> SqlStore:
        return open_store(self.location, clock or self.clock, inline=True, terms=FOR_EVER)


@contextmanager
def on_sqlite(folder: Path) -> Iterator[Engine]:
    path = str(folder / "state.db")
    yield Engine("sqlite", path, path)


@contextmanager
def on_postgresql(server: Server, name: str) -> Iterator[Engine]:
    """Give the database *name*, emptied; its clock stands still unless it is set."""
    with server.connect(name) as connection:
        connection.execute("DROP SCHEMA IF EXISTS gupshup_controller CASCADE")
        there = server.url(name, options="-csearch_path%3Dpretended,pg_catalog")
        yield Engine("postgresql", there, server.url(name), ServersClock(server=connection))


def pretending(server: Server) -> str:
    """Make a database whose server's clock is pretended, and return its name."""
    name = server.database()
    with server.connect(name) as connection:
        connection.execute(_PRETENDED)
    return name
