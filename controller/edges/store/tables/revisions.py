"""The revisions: the last good one of each source with its manifests, and what each account declares."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection, delete, insert, select

from controller.edges.store.database import Database, put
from controller.edges.store.schema import declared, manifests, revisions
from controller.model.history import Declared, LastGood
from controller.model.source import SourceFile

_AT_ONCE = 1_000


class RevisionTables:
    """The last good revision of each source, and what each account was last declared to have.

    The one is known by the source's identity. The other is known by the account alone, whatever partners,
    folders and repositories are called, so that none of these names gets round a guard.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def last_good(self, source: str) -> LastGood | None:
        """Return the last good revision of *source*, None if there was none yet."""
        return await self._database.read(lambda connection: _last_good(connection, source))

    async def save_good(self, source: str, good: LastGood) -> None:
        """Keep *good* as the last good revision of *source*."""

        def work(connection: Connection) -> None:
            put(connection, revisions, {"source": source}, {"revision": good.revision, "at": good.at})
            connection.execute(delete(manifests).where(manifests.c.source == source))
            rows = [{"source": source, **asdict(file)} for file in good.files]
            if rows:
                connection.execute(insert(manifests), rows)

        await self._database.write(work, source)

    async def filled(self, places: Sequence[str]) -> frozenset[str]:
        """Return those of *places* where a file held something when it was last read as good.

        Folders have many names; a file is one and the same at its place, whichever of them was read.
        """
        return await self._database.read(lambda connection: _filled(connection, places))

    async def declared(self, upstream: str) -> Declared | None:
        """Return what was last declared for *upstream*, None if nobody knows."""
        columns = select(declared.c.apps, declared.c.subscriptions).where(declared.c.upstream == upstream)

        def look(connection: Connection) -> Declared | None:
            found = connection.execute(columns).one_or_none()
            return None if found is None else Declared(*found)

        return await self._database.read(look)

    async def declare(self, upstream: str, count: Declared) -> None:
        """Keep *count* as what is declared for *upstream*."""
        values = {"apps": count.apps, "subscriptions": count.subscriptions}
        await self._database.write(
            lambda connection: put(connection, declared, {"upstream": upstream}, values), upstream
        )

    async def knows(self, url: str) -> bool:
        """Return whether anything is known to be declared for any account at *url*."""
        begins = declared.c.upstream.startswith(f"{url}#", autoescape=True)
        some = select(declared.c.upstream).where(begins).limit(1)
        return await self._database.read(lambda connection: connection.execute(some).first() is not None)


def _last_good(connection: Connection, source: str) -> LastGood | None:
    known = select(revisions.c.revision, revisions.c.at).where(revisions.c.source == source)
    found = connection.execute(known).one_or_none()
    if found is None:
        return None
    revision, at = found
    return LastGood(revision, at, _files(connection, source))


def _files(connection: Connection, source: str) -> tuple[SourceFile, ...]:
    columns = select(manifests.c.path, manifests.c.data, manifests.c.place)
    rows = connection.execute(columns.where(manifests.c.source == source))
    return tuple(SourceFile(*row) for row in sorted(rows))


def _filled(connection: Connection, places: Sequence[str]) -> frozenset[str]:
    """Ask for some at a time: databases take so many values in one question and no more."""
    both = revisions.c.source == manifests.c.source
    oldest_first = select(manifests.c.place, manifests.c.data).join(revisions, both).order_by(revisions.c.at)
    last: dict[str, SourceFile] = {}
    for begin in range(0, len(places), _AT_ONCE):
        some = manifests.c.place.in_(places[begin : begin + _AT_ONCE])
        rows = connection.execute(oldest_first.where(some))
        last.update((place, SourceFile("", data, place)) for place, data in rows)
    return frozenset(place for place, file in last.items() if not file.empty)
