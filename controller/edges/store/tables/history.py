"""The history table: every write that went out, and its outcome."""

from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType

from sqlalchemy import Column, ColumnElement, Connection, delete, func, or_, select, true, update

from controller.edges.store.clocks import StoreClock
from controller.edges.store.database import Database, add, fields_of
from controller.edges.store.schema import bindings, history
from controller.edges.store.tables.memory_cache import MemoryCache
from controller.edges.store.writer_lock import WriterLocks
from controller.model.history import WriteRecord
from controller.model.manifest import AppId
from controller.model.plan import Kind

KEPT_ENTRIES = 10_000
KEPT_SECONDS = 90 * 86_400.0
NOBODY: Mapping[str, AppId] = MappingProxyType({})


class HistoryTable:
    """Every write of every upstream: the newest 10,000 of each, for 90 days.

    The moment of a write is on its process's wall clock, for people to read. How long a write is kept depends
    on the store's clock.
    """

    def __init__(
        self, database: Database, clock: StoreClock, writers: WriterLocks, cached: MemoryCache
    ) -> None:
        self._database = database
        self._cached = cached
        self._clock = clock
        self._writers = writers

    async def begin(self, upstream: str, entry: WriteRecord) -> int:
        """Record a write before it goes out. Return the number under which its outcome is recorded.

        Locked if this process is no longer the writer: nothing may go out then.
        """

        def work(connection: Connection) -> int:
            self._writers.fence(connection, upstream)
            number = add(connection, history, {"upstream": upstream, **asdict(entry)})
            _forget(connection, upstream, number, self._clock.now(connection) - KEPT_SECONDS)
            return number

        return await self._database.write(work, upstream)

    async def finish(self, number: int, outcome: str, message: str, app_id: AppId | None = None) -> None:
        """Record the outcome of the write *number*. The last answers to links are a part of the memory.

        *app_id* is the app that the answer named, None if the write named it or none is known.
        """
        named = {} if app_id is None else {"app_id": app_id}
        row = update(history).where(history.c.id == number).values(outcome=outcome, message=message, **named)
        with self._cached.changing():
            await self._database.write(lambda connection: connection.execute(row) and None, None)

    async def drop(self, number: int) -> None:
        """Delete the write *number*, which never went out."""
        row = delete(history).where(history.c.id == number, history.c.outcome == "")
        await self._database.write(lambda connection: connection.execute(row) and None, None)

    async def read(  # noqa: PLR0913  (each by keyword)
        self,
        upstream: str | None = None,
        *,
        target: str | None = None,
        tag: str | None = None,
        app: str | None = None,
        ids: Mapping[str, AppId] = NOBODY,
        who: str = "",
        limit: int = 100,
    ) -> tuple[tuple[str, WriteRecord], ...]:
        """Return the newest entries, newest first, each with its upstream.

        *target* selects one resource, and *tag* the writes to its webhook under any name. *app*, an app's
        name, selects the app and its subscriptions. *ids* is the id of that app by upstream: its writes count
        under any name, and those of others do not. *who* is
        how the name begins of whoever asked for them.
        """
        newest = select(history).order_by(history.c.id.desc()).limit(limit)
        if upstream is not None:
            newest = newest.where(history.c.upstream == upstream)
        if target is not None:
            newest = newest.where(_thread(*_about(target, tag), ids))
        if who:
            newest = newest.where(func.substr(history.c.who, 1, len(who)) == who)
        if app is not None:
            newest = newest.where(_thread(of_app(history.c.target, app), true(), ids))

        def work(connection: Connection) -> tuple[tuple[str, WriteRecord], ...]:
            rows = connection.execute(newest).mappings()
            return tuple((row["upstream"], WriteRecord(**fields_of(row, "id", "upstream"))) for row in rows)

        return await self._database.read(work)


def of_app(named: Column[str], app: str) -> ColumnElement[bool]:
    """Return a condition for an app and its subscriptions. No LIKE: SQLite's ignores the case of letters."""
    on_app = f" on App/{app}"
    last = func.substr(named, func.length(named) - len(on_app) + 1)
    return or_(named == f"App/{app}", last == on_app)


def _thread(
    named: ColumnElement[bool], alike: ColumnElement[bool], ids: Mapping[str, AppId]
) -> ColumnElement[bool]:
    """Return a condition for what has one of *ids* and is *alike*, or is *named* and no other bound app's."""
    if not ids:
        return named
    mine = [
        (history.c.upstream == upstream) & (history.c.app_id == app_id) for upstream, app_id in ids.items()
    ]
    bound = select(bindings.c.app_id).where(bindings.c.upstream == history.c.upstream).scalar_subquery()
    others = history.c.upstream.in_(ids) & func.coalesce(history.c.app_id, "").in_(bound)
    return or_(or_(*mine) & alike, named & ~others)


def _about(target: str, tag: str | None) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return conditions for *target*, and for the same on any app. A webhook is known by its *tag*."""
    named, alike = history.c.target == target, _subject(target)
    if tag is None:
        return named, alike
    same, unknown = history.c.tag == tag, history.c.tag.is_(None)
    return named & (same | unknown), same | (alike & unknown)


def _subject(target: str) -> ColumnElement[bool]:
    """Return a condition for the same kind of target, and for a subscription of the same name, on any app."""
    kind, _, name = target.partition("/")
    begin = f"{kind}/" if kind == Kind.APP else f"{kind}/{name.partition(' on App/')[0]} on App/"
    return func.substr(history.c.target, 1, len(begin)) == begin


def _forget(connection: Connection, upstream: str, newest: int, before: float) -> None:
    """Delete the oldest entries, up to the first that is newer than *before*, whatever follows it."""
    mine = history.c.upstream == upstream
    younger = select(func.min(history.c.id)).where(mine, history.c.at >= before).scalar_subquery()
    connection.execute(delete(history).where(mine, history.c.id < func.coalesce(younger, newest)))
    nth = select(history.c.id).where(mine).order_by(history.c.id.desc()).offset(KEPT_ENTRIES).limit(1)
    connection.execute(delete(history).where(mine, history.c.id <= nth.scalar_subquery()))
