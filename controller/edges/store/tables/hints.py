"""The hints: wishes to look at an app, left by one process and taken by another."""

from sqlalchemy import Connection, delete, select

from controller.edges.store.clocks import StoreClock
from controller.edges.store.database import Database, put
from controller.edges.store.schema import hints
from controller.model.history import Hint


class HintTable:
    """Wishes to look, from whichever process took them, for the one that holds the partner.

    The moment of a hint is on the clock of whoever takes it.
    """

    def __init__(self, database: Database, clock: StoreClock) -> None:
        self._database = database
        self._clock = clock

    async def leave(self, upstream: str, app: str, kind: str) -> None:
        """Leave a hint; one for the same app that was not taken yet is replaced."""
        key = {"upstream": upstream, "app": app}

        def work(connection: Connection) -> None:
            put(connection, hints, key, {"kind": kind, "at": self._clock.now(connection)})

        await self._database.write(work, upstream)

    async def take(self, upstream: str) -> tuple[Hint, ...]:
        """Return the hints for *upstream*, oldest first, and forget them."""
        mine = hints.c.upstream == upstream
        found = select(hints.c.app, hints.c.kind, hints.c.at).where(mine).order_by(hints.c.at, hints.c.app)

        def look(connection: Connection) -> tuple[Hint, ...]:
            rows = connection.execute(found).all()
            shift = self._clock.ahead(self._clock.now(connection)) if rows else 0.0
            return tuple(Hint(app, kind, at + shift) for app, kind, at in rows)

        def work(connection: Connection) -> tuple[Hint, ...]:
            taken = look(connection)
            connection.execute(delete(hints).where(mine))
            return taken

        return await self._database.write(work, upstream) if await self._database.read(look) else ()
