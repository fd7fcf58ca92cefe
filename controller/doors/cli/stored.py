"""What the store tells of resources, for the verbs that only read it."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from controller.core.render.statuses import read_documents
from controller.edges.clock import SystemClock
from controller.edges.store import SqlStore, chosen_location, open_store
from controller.errors import ControllerError
from controller.model.history import KeptReport, WriteRecord
from controller.model.plan import Kind
from controller.model.status import Status


class Known(NamedTuple):
    """A status, and the upstream it is about."""

    upstream: str
    status: Status

    def owns(self, other: "Known") -> bool:
        """Say whether *other* is a subscription of this app."""
        mine, its = self.status.item, other.status.item
        same_app = (self.upstream, mine.partner, mine.app) == (other.upstream, its.partner, its.app)
        return mine.kind is Kind.APP and its.kind is Kind.SUBSCRIPTION and same_app


def known(location: str | None) -> list[Known]:
    """Return every status in the store, sorted. Raises ControllerError where there is no store yet."""
    return asyncio.run(_known(_open(location)))


def shown(location: str | None) -> tuple[list[Known], KeptReport | None]:
    """Return every status, sorted, and the report that could not be printed. Raises as `known` does."""
    return asyncio.run(_shown(_open(location)))


def writes(location: str | None, upstream: str, target: str) -> tuple[WriteRecord, ...]:
    """Return the last writes to one resource, newest first."""
    return asyncio.run(_writes(_open(location), upstream, target))


def events(location: str | None, app: str | None, limit: int) -> tuple[tuple[str, WriteRecord], ...]:
    """Return the newest writes, newest first, each with its upstream; of one *app*, or all."""
    return asyncio.run(_events(_open(location), app, limit))


def named(found: Sequence[Known], name: str) -> list[Known]:
    """Return those called *name*, a name or KIND/NAME. Raises ControllerError where there is none."""
    wanted = [each for each in found if name in {each.status.item.name, _full(each)}]
    if not wanted:
        raise ControllerError(f"the store knows nothing of {name!r:.80}; see `gupshupctl get`")
    return wanted


def _full(each: Known) -> str:
    return f"{each.status.item.kind}/{each.status.item.name}"


def _open(location: str | None) -> SqlStore:
    return open_store(chosen_location(location, os.environ, Path.cwd()), SystemClock(), make=False)


async def _known(store: SqlStore) -> list[Known]:
    async with store:
        return await read(store)


async def _shown(store: SqlStore) -> tuple[list[Known], KeptReport | None]:
    async with store:
        return await read(store), await store.reports.kept()


async def read(store: SqlStore) -> list[Known]:
    """Return every status in an open store, sorted."""
    return [
        Known(upstream, status)
        for upstream in await store.statuses.upstreams()
        for status in read_documents(await store.statuses.read(upstream))
    ]


async def _events(store: SqlStore, app: str | None, limit: int) -> tuple[tuple[str, WriteRecord], ...]:
    async with store:
        return await store.history.read(app=app, limit=limit)


async def _writes(store: SqlStore, upstream: str, target: str) -> tuple[WriteRecord, ...]:
    async with store:
        entries = await store.history.read(upstream, target=target, limit=10)
        return tuple(entry for _, entry in entries)
