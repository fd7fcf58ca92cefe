"""Replicas on a real server: each knows who else is alive, what they stand for, and who holds what."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from controller.edges.store import SqlStore, open_store
from controller.edges.store.postgresql.leases import Terms
from controller.edges.store.postgresql.replicas import TTL, ReplicaTable
from controller.model.replica import Peers
from tests.builders.upstream import HERE, THEM
from tests.clock import FakeClock
from tests.edges.engines import Engine, on_postgresql
from tests.postgresql import Server

TERMS = Terms(ttl=10.0, guard=2.0, every=1e9)


@pytest.fixture
def engine(server: Server, pretended: str) -> Iterator[Engine]:
    with on_postgresql(server, pretended) as engine:
        yield engine


@pytest.fixture
async def three(engine: Engine) -> AsyncIterator[list[SqlStore]]:
    """Open the store in three processes, whose clocks differ by days."""
    async with AsyncExitStack() as stack:
        clocks = [FakeClock(offset=days * 86_400.0) for days in (0, -3, 5)]
        yield [
            await stack.enter_async_context(open_store(engine.location, clock, inline=True, terms=TERMS))
            for clock in clocks
        ]


def replicas(store: SqlStore) -> ReplicaTable:
    assert store.replicas is not None
    return store.replicas


def told(roster: Peers) -> tuple[str, float]:
    """Return who has, or had, the lease of HERE, and in how many seconds that ends."""
    held = roster.leases[HERE]
    return held.holder, round(held.until - roster.at, 3)


async def beat(store: SqlStore, *stands: str) -> Peers:
    return await replicas(store).beat(stands)


async def test_a_replica_with_heartbeats_is_seen_with_its_candidacies(three: list[SqlStore]) -> None:
    one, two, _ = three
    alone = await beat(one, HERE)
    assert not alone.others
    assert not alone.leases
    assert alone.candidate_for == {HERE}
    seen = await beat(two, HERE, THEM)
    assert [(each.name, each.candidate_for) for each in seen.others] == [(alone.me, frozenset({HERE}))]
    again = await beat(one)
    assert [(each.name, each.candidate_for) for each in again.others] == [(seen.me, frozenset({HERE, THEM}))]
    assert (await beat(two)).others[0].candidate_for == frozenset()


async def test_a_replica_without_heartbeats_is_dead_after_a_while(
    three: list[SqlStore], engine: Engine
) -> None:
    one, two, _ = three
    await beat(one, HERE)
    seen = await beat(two)
    assert seen.at == FakeClock(offset=-3 * 86_400.0).now(), "on our own clock"
    assert round(seen.others[0].until - seen.at, 3) == TTL
    engine.clock.time += TTL - 0.1
    assert len((await beat(two)).others) == 1
    engine.clock.time += 0.2
    assert (await beat(two)).others == ()
    await beat(one, HERE)
    assert len((await beat(two)).others) == 1, "and alive again once it does"


async def test_a_replica_that_leaves_is_gone_at_once(three: list[SqlStore]) -> None:
    one, two, _ = three
    await beat(one)
    await replicas(one).leave()
    assert (await beat(two)).others == ()


async def test_dead_replicas_are_deleted_and_the_own_one_is_not(
    three: list[SqlStore], engine: Engine, server: Server
) -> None:
    one, two, _ = three
    await beat(one)
    await beat(two)
    engine.clock.time += 2 * 3600
    await beat(two)
    with server.connect(_database(engine)) as connection:
        assert connection.execute("SELECT count(*) FROM gupshup_controller.replicas").fetchone() == (1,)


async def test_the_holder_and_the_end_of_each_lease_are_seen(three: list[SqlStore], engine: Engine) -> None:
    one, two, third = three
    me = (await beat(one)).me
    async with one.writer(HERE), two.writer(THEM):
        seen = await beat(third)
        assert told(seen) == (me, TERMS.ttl)
        assert seen.leases[THEM].holder not in {me, seen.me, ""}
        engine.clock.time += 12
        assert told(await beat(third)) == (me, -2.0), "it died 2 s ago"


async def test_a_released_lease_shows_since_when_it_is_free(three: list[SqlStore], engine: Engine) -> None:
    one, _, third = three
    async with one.writer(HERE):
        engine.clock.time += 3
    engine.clock.time += 4
    assert told(await beat(third)) == ("", -4.0)
    engine.clock.time += 120
    assert (await beat(third)).leases == {}, "long ago is as good as never"


async def test_a_store_on_one_machine_has_no_replicas(tmp_path: Path) -> None:
    async with open_store(tmp_path / "state.db", FakeClock(), inline=True) as store:
        assert store.replicas is None


def _database(engine: Engine) -> str:
    return engine.real.partition("@/")[2].partition("?")[0]
