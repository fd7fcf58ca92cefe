"""The table of our Universal Tokens: a name is written before its mint, its encrypted text afterwards."""

from collections.abc import Callable, Collection, Sequence

from sqlalchemy import Connection, delete, select, update

from controller.edges.store.clocks import StoreClock
from controller.edges.store.database import Database, put
from controller.edges.store.schema import universal_tokens as table
from controller.model.account import OwnToken, TokenState

Begin = Callable[[Sequence[OwnToken]], OwnToken | None]


class UniversalTokenTable:
    """The tokens of each *login*: a way to sign in, with the same name in every process."""

    def __init__(self, database: Database, clock: StoreClock) -> None:
        self._database = database
        self._clock = clock

    async def read(self, login: str) -> tuple[OwnToken, ...]:
        """Return every token of ours that may be active, sorted by name."""
        return await self._database.read(lambda connection: self._rows(connection, login))

    async def begin(self, login: str, choose: Begin) -> None:
        """Write the token that *choose* returns for the present ones; nothing if it returns None.

        Atomic between processes: of two that begin at the same time, the second sees the token of the first.
        """

        def work(connection: Connection) -> None:
            token = choose(self._rows(connection, login))
            if token is not None:
                self._put(connection, login, token)

        await self._database.write(work, login)

    async def keep(self, login: str, token: OwnToken) -> None:
        """Make *token* the one in use. Every other one is spent, or forgotten if it has ended."""
        others = (table.c.login == login) & (table.c.name != token.name)

        def work(connection: Connection) -> None:
            connection.execute(delete(table).where(others, table.c.expires <= token.minted))
            spent = {"state": TokenState.SPENT.value, "sealed": ""}
            connection.execute(update(table).where(others).values(spent))
            self._put(connection, login, token)

        await self._database.write(work, login)

    async def lose(self, login: str, name: str) -> None:
        """Note that the text of *name* is lost: it may be active, and is to be revoked."""
        mine = (table.c.login == login) & (table.c.name == name)
        lost = update(table).where(mine).values(state=TokenState.SPENT.value, sealed="")
        await self._database.write(lambda connection: connection.execute(lost), login)

    async def forget(self, login: str, names: Collection[str]) -> None:
        """Forget tokens that are not active any more, or never were."""
        gone = delete(table).where(table.c.login == login, table.c.name.in_(sorted(names)))
        await self._database.write(lambda connection: connection.execute(gone), login)

    def _rows(self, connection: Connection, login: str) -> tuple[OwnToken, ...]:
        mine = select(table).where(table.c.login == login).order_by(table.c.name)
        now = self._clock.now(connection)
        return tuple(
            OwnToken(
                name=row.name,
                state=TokenState(row.state),
                partner=row.partner,
                minted=row.minted,
                expires=row.expires,
                ahead=row.ahead,
                sealed=row.sealed,
                age=now - row.since,
            )
            for row in connection.execute(mine)
        )

    def _put(self, connection: Connection, login: str, token: OwnToken) -> None:
        values = {
            "state": token.state.value,
            "partner": token.partner,
            "minted": token.minted,
            "expires": token.expires,
            "ahead": token.ahead,
            "sealed": token.sealed,
            "since": self._clock.now(connection),
        }
        put(connection, table, {"login": login, "name": token.name}, values)
