"""The memory that a writer's store caches is never older than what another opening of the store reads."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from controller.edges.store.store import SqlStore, open_store
from controller.edges.store.tables.memory_cache import MemoryCache
from controller.errors import Locked
from controller.model.account import AccountFacts
from controller.model.health import AppHealth, WabaInfo
from controller.model.history import WriteRecord
from controller.model.manifest import AppId
from controller.model.memory import Bind, Binding, HealthRead, Memory, MemoryUpdate
from tests.clock import FakeClock

HERE, OTHER = "p@here", "p@there"
PHONE, OTHER_PHONE, NAME = "910000000001", "910000000002", "AppOne"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    async with open_store(tmp_path / "state.db", FakeClock()) as opened, opened.writer(HERE):
        yield opened


@pytest.fixture
async def truth(store: SqlStore) -> AsyncIterator[SqlStore]:
    """Another opening of the same store, which is no writer and caches nothing."""
    async with open_store(Path(store.place), FakeClock()) as opened:
        yield opened


def bind(app: str) -> Bind:
    return Bind(Binding(PHONE, AppId(app)))


def healthy(app: str, at: float) -> HealthRead:
    return HealthRead(AppId(app), AppHealth(WabaInfo(quality="GREEN"), at))


async def test_a_writer_reads_its_memory_once(store: SqlStore, truth: SqlStore) -> None:
    first = await store.memories.read(HERE)
    await store.memories.note(HERE, [])
    assert await store.memories.read(HERE) is first
    assert await truth.memories.read(HERE) is not await truth.memories.read(HERE)
    assert await store.memories.read(OTHER) is not await store.memories.read(OTHER)


Change = Callable[[SqlStore], Awaitable[object]]


async def answered(store: SqlStore) -> None:
    number = await store.history.begin(HERE, WriteRecord(1.0, "a test", "r1", "link", "App/a"))
    await store.memories.read(HERE)
    await store.history.finish(number, "failed", "no")


async def ended(store: SqlStore) -> None:
    intent = await store.intents.open(HERE, PHONE, NAME)
    await store.memories.read(HERE)
    await store.intents.end(HERE, intent.id)


async def adopted(store: SqlStore) -> None:
    await store.intents.open(HERE, PHONE, NAME)
    store.intents._under_way.clear()  # as if another process had died
    await store.memories.read(HERE)
    assert await store.intents.adopt_orphans(HERE) == 1


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda store: store.memories.note(HERE, [bind("a")]), id="a note"),
        pytest.param(lambda store: store.intents.open(HERE, PHONE, NAME), id="an intent"),
        pytest.param(ended, id="the end of an intent"),
        pytest.param(adopted, id="orphans that are adopted"),
        pytest.param(answered, id="an answer to a link"),
    ],
)
async def test_a_cached_memory_is_forgotten_with_each_change(
    store: SqlStore, truth: SqlStore, change: Change
) -> None:
    before = await store.memories.read(HERE)
    await change(store)
    assert await store.memories.read(HERE) == await truth.memories.read(HERE) != before


LATER = Binding(OTHER_PHONE, AppId("b"), missing_since=9.0)


@pytest.mark.parametrize(
    "notes",
    [
        pytest.param([healthy("b", 7.0)], id="health"),
        pytest.param([healthy("a", 8.0)], id="health that was known"),
        pytest.param([Bind(Binding(PHONE, AppId("a"), waba="3001"))], id="a WABA"),
        pytest.param([Bind(replace(LATER, app_id=AppId("c")))], id="another app"),
        pytest.param([Bind(LATER), healthy("b", 1.0), Bind(Binding(PHONE, AppId("a")))], id="several"),
    ],
)
async def test_what_a_sweep_tells_is_added_to_the_cached_memory(
    store: SqlStore, truth: SqlStore, notes: list[MemoryUpdate]
) -> None:
    """One app after the other: reading all rows anew for each one takes too long."""
    first: list[MemoryUpdate] = [bind("a"), Bind(replace(LATER, waba="3002")), healthy("a", 5.0)]
    await store.memories.note(HERE, first)
    before = await store.memories.read(HERE)
    await store.memories.note(HERE, notes)
    after = await store.memories.read(HERE)
    assert after.ledger is before.ledger, "it was not read again"
    assert after == await truth.memories.read(HERE) != before


async def test_a_dropped_line_of_the_history_leaves_the_cached_memory_true(
    store: SqlStore, truth: SqlStore
) -> None:
    number = await store.history.begin(HERE, WriteRecord(1.0, "a test", "r1", "link", "App/a"))
    await store.memories.read(HERE)
    await store.history.drop(number)
    assert await store.memories.read(HERE) == await truth.memories.read(HERE)


async def test_what_another_process_told_of_the_account_is_read(store: SqlStore, truth: SqlStore) -> None:
    """Any process may tell it, the writer or not: a plan by hand learns that the terms are pending."""
    first = await store.memories.read(HERE)
    await truth.memories.tell(HERE, AccountFacts(terms_accepted=False, at=5.0))
    seen = await store.memories.read(HERE)
    assert (seen.account.terms_accepted, seen.bindings is first.bindings) == (False, True)
    assert seen == await truth.memories.read(HERE)
    assert await store.memories.read(HERE) is seen


async def test_a_memory_is_cached_only_while_its_writer_is_at_work(store: SqlStore) -> None:
    async with store.writer(OTHER):
        first = await store.memories.read(OTHER)
        assert await store.memories.read(OTHER) is first
    assert await store.memories.read(OTHER) is not first


class Reads:
    """A read that counts, and that waits for *go_on* if *pausing* is set."""

    def __init__(self) -> None:
        self.count = 0
        self.began, self.go_on = asyncio.Event(), asyncio.Event()

    async def __call__(self, known: Memory | None) -> Memory:
        self.count += known is None
        return known or Memory()

    async def slowly(self, known: Memory | None) -> Memory:
        self.began.set()
        await self.go_on.wait()
        return await self(known)


async def test_a_failed_change_empties_the_cached_memory() -> None:
    cache, read = MemoryCache(), Reads()
    with cache.keeping(HERE):
        await cache.read(HERE, read)
        with pytest.raises(Locked), cache.changing(HERE, lambda memory: memory):
            raise Locked("it was written, and the lock is gone")
        await cache.read(HERE, read)
    assert read.count == 2


@pytest.mark.parametrize("other", [None, HERE, OTHER])
async def test_a_change_that_another_one_overlaps_is_read_again(other: str | None) -> None:
    cache, read = MemoryCache(), Reads()
    with cache.keeping(HERE):
        await cache.read(HERE, read)
        with cache.changing(HERE, lambda memory: memory), cache.changing(other):
            pass
        await cache.read(HERE, read)
    assert read.count == 2


async def test_a_change_that_ends_after_its_writers_turn_is_not_kept() -> None:
    cache, read = MemoryCache(), Reads()
    with cache.keeping(HERE):
        await cache.read(HERE, read)
        change = cache.changing(HERE, lambda memory: memory)
        change.__enter__()
    change.__exit__(None, None, None)
    await cache.read(HERE, read)
    await cache.read(HERE, read)
    assert read.count == 3


async def test_a_change_forgets_no_other_upstream() -> None:
    cache, read = MemoryCache(), Reads()
    with cache.keeping(HERE), cache.keeping(OTHER):
        await cache.read(HERE, read)
        with cache.changing(OTHER):
            pass
        await cache.read(HERE, read)
    assert read.count == 1


@pytest.mark.parametrize("overtaking", ["a change", "another writer's turn"])
async def test_a_read_that_was_overtaken_is_not_cached(overtaking: str) -> None:
    cache, read = MemoryCache(), Reads()
    with cache.keeping(HERE):
        reading = asyncio.create_task(cache.read(HERE, read.slowly))
        await read.began.wait()
        if overtaking == "a change":
            with cache.changing():
                pass
    with cache.keeping(HERE):
        read.go_on.set()
        stale = await reading
        assert await cache.read(HERE, read) is not stale
    assert read.count == 2
