"""Statuses in the store, read in small parts: thousands of them must not block the event loop."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from itertools import islice

from controller.core.render.statuses import read_documents
from controller.doors.stored import StoredStatus
from controller.edges.store import SqlStore
from controller.model.plan import Kind
from controller.model.status import Status

AT_ONCE = 100
"""Documents to read before other tasks run: about two milliseconds of work."""


async def apps(store: SqlStore) -> AsyncIterator[list[StoredStatus]]:
    """Yield every app by upstream and name, in parts."""
    for upstream in await store.statuses.upstreams():
        rest = iter((await store.statuses.read(upstream, kind=Kind.APP)).items())
        while part := dict(islice(rest, AT_ONCE)):
            yield _known(upstream, part)
            await asyncio.sleep(0)


async def about(store: SqlStore, app: str) -> list[StoredStatus]:
    """Return the app of this name and its subscriptions, in every upstream that has one."""
    upstreams = await store.statuses.upstreams()
    parts = [_known(upstream, await store.statuses.read(upstream, app=app)) for upstream in upstreams]
    return [stored for part in parts for stored in part]


def _known(upstream: str, documents: Mapping[str, str]) -> list[StoredStatus]:
    return [StoredStatus(upstream, status) for status in read_documents(documents)]


async def partners(store: SqlStore) -> dict[tuple[str, str], Status]:
    """Return the last status of every partner, by upstream and name."""
    upstreams = await store.statuses.upstreams()
    parts = [
        _known(upstream, await store.statuses.read(upstream, kind=Kind.PARTNER)) for upstream in upstreams
    ]
    return {(known.upstream, known.status.item.name): known.status for part in parts for known in part}
