"""Cache of the memories of upstreams whose one writer this process is: no other process changes them."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from controller.model.memory import Memory


class MemoryCache:
    """Memories as they were last read, each until anything changes."""

    def __init__(self) -> None:
        self._memories: dict[str, Memory | None] = {}
        self._changes = 0

    @contextmanager
    def keeping(self, upstream: str) -> Iterator[None]:
        """Cache the memory of *upstream* within the block, in which this process is its writer."""
        self._forget()
        self._memories[upstream] = None
        try:
            yield
        finally:
            self._memories.pop(upstream, None)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Forget every memory, also after a change that failed: it may have happened all the same."""
        self._forget()
        try:
            yield
        finally:
            self._forget()

    async def read(self, upstream: str, read: Callable[[], Awaitable[Memory]]) -> Memory:
        """Return the memory of *upstream*. One that a change overtook is returned, and not kept."""
        memory = self._memories.get(upstream)
        if memory is None:
            before = self._changes
            memory = await read()
            if upstream in self._memories and self._changes == before:
                self._memories[upstream] = memory
        return memory

    def _forget(self) -> None:
        self._memories = dict.fromkeys(self._memories)
        self._changes += 1
