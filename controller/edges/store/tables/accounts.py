"""The account table: each account at Gupshup has one row, whatever the way to sign in is."""

from collections.abc import Callable, Sequence

from sqlalchemy import ColumnElement, Connection, and_, delete, select, update

from controller.edges.store.database import Database, put
from controller.edges.store.merge import merge
from controller.edges.store.schema import accounts, bindings, traits
from controller.model.account import Identified, Identity, KnownAccount
from controller.model.manifest import AppId
from controller.model.ratelimit import ACCOUNT
from controller.model.upstream import Upstream

_ASKED = 3
"""Apps of an account to try: some of them may be gone."""

Decide = Callable[[Sequence[KnownAccount]], Identity]


class AccountTable:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def settle(self, url: str, decide: Decide) -> Identity:
        """Return what *decide* returns for the known accounts at *url*, and keep an account it identifies.

        Atomic between processes: two that meet a new account at the same time get the same row.
        """

        def read(connection: Connection) -> tuple[Identity, bool]:
            identity = decide(_known(connection, url))
            return identity, not isinstance(identity, Identified) or _is_kept(connection, identity)

        def work(connection: Connection) -> Identity:
            identity, kept = read(connection)
            if isinstance(identity, Identified) and not kept:
                put(
                    connection,
                    accounts,
                    {"upstream": identity.upstream},
                    {"url": url, "partner_id": identity.id},
                )
            return identity

        identity, kept = await self._database.read(read)
        return identity if kept else await self._database.write(work, url)

    async def knows(self, upstream: Upstream) -> bool:
        """Return whether *upstream* still is the name of an account, and was not joined to another one."""
        mine = select(accounts.c.upstream).where(accounts.c.upstream == upstream)
        return await self._database.read(lambda connection: connection.execute(mine).first() is not None)

    async def partner_id(self, login: str) -> str:
        """Return the partner's id that Gupshup told when *login* signed in before; "" if it never did."""
        mine = select(accounts.c.partner_id).where(
            accounts.c.upstream == select(traits.c.value).where(_points(login)).scalar_subquery()
        )
        found = await self._database.read(lambda connection: connection.execute(mine).scalar_one_or_none())
        return found or ""

    async def join(self, same: Upstream, into: Upstream) -> None:
        """Move all that is known of *same* to *into*, and forget *same*. Only for the writer of both."""
        pointing = (traits.c.name == ACCOUNT) & (traits.c.value == same)

        def work(connection: Connection) -> None:
            merge(connection, same, into)
            connection.execute(update(traits).where(pointing).values(value=into))
            connection.execute(delete(accounts).where(accounts.c.upstream == same))

        await self._database.write(work, into)

    async def opened(self, login: str, upstream: Upstream) -> None:
        """Note that *login* signs in to *upstream*, and count its sign-ins there."""
        key = {"upstream": login, "name": ACCOUNT}
        mine = select(traits.c.value).where(_points(login))

        def work(connection: Connection) -> None:
            connection.execute(delete(traits).where(traits.c.upstream == login))
            merge(connection, login, upstream)
            put(connection, traits, key, {"value": upstream})

        if await self._database.read(lambda c: c.execute(mine).scalar_one_or_none()) != upstream:
            await self._database.write(work, upstream)


def _points(login: str) -> ColumnElement[bool]:
    return and_(traits.c.upstream == login, traits.c.name == ACCOUNT)


def _known(connection: Connection, url: str) -> tuple[KnownAccount, ...]:
    here = select(accounts).where(accounts.c.url == url).order_by(accounts.c.upstream)
    rows = connection.execute(here).mappings().all()
    return tuple(
        KnownAccount(row["upstream"], row["partner_id"], _apps(connection, row["upstream"])) for row in rows
    )


def _apps(connection: Connection, upstream: str) -> tuple[AppId, ...]:
    """Return some apps that are bound, first those that the last list had."""
    mine = select(bindings.c.app_id).where(bindings.c.upstream == upstream)
    ordered = mine.order_by(bindings.c.missing_since.is_not(None), bindings.c.app_id)
    return tuple(connection.execute(ordered.limit(_ASKED)).scalars())


def _is_kept(connection: Connection, account: Identified) -> bool:
    mine = (accounts.c.upstream == account.upstream) & (accounts.c.partner_id == account.id)
    return connection.execute(select(accounts.c.upstream).where(mine)).first() is not None
