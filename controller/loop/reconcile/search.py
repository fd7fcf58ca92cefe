"""Search for the rows of few apps, in place of the whole list, where a plan is about nothing else."""

import asyncio
import math
from collections.abc import Sequence

from controller.core.planning.changes.narrow import is_searched
from controller.errors import Rejected
from controller.loop.ports import Account, Reader
from controller.loop.reconcile.gather import gather
from controller.loop.reconcile.observe import CONCURRENT_READS, listed
from controller.model.manifest import App, AppId
from controller.model.upstream import Listing, Row


async def searched(account: Account[Reader], apps: Sequence[App], until: float = math.inf) -> Listing:
    """Return every row that may be one of *apps*, or the whole list if it takes fewer calls.

    Each row that has the phone, the name or the id of one of them is there, so that they match as they do
    with the whole list. One thing is unlike it: a row that lacks its phone is found by its name alone.
    """
    counted = await account.store.revisions.declared(account.upstream)
    if not is_searched(len(apps), None if counted is None else counted.apps):
        return await listed(account, until)
    asked_at, slots = account.clock.now(), asyncio.Semaphore(CONCURRENT_READS)

    async def search(app: App) -> Sequence[Row] | None:
        async with slots:
            return await _rows_of(account.remote, app)

    found = await gather(search(app) for app in apps)
    rows = {row.id: row for part in found if part is not None for row in part}
    if None in found:
        return await listed(account, until)
    return Listing(tuple(rows[app_id] for app_id in sorted(rows)), asked_at)


async def _rows_of(remote: Reader, app: App) -> Sequence[Row] | None:
    """Return the rows that may be *app*, None if too many are like it."""
    by_phone = await remote.search(phone=app.phone)
    if by_phone is None or any(row.id == app.app_id for row in by_phone):
        return by_phone
    name = app.app_name if app.app_id is None else await _name_of(remote, app.app_id)
    if name is None:
        return by_phone
    by_name = await remote.search(name=name) if name else None
    return None if by_name is None else (*by_phone, *by_name)


async def _name_of(remote: Reader, app_id: AppId) -> str | None:
    """Return the name of an app, None if it is not this partner's."""
    try:
        return (await remote.details(app_id)).name
    except Rejected:
        return None
