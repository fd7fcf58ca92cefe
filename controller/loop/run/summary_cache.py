"""How each upstream's resources stand, as the store says; counted anew when a pass may have moved them."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Protocol

from controller.core.render.statuses import read_documents
from controller.core.status.summary import FleetSummary, summarize
from controller.model.clock import Clock
from controller.model.passes import Pass

FRESH = 10.0
"""Seconds for which a census counts, whatever happens meanwhile."""

STALE = 60.0
"""Seconds after which it is taken again, although nothing was heard: another replica may have written."""


class StatusReader(Protocol):
    async def read(self, upstream: str) -> dict[str, str]: ...


class IntentCounter(Protocol):
    async def counted(self) -> dict[str, int]: ...


class SummaryStore(Protocol):
    """What is asked of the store (`edges.store.SqlStore`)."""

    @property
    def statuses(self) -> StatusReader: ...
    @property
    def intents(self) -> IntentCounter: ...


class SummaryCache:
    """What is known of every upstream in use; *each* tells every resource apart."""

    def __init__(self, store: SummaryStore, clock: Clock, *, each: bool = False) -> None:
        self._store = store
        self._clock = clock
        self._each = each
        self._taken: dict[str, tuple[float, FleetSummary]] = {}
        self._moved: set[str] = set()
        self.open_intents: Mapping[str, int] = {}

    def on_pass(self, over: Pass) -> None:
        """Listen to passes: what one of them moved is counted again when it is next asked for."""
        if over.transitions or over.results:
            self._moved.add(over.upstream)

    async def refresh(self, upstreams: Iterable[str]) -> None:
        """Bring the censuses of *upstreams* up to date, and forget all others. Raises StoreError."""
        wanted = sorted({upstream for upstream in upstreams if upstream})
        for upstream in wanted:
            if self._due(upstream):
                await self._take(upstream)
        self._taken = {upstream: taken for upstream, taken in self._taken.items() if upstream in wanted}
        self._moved &= set(wanted)
        self.open_intents = await self._store.intents.counted()

    def summary(self, upstream: str) -> FleetSummary:
        """Return what the last `refresh` found; an empty one of an upstream that it was not asked for."""
        _, found = self._taken.get(upstream, (0.0, FleetSummary()))
        return found

    def _due(self, upstream: str) -> bool:
        if upstream not in self._taken:
            return True
        age = self._clock.now() - self._taken[upstream][0]
        return age >= STALE or (upstream in self._moved and age >= FRESH)

    async def _take(self, upstream: str) -> None:
        self._moved.discard(upstream)  # before the look: what moves during it is counted again
        at = self._clock.now()
        documents = await self._store.statuses.read(upstream)
        self._taken[upstream] = at, await asyncio.to_thread(self._count, documents)

    def _count(self, documents: Mapping[str, str]) -> FleetSummary:
        return summarize(read_documents(documents), each=self._each)
