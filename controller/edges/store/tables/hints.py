"""The hint table: hints to observe an app, which one process leaves and another one takes."""

from sqlalchemy import Connection, delete, select

from controller.edges.store.clocks import StoreClock
from controller.edges.store.database import Database, put
from controller.edges.store.schema import hints
from controller.model.history import Hint


class HintTable:
    """Hints to observe an app, from any process, for the leader of the partner.

    The moment of a hint is on the clock of the process that takes it.
    """

    def __init__(self, database: Database, clock: StoreClock) -> None:
        self._database = database
        self._clock = clock

    async def leave(self, upstream: str, app: str, kind: str) -> None:
        """Leave a hint, which replaces an earlier one for the same app that was not taken yet."""
        key = {"upstream": upstream, "app": app}

        def work(connection: Connection) -> None:
            put(connection, hints, key, {"kind": kind, "at": self._clock.now(connection)})

        await self._database.write(work, upstream)

    async def kinds(self) -> frozenset[str]:
        """Return the kinds of the hints for every upstream. The hints stay."""
        return await self._database.read(
            lambda connection: frozenset(connection.execute(select(hints.c.kind)).scalars())
        )

    async def take(self, upstream: str) -> tuple[Hint, ...]:
        """Return the hints for *upstream*, oldest first, and delete them."""
        mine = hints.c.upstream == upstream
        ordered = select(hints.c.app, hints.c.kind, hints.c.at).where(mine).order_by(hints.c.at, hints.c.app)

        def read(connection: Connection) -> tuple[Hint, ...]:
            rows = connection.execute(ordered).all()
            shift = self._clock.ahead(self._clock.now(connection)) if rows else 0.0
            return tuple(Hint(app, kind, at + shift) for app, kind, at in rows)

        def work(connection: Connection) -> tuple[Hint, ...]:
            taken = read(connection)
            connection.execute(delete(hints).where(mine))
            return taken

        return await self._database.write(work, upstream) if await self._database.read(read) else ()
