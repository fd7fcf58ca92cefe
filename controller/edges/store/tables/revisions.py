"""The revision tables: the last good revision of each source with its manifests, and declared counts."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection, delete, insert, select

from controller.edges.store.database import Database, put
from controller.edges.store.schema import declared, manifests, revisions
from controller.model.history import Declared, LastGood
from controller.model.source import SourceFile

_AT_ONCE = 1_000


class RevisionTables:
    """The last good revision of each source, and the counts that each account was last declared to have.

    Revisions are stored by the source's identity, counts by the account alone. A new name for a partner, a
    folder or a repository therefore does not bypass a guard.
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
        """Return those of *places* whose file was not empty in the last good revision that has it.

        A folder may have many names. A file is identified by its place, whichever name was used.
        """
        return await self._database.read(lambda connection: _filled(connection, places))

    async def declared(self, upstream: str) -> Declared | None:
        """Return what was last declared for *upstream*, None if that is unknown."""
        columns = select(declared.c.apps, declared.c.subscriptions).where(declared.c.upstream == upstream)

        def work(connection: Connection) -> Declared | None:
            row = connection.execute(columns).one_or_none()
            return None if row is None else Declared(*row)

        return await self._database.read(work)

    async def declare(self, upstream: str, count: Declared) -> None:
        """Keep *count* as what is declared for *upstream*."""
        values = {"apps": count.apps, "subscriptions": count.subscriptions}
        await self._database.write(
            lambda connection: put(connection, declared, {"upstream": upstream}, values), upstream
        )

    async def knows(self, url: str) -> bool:
        """Return whether the store knows of any declaration for any account at *url*."""
        begins = declared.c.upstream.startswith(f"{url}#", autoescape=True)
        some = select(declared.c.upstream).where(begins).limit(1)
        return await self._database.read(lambda connection: connection.execute(some).first() is not None)


def _last_good(connection: Connection, source: str) -> LastGood | None:
    known = select(revisions.c.revision, revisions.c.at).where(revisions.c.source == source)
    row = connection.execute(known).one_or_none()
    if row is None:
        return None
    revision, at = row
    return LastGood(revision, at, _files(connection, source))


def _files(connection: Connection, source: str) -> tuple[SourceFile, ...]:
    columns = select(manifests.c.path, manifests.c.data, manifests.c.place)
    rows = connection.execute(columns.where(manifests.c.source == source))
    return tuple(SourceFile(*row) for row in sorted(rows))


def _filled(connection: Connection, places: Sequence[str]) -> frozenset[str]:
    """Read some places at a time: databases limit the number of values in one statement."""
    both = revisions.c.source == manifests.c.source
    oldest_first = select(manifests.c.place, manifests.c.data).join(revisions, both).order_by(revisions.c.at)
    last: dict[str, SourceFile] = {}
    for begin in range(0, len(places), _AT_ONCE):
        some = manifests.c.place.in_(places[begin : begin + _AT_ONCE])
        rows = connection.execute(oldest_first.where(some))
        last.update((place, SourceFile("", data, place)) for place, data in rows)
    return frozenset(place for place, file in last.items() if not file.empty)
