"""Sharing partners with other replicas: seen every few seconds, missed while the store is away."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field

from controller.core.replicas.election import REJOIN_GRACE, Acquire, WaitUntil
from controller.errors import StoreError
from controller.loop.run.replicas import EVERY, ReplicaMember, SingleReplica
from controller.model.replica import Peers
from tests.clock import FakeClock

P = "https://partner.gupshup.io#1"


@dataclass
class Rows:
    """The rows of a store that may be *away*; nobody else has one."""

    clock: FakeClock
    away: bool = False
    here: bool = False
    beats: list[frozenset[str]] = field(default_factory=list)
    seen: asyncio.Event = field(default_factory=asyncio.Event)

    async def beat(self, candidate_for: Collection[str]) -> Peers:
        self.beats.append(frozenset(candidate_for))
        self.seen.set()
        if self.away:
            raise StoreError("the store is away")
        self.here = True
        return Peers("me", self.clock.now(), frozenset(candidate_for))

    async def leave(self) -> None:
        if self.away:
            raise StoreError("the store is away")
        self.here = False


async def sharing(rows: Rows, play: Callable[[ReplicaMember], Awaitable[None]]) -> None:
    stopping = asyncio.Event()
    shared = ReplicaMember(rows, rows.clock, stopping)
    keeping = asyncio.create_task(shared.run())
    await play(shared)
    stopping.set()
    async with asyncio.timeout(5):
        await keeping


async def beaten(rows: Rows) -> None:
    """Return after the next beat."""
    rows.seen.clear()
    async with asyncio.timeout(2 * EVERY):
        await rows.seen.wait()
    await asyncio.sleep(0)


def test_a_single_replica_is_always_elected() -> None:
    with SingleReplica().candidacy(P):
        assert SingleReplica().next_step(P) == Acquire()


async def test_a_new_candidacy_is_published_at_once() -> None:
    rows = Rows(FakeClock())

    async def play(shared: ReplicaMember) -> None:
        await beaten(rows)
        with shared.candidacy(P):
            assert shared.next_step(P) == WaitUntil(rows.clock.now() + 1, blind=True), (
                "nobody knows of it yet"
            )
            await beaten(rows)
            rows.clock.time += REJOIN_GRACE
            assert shared.next_step(P) == Acquire()
        await beaten(rows)

    await sharing(rows, play)
    assert rows.beats[:3] == [frozenset(), frozenset({P}), frozenset()]


async def test_a_replica_that_ends_cleanly_leaves_no_row() -> None:
    rows = Rows(FakeClock())
    await sharing(rows, lambda _: beaten(rows))
    assert not rows.here


async def test_an_unreachable_store_is_tried_again_and_no_lease_is_acquired_meanwhile() -> None:
    rows = Rows(FakeClock())

    async def play(shared: ReplicaMember) -> None:
        with shared.candidacy(P):
            await beaten(rows)
            rows.away = True
            rows.clock.time += 60
            await beaten(rows)
            await beaten(rows)
            assert shared.next_step(P) == WaitUntil(rows.clock.now() + 1, blind=True)
            rows.away = False
            await beaten(rows)
            assert not getattr(shared.next_step(P), "blind", False)

    await sharing(rows, play)


async def test_an_unreachable_store_does_not_keep_the_process_from_ending() -> None:
    rows = Rows(FakeClock(), away=True)
    await sharing(rows, lambda _: beaten(rows))
