"""The store of the partner's one writer: what is remembered is read once, and again after each change.

Only for who holds the writer lock: nobody else changes it meanwhile.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager

from controller.loop.ports import History, Hold, Intents, Memories, Revisions, Statuses, Store
from controller.model.history import WriteRecord
from controller.model.memory import Intent, Memory, MemoryUpdate


class CachedStore:
    """A store that knows by heart what it would read for each upstream."""

    def __init__(self, store: Store) -> None:
        self._store = store
        heart = _Cache()
        self.memories: Memories = _Memories(store.memories, heart)
        self.intents: Intents = _Intents(store.intents, heart)
        self.history: History = _History(store.history, heart)

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
    """What was read and still counts; *changes* tells a read that something changed while it went on."""

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
    def __init__(self, memories: Memories, heart: _Cache) -> None:
        self._memories = memories
        self._heart = heart

    async def read(self, upstream: str) -> Memory:
        found = self._heart.known.get(upstream)
        if found is None:
            before = self._heart.changes
            found = await self._memories.read(upstream)
            if self._heart.changes == before:
                self._heart.known[upstream] = found
        return found

    async def note(self, upstream: str, notes: Sequence[MemoryUpdate]) -> None:
        if notes:
            with self._heart.changing():
                await self._memories.note(upstream, notes)


class _Intents:
    def __init__(self, intents: Intents, heart: _Cache) -> None:
        self._intents = intents
        self._heart = heart

    async def open(self, upstream: str, phone: str, name: str) -> Intent:
        with self._heart.changing():
            return await self._intents.open(upstream, phone, name)

    async def end(self, upstream: str, intent_id: int) -> None:
        with self._heart.changing():
            await self._intents.end(upstream, intent_id)

    async def adopt_orphans(self, upstream: str) -> int:
        with self._heart.changing():
            return await self._intents.adopt_orphans(upstream)


class _History:
    """The last answers to links are part of what is remembered."""

    def __init__(self, history: History, heart: _Cache) -> None:
        self._history = history
        self._heart = heart

    async def begin(self, upstream: str, entry: WriteRecord) -> int:
        return await self._history.begin(upstream, entry)

    async def finish(self, number: int, outcome: str, message: str) -> None:
        with self._heart.changing():
            await self._history.finish(number, outcome, message)

    async def drop(self, number: int) -> None:
        await self._history.drop(number)
