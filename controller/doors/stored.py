"""The statuses and writes that the store remembers, for the verbs and pages that only read them."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from controller.core.closest import did_you_mean
from controller.core.render.held import held_about
from controller.core.render.statuses import read_documents
from controller.core.status.partner_status import partner_item
from controller.edges.clock import SystemClock
from controller.edges.store import SqlStore, chosen_location, look_into, open_store
from controller.errors import ControllerError
from controller.model.history import KeptReport, WriteRecord
from controller.model.manifest import AppId
from controller.model.plan import Kind
from controller.model.status import HeldSet, Status
from controller.model.upstream import RemoteSubscription

T = TypeVar("T")


class StoredStatus(NamedTuple):
    """A status, and the upstream that it belongs to."""

    upstream: str
    status: Status

    def owns(self, other: "StoredStatus") -> bool:
        """Return whether *other* is a subscription of this app."""
        mine, theirs = self.status.item, other.status.item
        same_app = (self.upstream, mine.partner, mine.app) == (other.upstream, theirs.partner, theirs.app)
        return mine.kind is Kind.APP and theirs.kind is Kind.SUBSCRIPTION and same_app


def use_store(location: str | None, work: Callable[[SqlStore], Awaitable[T]]) -> T:
    """Open the store at *location* (None: the usual place), do *work* with it, and return the result.

    Raises ControllerError if there is no store yet.
    """
    return asyncio.run(_use(location, work))


async def _use(location: str | None, work: Callable[[SqlStore], Awaitable[T]]) -> T:
    place = chosen_location(location, os.environ, Path.cwd())
    async with open_store(place, SystemClock(), make=False) as store:
        return await work(store)


def read_store(location: str | None, work: Callable[[SqlStore], Awaitable[T]]) -> T:
    """Do *work*, which only reads, as `use_store` does; with a copy, if the store cannot be written."""
    return asyncio.run(_read(location, work))


async def _read(location: str | None, work: Callable[[SqlStore], Awaitable[T]]) -> T:
    place = chosen_location(location, os.environ, Path.cwd())
    async with look_into(place, SystemClock(), make=False) as store:
        return await work(store)


async def all_statuses(store: SqlStore) -> list[StoredStatus]:
    """Return every status in the store, sorted."""
    return [
        StoredStatus(upstream, status)
        for upstream in await store.statuses.upstreams()
        for status in read_documents(await store.statuses.read(upstream))
    ]


async def is_running(store: SqlStore, upstream: str) -> bool:
    """Return whether a `run` is the writer of *upstream* now."""
    return " run on " in await store.holder(upstream)


def held_of(stored: StoredStatus, statuses: Iterable[StoredStatus]) -> list[HeldSet]:
    """Return what guards hold of *stored*: the status of its partner, among *statuses*, knows."""
    item = partner_item(stored.status.item.partner)
    partners = [each for each in statuses if (each.upstream, each.status.item) == (stored.upstream, item)]
    return held_about(stored.status, [held for each in partners for held in each.status.held])


async def statuses_and_report(store: SqlStore) -> tuple[list[StoredStatus], KeptReport | None]:
    """Return every status, sorted, and the report that could not be printed."""
    return await all_statuses(store), await store.reports.kept()


async def last_writes(store: SqlStore, stored: StoredStatus) -> tuple[WriteRecord, ...]:
    """Return the last writes to one resource, newest first, under whatever name it and its app had."""
    ids = {} if stored.status.app_id is None else {stored.upstream: stored.status.app_id}
    target, listed = str(stored.status.item), stored.status.listed
    tag = listed.tag if isinstance(listed, RemoteSubscription) else None
    records = await store.history.read(stored.upstream, target=target, tag=tag, ids=ids, limit=10)
    return tuple(record for _, record in records)


async def writes_of_app(store: SqlStore, name: str | None, limit: int) -> tuple[tuple[str, WriteRecord], ...]:
    """Return the newest writes to the app of this name and to its subscriptions (None: to any), newest first.

    What was written while the app had another name is among them.
    """
    ids: dict[str, AppId] = {}
    for upstream in () if name is None else await store.statuses.upstreams():
        for status in read_documents(await store.statuses.read(upstream, kind=Kind.APP, app=name)):
            if status.app_id is not None:
                ids[upstream] = status.app_id
    return await store.history.read(app=name, ids=ids, limit=limit)


def named(statuses: Sequence[StoredStatus], name: str) -> list[StoredStatus]:
    """Return the statuses of *name*, a name or KIND/NAME. Raises ControllerError if there is none."""
    matching = [stored for stored in statuses if is_called(name, stored)]
    if not matching:
        known = {each.status.item.name for each in statuses} | set(map(_full_name, statuses))
        mean = did_you_mean(name, known) or "; see `gupshupctl get` and `gupshupctl events`"
        raise ControllerError(f"the store has no status of {name!r:.80}{mean}")
    return matching


def is_called(name: str, stored: StoredStatus) -> bool:
    """Return whether *name*, a name or KIND/NAME, is that of *stored*."""
    return name in {stored.status.item.name, _full_name(stored)}


def _full_name(stored: StoredStatus) -> str:
    return f"{stored.status.item.kind}/{stored.status.item.name}"
