"""The hint table: hints to observe an app, which one process leaves and another one takes; the last event."""

from sqlalchemy import Connection, delete, select

from controller.edges.store.clocks import StoreClock
from controller.edges.store.database import Database, put
from controller.edges.store.schema import hints, traits
from controller.model.history import Hint

_EVENT = "last event"
"""The trait of an upstream that holds the moment of its last event, on the store's clock."""


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

    async def heard(self, upstream: str) -> None:
        """Note that an event about an app of *upstream* came just now."""
        key = {"upstream": upstream, "name": _EVENT}

        def work(connection: Connection) -> None:
            put(connection, traits, key, {"value": repr(self._clock.now(connection))})

        await self._database.write(work, upstream)

    async def last_heard(self, upstream: str) -> float | None:
        """Return when the last event about an app of *upstream* came, on this process's clock."""
        mine = (traits.c.upstream == upstream) & (traits.c.name == _EVENT)

        def read(connection: Connection) -> float | None:
            noted = connection.execute(select(traits.c.value).where(mine)).scalar_one_or_none()
            ahead = self._clock.ahead(self._clock.now(connection))
            return None if noted is None else float(noted) + ahead

        return await self._database.read(read)

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
