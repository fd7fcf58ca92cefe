"""The lease table: a row for each upstream names its writer, and ends by itself unless it is renewed.

For others the row ends by the server's clock. The holder uses its own clock, which starts earlier and stops
sooner. The holder has therefore stopped before another process can begin, even if it was suspended or cannot
reach the server.
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

_RETRY_EVERY = 0.2
_SOON = 0.5


@dataclass(frozen=True, slots=True)
class Terms:
    """Durations in seconds: a lease lasts *ttl*, its holder stops *guard* earlier and renews it each *every*.

    A process that dies has a successor within *ttl*; 2 s later if the replica that should follow died, too.
    """

    ttl: float = 10.0
    guard: float = 2.0
    every: float = 2.5


TERMS = Terms()


class Lease:
    """One lease, which is lost for good when its deadline passes, or another lease is in its row."""

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
        """Note the first grant. *asked* is the moment of the request, on the monotonic clock."""
        self.epoch, self._deadline = epoch, asked + self._life

    def renewed(self, epoch: int | None, asked: float) -> None:
        """Extend the lease if the row is still ours and the deadline has not passed meanwhile."""
        if epoch != self.epoch:
            self.lose()
        elif self.holds():
            self._deadline = asked + self._life

    def lose(self) -> None:
        self._lost = True


class LeaseTable:
    """The leases of one opening of the store, whose tokens begin with *process*.

    *database* is only for short statements such as renewals, so that a renewal never waits for others.
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

        signature_text = await self._database.read(work)
        return "" if signature_text is None else signed(signature_text)

    def fence(self, connection: Connection, upstream: str) -> str:
        """Lock the row against other processes until the transaction ends, and return the epoch as a mark."""
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
        epoch = select(leases.c.epoch).where(mine).with_for_update(read=True)
        if connection.execute(epoch).scalar_one_or_none() != lease.epoch:
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
            with suppress(StoreError):  # the row ends by itself
                await asyncio.shield(self._release(upstream, lease.token))

    async def _take(self, upstream: str, lease: Lease, timeout: float) -> None:  # noqa: ASYNC109  (likewise)
        give_up = self._clock.monotonic() + timeout
        while not await self._taken(upstream, lease):
            if self._clock.monotonic() >= give_up:
                holder = await self._database.read(lambda connection: _holder(connection, upstream))
                raise taken(upstream, holder)
            await self._clock.sleep(min(_RETRY_EVERY, max(0.0, give_up - self._clock.monotonic())))

    async def _taken(self, upstream: str, lease: Lease) -> bool:
        """Request the lease, once, unless another task of this process has it."""
        asked = self._clock.monotonic()
        epoch = None if upstream in self._held else await self._requested(upstream, lease)
        if epoch is not None:
            lease.granted(epoch, asked)
        return epoch is not None

    async def _renew(self, upstream: str, lease: Lease) -> None:
        pause = self._terms.every
        while lease.holds():
            await self._clock.sleep(pause)
            asked = self._clock.monotonic()
            try:
                lease.renewed(await self._requested(upstream, lease), asked)
                pause = self._terms.every
            except StoreError:  # requested again, until the deadline
                pause = min(_SOON, self._terms.every)

    async def _release(self, upstream: str, token: str) -> None:
        """Free the row if it is still ours. The epoch stays, and `expires` shows since when it is free."""
        mine = (leases.c.upstream == upstream) & (leases.c.token == token)
        free = update(leases).where(mine).values(token="", expires=NOW)
        await self._database.write(lambda connection: connection.execute(free) and None, None)

    async def _requested(self, upstream: str, lease: Lease) -> int | None:
        """Return the epoch of the row if it now holds our lease, None if it holds another one."""
        request = _request(upstream, lease.token, signature(self._clock.now()), self._terms.ttl)

        def work(connection: Connection) -> int | None:
            return connection.execute(request).scalar_one_or_none()

        return await self._database.write(work, None)


def _request(upstream: str, token: str, holder: str, ttl: float) -> ReturningInsert[int]:
    """Return the one statement that takes a free lease and renews our own."""
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
    holder = connection.execute(row).scalar_one_or_none()
    return "nobody" if holder is None else signed(holder)
