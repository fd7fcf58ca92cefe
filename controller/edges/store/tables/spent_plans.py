"""The table of spent plans: the digest of each plan that was applied."""

from collections.abc import Callable

from sqlalchemy import Connection, insert, select

from controller.edges.store.database import Database
from controller.edges.store.schema import spent


class SpentPlans:
    """Plans that were applied: each digest is spent once."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now

    async def when(self, upstream: str, digest: str) -> float | None:
        """Return when *digest* was spent (epoch seconds), None if it never was."""
        mine = (spent.c.upstream == upstream) & (spent.c.digest == digest)
        query = select(spent.c.at).where(mine)
        return await self._database.read(lambda connection: connection.execute(query).scalar_one_or_none())

    async def spend(self, upstream: str, digest: str) -> bool:
        """Spend *digest*. Return whether that was the first time."""

        def work(connection: Connection) -> bool:
            mine = (spent.c.upstream == upstream) & (spent.c.digest == digest)
            if connection.execute(select(spent.c.at).where(mine)).one_or_none():
                return False
            connection.execute(insert(spent).values(upstream=upstream, digest=digest, at=self._now()))
            return True

        return await self._database.write(work, upstream)
