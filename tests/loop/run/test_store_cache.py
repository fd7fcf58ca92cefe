"""What the one writer knows by heart is never older than what its store would say."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from controller.errors import Locked
from controller.loop import ports
from controller.loop.run.store_cache import CachedStore
from controller.model.history import WriteRecord
from controller.model.manifest import AppId
from controller.model.memory import Bind, Binding, Intent, Memory, MemoryUpdate
from tests.builders.upstream import HERE
from tests.loop.apply_fixture import Bench, bench

PHONE, NAME = "910000000001", "AppOne"


class Counting:
    """Memories that count how often they are read, each time as slowly as *pace* says."""

    def __init__(self, memories: ports.Memories) -> None:
        self._memories = memories
        self.reads = 0
        self.pace: Callable[[], Awaitable[object]] | None = None
        self.fails = False

    async def read(self, upstream: str) -> Memory:
        self.reads += 1
        found = await self._memories.read(upstream)
        if self.pace is not None:
            await self.pace()
        return found

    async def note(self, upstream: str, notes: Sequence[MemoryUpdate]) -> None:
        await self._memories.note(upstream, notes)
        if self.fails:
            raise Locked("it was written, and the lock is gone")


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(tmp_path / "state.db") as found, found.store.writer(HERE):
        yield found


def by_heart(there: Bench) -> tuple[CachedStore, Counting]:
    counting = Counting(there.store.memories)
    store = there.store
    store.memories = counting  # type: ignore[assignment]  # the same, and it counts
    return CachedStore(store), counting


def bind(app: str) -> Bind:
    return Bind(Binding(PHONE, AppId(app)))


async def test_what_was_read_is_not_read_again(there: Bench) -> None:
    known, counting = by_heart(there)
    first = await known.memories.read(HERE)
    assert await known.memories.read(HERE) is first
    await known.memories.note(HERE, [])
    assert await known.memories.read(HERE) is first
    assert counting.reads == 1


Change = Callable[[CachedStore], Awaitable[object]]


async def answered(known: CachedStore) -> None:
    number = await known.history.begin(HERE, WriteRecord(1.0, "a test", "r1", "link", "App/a"))
    await known.memories.read(HERE)
    await known.history.finish(number, "failed", "no")


async def ended(known: CachedStore) -> None:
    intent: Intent = await known.intents.open(HERE, PHONE, NAME)
    await known.memories.read(HERE)
    await known.intents.end(HERE, intent.id)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda known: known.memories.note(HERE, [bind("a")]), id="a note"),
        pytest.param(lambda known: known.intents.open(HERE, PHONE, NAME), id="an intent"),
        pytest.param(ended, id="its end"),
        pytest.param(answered, id="an answer to a link"),
    ],
)
async def test_after_any_change_it_says_what_the_store_says(there: Bench, change: Change) -> None:
    known, _ = by_heart(there)
    before = await known.memories.read(HERE)
    await change(known)
    after = await known.memories.read(HERE)
    assert after == await there.store.memories.read(HERE) != before


async def test_orphans_that_were_adopted_are_known(there: Bench) -> None:
    await there.store.intents.open(HERE, PHONE, NAME)
    there.store.intents._going_on.clear()  # as if another process had died
    known, _ = by_heart(there)
    assert (await known.memories.read(HERE)).intents[PHONE].ended is None
    assert await known.intents.adopt_orphans(HERE) == 1
    assert (await known.memories.read(HERE)).intents[PHONE].ended is not None


async def test_a_line_that_is_dropped_changes_nothing_that_is_remembered(there: Bench) -> None:
    known, _ = by_heart(there)
    number = await known.history.begin(HERE, WriteRecord(1.0, "a test", "r1", "link", "App/a"))
    await known.memories.read(HERE)
    await known.history.drop(number)
    assert await known.memories.read(HERE) == await there.store.memories.read(HERE)


async def test_a_change_that_failed_may_have_happened_all_the_same(there: Bench) -> None:
    known, counting = by_heart(there)
    await known.memories.read(HERE)
    counting.fails = True
    with pytest.raises(Locked):
        await known.memories.note(HERE, [bind("a")])
    assert (await known.memories.read(HERE)).bindings[PHONE].app_id == "a"


async def test_a_read_that_a_change_overtook_is_not_kept(there: Bench) -> None:
    known, counting = by_heart(there)
    began, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> None:
        began.set()
        await go_on.wait()

    counting.pace = slowly
    reading = asyncio.create_task(known.memories.read(HERE))
    await began.wait()
    counting.pace = None
    await known.memories.note(HERE, [bind("a")])
    go_on.set()
    assert (await reading).bindings == {}
    assert (await known.memories.read(HERE)).bindings[PHONE].app_id == "a"


async def test_the_rest_of_the_store_is_the_store(there: Bench) -> None:
    known, _ = by_heart(there)
    assert known.statuses is there.store.statuses
    assert known.revisions is there.store.revisions
    assert known.keyed_digest("a") == there.store.keyed_digest("a")
    with pytest.raises(Locked):
        async with known.writer(HERE):
            pass
