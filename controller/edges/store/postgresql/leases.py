"""The table of leases: who writes for an upstream, in a row that ends by itself if nobody renews it.

The server's clock says when one ends for others. Its holder goes by a clock of its own, which starts earlier
and stops sooner, so it has stopped before anybody else can begin, though it was suspended or cannot reach the
server.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass

from sqlalchemy import Connection, case, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.dml import ReturningInsert

from controller.edges.store.database import Database
from controller.edges.store.postgresql.server import NOW
from controller.edges.store.schema import leases
from controller.edges.store.writer_lock import WriterLock, signature, signed, taken
from controller.errors import Locked, StoreError
from controller.model.clock import MonotonicClock

_ASK_AGAIN = 0.2
_SOON = 0.5


@dataclass(frozen=True, slots=True)
class Terms:
    """In seconds: a lease lasts *ttl*, its holder stops *guard* earlier, and renews it *every* so often.

    A process that dies is followed within *ttl*, or 2 s more where the replica is gone, too, that is to.
    """

    ttl: float = 10.0
    guard: float = 2.0
    every: float = 2.5


TERMS = Terms()


class Lease:
    """A lease while it lasts: lost for good when its deadline passes, or another one is in its row."""

    def __init__(self, clock: MonotonicClock, terms: Terms, process: str) -> None:
        self.token = f"{process}.{secrets.token_hex(16)}"
        self.epoch = 0
        self._clock = clock
        self._life = terms.ttl - terms.guard
        self._deadline: float | None = None
        self._lost = False

    def holds(self) -> bool:
        if self._deadline is None or self._clock.monotonic() >= self._deadline:
            self._lost = True
        return not self._lost

    def granted(self, epoch: int, asked: float) -> None:
        """Take note of the first grant, which was *asked* for at that moment of the monotonic clock."""
        self.epoch, self._deadline = epoch, asked + self._life

    def renewed(self, epoch: int | None, asked: float) -> None:
        """Go on where the row is still ours and the deadline has not passed meanwhile."""
        if epoch != self.epoch:
            self.lose()
        elif self.holds():
            self._deadline = asked + self._life

    def lose(self) -> None:
        self._lost = True


class LeaseTable:
    """The leases of one opening of the store, whose tokens begin with *process*.

    *database* is for what is as short as they are, so that renewals never queue.
    """

    def __init__(self, database: Database, clock: MonotonicClock, terms: Terms, process: str) -> None:
        self._database = database
        self._clock = clock
        self._terms = terms
        self._process = process
        self._held: dict[str, Lease] = {}

    def hold(self, upstream: str, timeout: float) -> AbstractAsyncContextManager[WriterLock]:
        return self._hold(upstream, timeout)

    async def holder(self, upstream: str) -> str:
        mine = (leases.c.upstream == upstream) & (leases.c.token != "") & (leases.c.expires > NOW)

        def work(connection: Connection) -> str | None:
            return connection.execute(select(leases.c.holder).where(mine)).scalar_one_or_none()

        found = await self._database.read(work)
        return "" if found is None else signed(found)

    def fence(self, connection: Connection, upstream: str) -> str:
        """Lock the row against others until the transaction ends, and return the epoch as a mark."""
        lease = self._held.get(upstream)
        if lease is not None and lease.holds() and self._in_row(connection, upstream, lease):
            return f".{lease.epoch}"
        raise Locked(
            f"{upstream}: nothing is written: this process does not hold the lease of the writer"
            f"{'' if lease is None else ' any more'} (held by: {_holder(connection, upstream)})"
        )

    async def close(self) -> None:
        await self._database.close()

    def _in_row(self, connection: Connection, upstream: str, lease: Lease) -> bool:
        mine = (leases.c.upstream == upstream) & (leases.c.token == lease.token)
        found = select(leases.c.epoch).where(mine).with_for_update(read=True)
        if connection.execute(found).scalar_one_or_none() != lease.epoch:
            lease.lose()
        return lease.holds()

    @asynccontextmanager
    async def _hold(self, upstream: str, timeout: float) -> AsyncIterator[WriterLock]:  # noqa: ASYNC109  (a promise to the operator, on the store's own clock)
        lease = Lease(self._clock, self._terms, self._process)
        try:
            await self._take(upstream, lease, timeout)
            self._held[upstream] = lease
            renewing = asyncio.create_task(self._renew(upstream, lease))
            try:
                yield lease
            finally:
                renewing.cancel()
                del self._held[upstream]
        finally:
            lease.lose()
            with suppress(StoreError):  # it ends by itself
                await asyncio.shield(self._release(upstream, lease.token))

    async def _take(self, upstream: str, lease: Lease, timeout: float) -> None:  # noqa: ASYNC109  (likewise)
        give_up = self._clock.monotonic() + timeout
        while not await self._taken(upstream, lease):
            if self._clock.monotonic() >= give_up:
                holder = await self._database.read(lambda connection: _holder(connection, upstream))
                raise taken(upstream, holder)
            await self._clock.sleep(min(_ASK_AGAIN, max(0.0, give_up - self._clock.monotonic())))

    async def _taken(self, upstream: str, lease: Lease) -> bool:
        """Ask for the lease, once, unless another task of this process has it."""
        asked = self._clock.monotonic()
        epoch = None if upstream in self._held else await self._asked(upstream, lease)
        if epoch is not None:
            lease.granted(epoch, asked)
        return epoch is not None

    async def _renew(self, upstream: str, lease: Lease) -> None:
        pause = self._terms.every
        while lease.holds():
            await self._clock.sleep(pause)
            asked = self._clock.monotonic()
            try:
                lease.renewed(await self._asked(upstream, lease), asked)
                pause = self._terms.every
            except StoreError:  # asked again, until the deadline
                pause = min(_SOON, self._terms.every)

    async def _release(self, upstream: str, token: str) -> None:
        """Free the row, where it is still ours; its epoch goes on counting, and it tells since when."""
        mine = (leases.c.upstream == upstream) & (leases.c.token == token)
        free = update(leases).where(mine).values(token="", expires=NOW)
        await self._database.write(lambda connection: connection.execute(free) and None, None)

    async def _asked(self, upstream: str, lease: Lease) -> int | None:
        """Return the epoch of the lease that the row now holds for us, None if it is another's."""
        request = _request(upstream, lease.token, signature(self._clock.now()), self._terms.ttl)

        def work(connection: Connection) -> int | None:
            return connection.execute(request).scalar_one_or_none()

        return await self._database.write(work, None)


def _request(upstream: str, token: str, holder: str, ttl: float) -> ReturningInsert[int]:
    """Return the one statement that takes a lease which is free, and renews one that is ours."""
    row = {"upstream": upstream, "token": token, "holder": holder, "epoch": 1, "expires": NOW + ttl}
    asked = insert(leases).values(row)
    ours = leases.c.token == asked.excluded.token
    given = {
        "token": asked.excluded.token,
        "holder": case((ours, leases.c.holder), else_=asked.excluded.holder),
        "epoch": case((ours, leases.c.epoch), else_=leases.c.epoch + 1),
        "expires": asked.excluded.expires,
    }
    free = leases.c.expires <= NOW
    return asked.on_conflict_do_update(
        index_elements=[leases.c.upstream], set_=given, where=ours | free
    ).returning(leases.c.epoch)


def _holder(connection: Connection, upstream: str) -> str:
    row = select(leases.c.holder).where(leases.c.upstream == upstream, leases.c.token != "")
    found = connection.execute(row).scalar_one_or_none()
    return "nobody" if found is None else signed(found)
