"""Summaries of each upstream's stored statuses, counted anew after a pass that may have changed them."""

import asyncio
import math
from collections.abc import Iterable, Mapping
from typing import Protocol

from controller.core.render.statuses import read_documents
from controller.core.status.summary import FleetSummary, summarize
from controller.model.clock import Clock
from controller.model.passes import Pass

FRESH = 10.0
"""Seconds for which a summary counts, whatever happens meanwhile."""

STALE = 60.0
"""Seconds after which a summary is counted again even without a pass: another replica may have written."""


class StatusReader(Protocol):
    async def read(self, upstream: str) -> dict[str, str]: ...


class IntentCounter(Protocol):
    async def counted(self) -> dict[str, int]: ...


class SummaryStore(Protocol):
    """The store (`edges.store.SqlStore`), as used here."""

    @property
    def statuses(self) -> StatusReader: ...
    @property
    def intents(self) -> IntentCounter: ...


class SummaryCache:
    """Summaries of every upstream in use. With *per_resource* a summary lists every resource."""

    def __init__(self, store: SummaryStore, clock: Clock, *, per_resource: bool = False) -> None:
        self._store = store
        self._clock = clock
        self._per_resource = per_resource
        self._counted: dict[str, tuple[float, FleetSummary]] = {}
        self._changed: set[str] = set()
        self.open_intents: Mapping[str, int] = {}

    def on_pass(self, finished: Pass) -> None:
        """Note the upstream of a pass that changed something, so that `refresh` counts it again.

        After a rename it does so at once: no summary may name an app that is called otherwise.
        """
        if finished.renamed and finished.upstream in self._counted:
            _, summary = self._counted[finished.upstream]
            self._counted[finished.upstream] = -math.inf, summary
        if finished.transitions or finished.results:
            self._changed.add(finished.upstream)

    async def refresh(self, upstreams: Iterable[str]) -> None:
        """Bring the summaries of *upstreams* up to date, and forget all others. Raises StoreError."""
        wanted = sorted({upstream for upstream in upstreams if upstream})
        for upstream in wanted:
            if self._due(upstream):
                await self._recount(upstream)
        self._counted = {
            upstream: counted for upstream, counted in self._counted.items() if upstream in wanted
        }
        self._changed &= set(wanted)
        self.open_intents = await self._store.intents.counted()

    def summary(self, upstream: str) -> FleetSummary:
        """Return the summary of the last `refresh`; an empty one if *upstream* was not part of it."""
        _, summary = self._counted.get(upstream, (0.0, FleetSummary()))
        return summary

    def _due(self, upstream: str) -> bool:
        if upstream not in self._counted:
            return True
        age = self._clock.now() - self._counted[upstream][0]
        return age >= STALE or (upstream in self._changed and age >= FRESH)

    async def _recount(self, upstream: str) -> None:
        self._changed.discard(upstream)  # before the read: a change during the read is counted again
        at = self._clock.now()
        documents = await self._store.statuses.read(upstream)
        self._counted[upstream] = at, await asyncio.to_thread(self._count, documents)

    def _count(self, documents: Mapping[str, str]) -> FleetSummary:
        return summarize(read_documents(documents), each=self._per_resource)
