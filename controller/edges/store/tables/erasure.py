"""Erasure of one app: every row that names it, wherever it stands, and the bytes that were left of it."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from sqlalchemy import Connection, RowMapping, Table, Text, and_, delete, false, or_, select

from controller.edges.store.database import Database
from controller.edges.store.schema import (
    accounts,
    bindings,
    hints,
    history,
    leases,
    manifests,
    meta,
    revisions,
    tables,
)
from controller.edges.store.tables.memory_cache import MemoryCache
from controller.edges.store.writer_lock import WriterLocks

_KEPT = frozenset({accounts.name, leases.name})
_REPORT = "report"
"""The row of `meta` with a report that could not be printed (reports.py)."""


class Erasure:
    """Deletes what the store holds of one app, and the bytes that earlier rows about it left."""

    def __init__(self, database: Database, writers: WriterLocks, cached: MemoryCache) -> None:
        self._database = database
        self._writers = writers
        self._cached = cached

    async def erase(
        self, upstream: str, app: str, words: Collection[str], kept: Collection[str] = ()
    ) -> Mapping[str, int]:
        """Delete the rows about the app of this name, and return how many were deleted, by table.

        *words* are its ids and phones. What was bound to them is added, but for *kept*, the ids and phones of
        apps that stay. A write to another app, which had the name before, stays as well. Of a source whose
        last good revision names the app, the whole revision is deleted: it is stored again once it is read.
        Locked if this process is not the writer of *upstream*.
        """

        def work(connection: Connection) -> Mapping[str, int]:
            self._writers.fence(connection, upstream)
            bound = _bound(connection, upstream)
            pairs = [pair for pair in bound if not pair.isdisjoint(words)]
            mine = frozenset().union(words, *pairs) - frozenset(kept)
            others = frozenset().union(kept, *bound) - mine
            names = [f"App/{app}", *sorted(mine)]
            erased: Counter[str] = Counter()
            for table, count in (
                *_of_upstream(connection, upstream, names, others),
                (hints.name, _asked(connection, upstream, app)),
                *_of_sources(connection, names[1:]),
                (meta.name, _report(connection, names)),
            ):
                erased[table] += count
            return {table: count for table, count in sorted(erased.items()) if count}

        with self._cached.changing(upstream):
            return await self._database.write(work, upstream)

    async def compact(self) -> str:
        """Write the store anew, without the bytes of deleted rows; return what may still hold some, or ""."""
        return await self._database.compact()


def _bound(connection: Connection, upstream: str) -> list[frozenset[str]]:
    """Return the phone and the id of each app that is bound."""
    rows = select(bindings.c.phone, bindings.c.app_id).where(bindings.c.upstream == upstream)
    return [frozenset(row) for row in connection.execute(rows)]


def _of_upstream(
    connection: Connection, upstream: str, names: Sequence[str], others: Collection[str]
) -> Iterator[tuple[str, int]]:
    for table in tables.sorted_tables:
        if "upstream" in table.c and table.name not in _KEPT:
            rows = _naming(connection, table, upstream, names)
            mine = [row for row in rows if table is not history or row[history.c.app_id.name] not in others]
            yield table.name, sum(_delete(connection, table, row) for row in mine)


def _asked(connection: Connection, upstream: str, app: str) -> int:
    asked = delete(hints).where(hints.c.upstream == upstream, hints.c.app == app)
    return connection.execute(asked).rowcount


def _naming(
    connection: Connection, table: Table, upstream: str, names: Sequence[str]
) -> Iterator[RowMapping]:
    """Yield the rows that contain one of *names* as a whole word: a phone may be the beginning of another."""
    texts = [column for column in table.c if isinstance(column.type, Text) and column.name != "upstream"]
    some = [column.contains(name, autoescape=True) for column in texts for name in names]
    candidates = select(table).where(table.c.upstream == upstream, or_(false(), *some))
    pattern = _pattern(names)
    for row in connection.execute(candidates).mappings().all():
        if any(pattern.search(str(row[column.name])) for column in texts):
            yield row


def _delete(connection: Connection, table: Table, row: RowMapping) -> int:
    one = and_(*(column == row[column.name] for column in table.primary_key.columns))
    return connection.execute(delete(table).where(one)).rowcount


def _of_sources(connection: Connection, names: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Delete the last good revision of each source in which a manifest has one of the ids or phones."""
    pattern = _pattern(names)
    files = connection.execute(select(manifests.c.source, manifests.c.data))
    naming = {source for source, data in files if names and pattern.search(data.decode(errors="replace"))}
    for table in (manifests, revisions):
        gone = connection.execute(delete(table).where(table.c.source.in_(sorted(naming)))).rowcount
        yield table.name, gone


def _report(connection: Connection, names: Sequence[str]) -> int:
    text = connection.execute(select(meta.c.value).where(meta.c.name == _REPORT)).scalar_one_or_none()
    if text is None or not _pattern(names).search(text):
        return 0
    return connection.execute(delete(meta).where(meta.c.name == _REPORT)).rowcount


def _pattern(names: Sequence[str]) -> re.Pattern[str]:
    either = "|".join(map(re.escape, names))
    return re.compile(f"(?<![0-9A-Za-z])(?:{either})(?![-0-9A-Za-z])")
