"""The status table: the last status document of each resource."""

from collections.abc import Callable, Mapping

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from controller.edges.store.database import Database
from controller.edges.store.schema import statuses
from controller.edges.store.tables.history import of_app

_FORGET_ALL = delete(statuses).where(statuses.c.upstream == bindparam("its"))
_FORGET = _FORGET_ALL.where(statuses.c.resource == bindparam("old"))


class StatusTable:
    """The last status document (JSON text) of each resource."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now

    async def save(self, upstream: str, documents: Mapping[str, str], *, whole: bool = False) -> None:
        """Store *documents* by resource. With *whole*, those of every other resource are deleted."""
        rows = [
            {"upstream": upstream, "resource": resource, "at": self._now(), "document": document}
            for resource, document in sorted(documents.items())
        ]

        def work(connection: Connection) -> None:
            if whole:
                connection.execute(_FORGET_ALL, {"its": upstream})
            elif rows:
                connection.execute(_FORGET, [{"its": upstream, "old": row["resource"]} for row in rows])
            if rows:
                connection.execute(insert(statuses), rows)

        await self._database.write(work, upstream)

    async def upstreams(self) -> tuple[str, ...]:
        """Return every upstream that has a status, sorted."""
        names = select(statuses.c.upstream).distinct()  # sorted here: each database has its own order
        return await self._database.read(
            lambda connection: tuple(sorted(connection.execute(names).scalars()))
        )

    async def read(self, upstream: str, *, kind: str | None = None, app: str | None = None) -> dict[str, str]:
        """Return the documents of *upstream* by resource, sorted. *kind* and *app* narrow them."""
        mine = select(statuses.c.resource, statuses.c.document).where(statuses.c.upstream == upstream)
        if kind is not None:
            mine = mine.where(func.substr(statuses.c.resource, 1, len(kind) + 1) == f"{kind}/")
        if app is not None:
            mine = mine.where(of_app(statuses.c.resource, app))

        def work(connection: Connection) -> dict[str, str]:
            return {row.resource: row.document for row in sorted(connection.execute(mine))}

        return await self._database.read(work)
