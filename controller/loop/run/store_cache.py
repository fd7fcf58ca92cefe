"""Store of the partner's one writer: the memory is read once, and again after each change.

Only for the holder of the writer lock: no other process changes the memory meanwhile.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager

from controller.loop.ports import History, Hold, Intents, Memories, Revisions, Statuses, Store
from controller.model.history import WriteRecord
from controller.model.memory import Intent, Memory, MemoryUpdate


class CachedStore:
    """A store that caches the memory of each upstream."""

    def __init__(self, store: Store) -> None:
        self._store = store
        cache = _Cache()
        self.memories: Memories = _Memories(store.memories, cache)
        self.intents: Intents = _Intents(store.intents, cache)
        self.history: History = _History(store.history, cache)

    @property
    def statuses(self) -> Statuses:
        return self._store.statuses

    @property
    def revisions(self) -> Revisions:
        return self._store.revisions

    def keyed_digest(self, text: str) -> str:
        return self._store.keyed_digest(text)

    def writer(self, upstream: str, timeout: float = 0.0) -> AbstractAsyncContextManager[Hold]:
        return self._store.writer(upstream, timeout)


class _Cache:
    """Memories that were read and still count. *changes* shows a read whether one changed meanwhile."""

    def __init__(self) -> None:
        self.known: dict[str, Memory] = {}
        self.changes = 0

    @contextmanager
    def changing(self) -> Iterator[None]:
        self._forget()
        try:
            yield
        finally:
            self._forget()

    def _forget(self) -> None:
        self.known.clear()
        self.changes += 1


class _Memories:
    def __init__(self, memories: Memories, cache: _Cache) -> None:
        self._memories = memories
        self._cache = cache

    async def read(self, upstream: str) -> Memory:
        memory = self._cache.known.get(upstream)
        if memory is None:
            before = self._cache.changes
            memory = await self._memories.read(upstream)
            if self._cache.changes == before:
                self._cache.known[upstream] = memory
        return memory

    async def note(self, upstream: str, notes: Sequence[MemoryUpdate]) -> None:
        if notes:
            with self._cache.changing():
                await self._memories.note(upstream, notes)


class _Intents:
    def __init__(self, intents: Intents, cache: _Cache) -> None:
        self._intents = intents
        self._cache = cache

    async def open(self, upstream: str, phone: str, name: str) -> Intent:
        with self._cache.changing():
            return await self._intents.open(upstream, phone, name)

    async def end(self, upstream: str, intent_id: int) -> None:
        with self._cache.changing():
            await self._intents.end(upstream, intent_id)

    async def adopt_orphans(self, upstream: str) -> int:
        with self._cache.changing():
            return await self._intents.adopt_orphans(upstream)


class _History:
    """A finished write changes the memory, too: the last answers to links are a part of it."""

    def __init__(self, history: History, cache: _Cache) -> None:
        self._history = history
        self._cache = cache

    async def begin(self, upstream: str, entry: WriteRecord) -> int:
        return await self._history.begin(upstream, entry)

    async def finish(self, number: int, outcome: str, message: str) -> None:
        with self._cache.changing():
            await self._history.finish(number, outcome, message)

    async def drop(self, number: int) -> None:
        await self._history.drop(number)
