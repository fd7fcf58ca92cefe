"""Leases on a real server: who writes, until when, and that a holder stops before others begin."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar

import pytest
from sqlalchemy import Connection
from sqlalchemy.engine import URL

from controller.edges.store import SqlStore, open_store
from controller.edges.store.database import Database
from controller.edges.store.location import located
from controller.edges.store.postgresql.leases import Lease, LeaseTable, Terms
from controller.edges.store.postgresql.server import PostgresqlDialect, connect
from controller.errors import Locked
from controller.model.history import WriteRecord
from controller.model.manifest import AppId
from controller.model.memory import Bind, Binding
from tests.builders.upstream import HERE, THEM
from tests.clock import FakeClock
from tests.edges.engines import Engine, ServersClock, on_postgresql
from tests.postgresql import Server

T = TypeVar("T")

BOUND = Bind(Binding("919876543210", AppId("app-1")))
TERMS = Terms(ttl=10.0, guard=2.0, every=1e9)
"""Nobody renews: time is what the test says."""


@dataclass
class Two:
    """Two processes on one store. Each has a clock of its own, and the server its own one."""

    engine: Engine
    servers: ServersClock
    one: SqlStore
    one_clock: FakeClock
    other: SqlStore

    def advance(self, seconds: float) -> None:
        self.servers.time += seconds
        self.one_clock.time += seconds


@pytest.fixture
def engine(server: Server, pretended: str) -> Iterator[Engine]:
    with on_postgresql(server, pretended) as engine:
        yield engine


@pytest.fixture
async def two(engine: Engine) -> AsyncIterator[Two]:
    clock = FakeClock()
    assert isinstance(engine.clock, ServersClock)
    async with (
        open_store(engine.location, clock, inline=True, terms=TERMS) as one,
        open_store(engine.location, FakeClock(), inline=True, terms=TERMS) as other,
    ):
        yield Two(engine, engine.clock, one, clock, other)


async def test_a_lease_keeps_others_out_and_shows_its_holder(two: Two) -> None:
    async with two.one.writer(HERE) as hold:
        assert hold.holds()
        with pytest.raises(Locked, match=r"another writer holds it: pid \d+, .*since 2023-"):
            async with two.other.writer(HERE):
                pytest.fail("two writers")
        async with two.other.writer(THEM):
            pass
    async with two.other.writer(HERE):
        pass


async def test_the_holder_of_a_lease_stops_before_others_begin(two: Two) -> None:
    async with two.one.writer(HERE) as hold:
        two.advance(7.9)
        assert hold.holds()
        two.advance(0.1)
        assert not hold.holds(), "by its own clock, and nobody can have it yet"
        with pytest.raises(Locked):
            async with two.other.writer(HERE):
                pytest.fail("two writers")
        two.advance(2.0)
        async with two.other.writer(HERE) as second:
            assert second.holds()
            assert not hold.holds()


async def test_a_lease_counts_from_when_it_was_asked_for_however_late_the_answer_comes() -> None:
    """The server counts from some moment in between; the holder has to stop before that is over."""
    clock = FakeClock()
    lease = Lease(clock, TERMS, "one")
    asked = clock.monotonic()
    clock.time += 7
    lease.granted(1, asked)
    assert lease.holds()
    clock.time += 1
    assert not lease.holds()


async def test_a_renewal_counts_from_when_it_was_asked_for_too() -> None:
    clock = FakeClock()
    lease = Lease(clock, TERMS, "one")
    lease.granted(1, clock.monotonic())
    clock.time += 4
    asked = clock.monotonic()
    clock.time += 3
    lease.renewed(1, asked)
    clock.time += 4.9
    assert lease.holds()
    clock.time += 0.1
    assert not lease.holds()


@pytest.mark.parametrize("set_by", [-86_400.0, -10.0, 10.0, 86_400.0])
async def test_a_wall_clock_that_is_set_changes_nothing_about_a_lease(two: Two, set_by: float) -> None:
    async with two.one.writer(HERE) as hold:
        two.one_clock.offset += set_by
        two.advance(7.9)
        assert hold.holds()
        two.advance(0.2)
        assert not hold.holds()


class Slow(Database):
    """Answers only after so many *seconds* of the caller's clock."""

    clock: FakeClock
    seconds = 0.0

    async def write(self, work: Callable[[Connection], T], upstream: str | None) -> T:
        answer = await super().write(work, upstream)
        self.clock.time += self.seconds
        return answer


@dataclass
class Paced(FakeClock):
    """A clock whose sleeper sleeps only when the test says so."""

    turns: "asyncio.Queue[None]" = field(default_factory=asyncio.Queue)

    async def sleep(self, seconds: float) -> None:
        await self.turns.get()
        await super().sleep(seconds)
        self.turns.task_done()


@asynccontextmanager
async def slow(engine: Engine, clock: FakeClock, terms: Terms) -> AsyncIterator[tuple[Slow, LeaseTable]]:
    async with engine.open():  # which makes the tables
        pass
    url = located(engine.location)
    assert isinstance(url, URL)
    database = Slow(PostgresqlDialect(url), connect(url), inline=True)
    database.clock = clock
    leases = LeaseTable(database, clock, terms, "one")
    yield database, leases
    await leases.close()


async def test_a_lease_from_a_slow_server_counts_from_the_request(engine: Engine) -> None:
    clock = FakeClock()
    async with slow(engine, clock, TERMS) as (database, leases):
        database.seconds = 7.0
        async with leases.hold(HERE, 0.0) as hold:
            database.seconds = 0.0
            assert hold.holds()
            clock.time += 1.0
            assert not hold.holds()


async def test_a_renewal_on_a_slow_server_counts_from_the_request(engine: Engine) -> None:
    clock = Paced()
    began = clock.time
    async with (
        slow(engine, clock, replace(TERMS, every=2.5)) as (database, leases),
        leases.hold(HERE, 0.0) as hold,
    ):
        database.seconds = 4.0
        clock.turns.put_nowait(None)
        while clock.time < began + 2.5 + 4.0:  # noqa: ASYNC110  (a renewal tells nobody that it is over)
            await asyncio.sleep(0)
        clock.time = began + 2.5 + 7.9
        assert hold.holds()
        clock.time += 0.1
        assert not hold.holds()
        database.seconds = 0.0


async def test_a_process_that_lost_its_lease_writes_nothing_to_the_store(two: Two) -> None:
    async with two.one.writer(HERE):
        await two.one.memories.note(HERE, [BOUND])
        two.servers.time += 10.0
        async with two.other.writer(HERE):
            with pytest.raises(Locked, match="does not hold the lease of the writer any more"):
                await two.one.memories.note(HERE, [BOUND])
            with pytest.raises(Locked):
                await two.one.history.begin(HERE, WriteRecord(1.0, "ann", "r1", "link", "acme"))
            with pytest.raises(Locked):
                await two.one.intents.open(HERE, "919876543210", "Acme")
            await two.other.memories.note(HERE, [BOUND])
    assert await two.other.history.read(HERE) == ()


async def test_a_lost_lease_is_not_released_for_its_new_holder(two: Two) -> None:
    async with two.one.writer(HERE):
        two.advance(10.0)
        second = two.other.writer(HERE)
        await second.__aenter__()
    with pytest.raises(Locked):
        async with two.one.writer(HERE):
            pytest.fail("two writers")
    await second.__aexit__(None, None, None)


async def test_an_open_intent_counts_as_unclear_for_the_next_holder(two: Two) -> None:
    async with two.one.writer(HERE):
        await two.one.intents.open(HERE, "919876543210", "Acme")
        two.advance(10.0)
        async with two.other.writer(HERE):
            assert await two.other.intents.adopt_orphans(HERE) == 1


async def test_leases_work_although_the_clocks_of_machines_disagree(two: Two) -> None:
    two.one_clock.offset = -86_400.0
    async with two.one.writer(HERE) as hold:
        assert hold.holds()
        with pytest.raises(Locked):
            async with two.other.writer(HERE):
                pytest.fail("two writers")
    await two.one.hints.leave(HERE, "acme", "event")
    (hint,) = await two.other.hints.take(HERE)
    assert round(hint.at - FakeClock().now(), 3) == 0.0, "on the clock of whoever takes it"
