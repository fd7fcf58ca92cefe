"""Cache of the memories of upstreams whose one writer this process is.

No other process changes them, but for what sign-ins tell of the account.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from controller.model.memory import Memory


def _unknown(_: Memory) -> None:
    """Return what a memory is after a change that only the database knows: None."""


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
    def changing(
        self, upstream: str | None = None, changed: Callable[[Memory], Memory | None] = _unknown
    ) -> Iterator[None]:
        """Forget the memory of *upstream*, or of all, also after a change that failed: it may have happened.

        *changed* makes the same change to a memory, and returns None if it cannot. Its result is kept if no
        other change came between.
        """
        known = None if upstream is None else self._memories.get(upstream)
        self._forget(upstream)
        begun = self._changes
        try:
            yield
        finally:
            alone = self._changes == begun
            self._forget(upstream)
        if alone and upstream in self._memories and known is not None:
            self._memories[upstream] = changed(known)

    async def read(self, upstream: str, read: Callable[[Memory | None], Awaitable[Memory]]) -> Memory:
        """Return what *read* makes of the cached memory, None without one. It is kept unless overtaken."""
        before = self._changes
        memory = await read(self._memories.get(upstream))
        if upstream in self._memories and self._changes == before:
            self._memories[upstream] = memory
        return memory

    def _forget(self, upstream: str | None = None) -> None:
        self._memories |= {name: None for name in self._memories if upstream in {None, name}}
        self._changes += 1
