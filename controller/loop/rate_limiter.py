"""Rate limiter before every call: it reserves in the shared log, waits if need be, and notes the end.

Calls other than sign-ins count under `upstream` once it is set. Logins, calls about tokens, and all calls
before that, count under the account that the log has for *account*, and under *account* itself if the log has
none. *account* names the way to sign in, with the same name in every process.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from controller.core.ratelimit import budgets, cool_down, earliest, window
from controller.errors import Busy, StoreError
from controller.model.clock import Clock
from controller.model.manifest import LIMITS, AppId, Bucket, Limit
from controller.model.ratelimit import ACCOUNT, Budget, CallRecord, OnCall, Reservation, Rule, ignore_call
from controller.model.upstream import Upstream

LONGEST_WAIT = 3.0
"""Seconds that a call waits at most before Busy is raised."""

BRIEF_WAIT = window(LIMITS[Bucket.OTHER])
"""Seconds after which the budget that all buckets share has room again."""

LONGEST_LIST_WAIT = 150.0
"""Seconds that a page of a list waits at most: a list is read whole or not at all, at 10 pages a minute."""

_OF_THE_LOGIN = frozenset({Bucket.LOGIN, Bucket.MINT, Bucket.AUTH})
_SLOW_LIST = "slow list"
_LEAST_SLEEP = 0.001
_TOO_MANY = 429


class CallLog(Protocol):
    """The log of calls in the store (`edges.store.tables.calls.CallTable`), as used here."""

    async def reserve(
        self, upstream: str, budgets: Sequence[Budget], *, rule: Rule, route: str
    ) -> Reservation | float: ...

    async def ended(self, reservation: Reservation, status: int | None) -> None: ...

    async def rest(self, upstream: str, budget: str, until: float) -> None: ...

    async def trait(self, upstream: str, name: str) -> str | None: ...

    async def set_trait(self, upstream: str, name: str, value: str) -> None: ...


class Permit:
    """The right to make one call, and the answer to the call."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.retry_after: float | None = None

    def answered(self, status: int, retry_after: float | None = None) -> None:
        """Note the answer's status, and the seconds of its Retry-After if it had one."""
        self.status = status
        self.retry_after = retry_after


class RateLimiter:
    """The limiter of one partner account. Several, in any number of processes, share one log."""

    def __init__(
        self,
        log: CallLog,
        clock: Clock,
        *,
        account: str,
        limits: Mapping[Bucket, Limit] = LIMITS,
        patience: float = LONGEST_WAIT,
        on_call: OnCall = ignore_call,
    ) -> None:
        self.upstream: Upstream | None = None
        self._log = log
        self._clock = clock
        self._account = account
        self._limits = limits
        self._patience = patience
        self._on_call = on_call
        self._turns: dict[Bucket, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._front = asyncio.Lock()

    @asynccontextmanager
    async def call(self, bucket: Bucket, *, route: str, app_id: AppId | None = None) -> AsyncIterator[Permit]:
        """Let one call go, now or after a short wait. Instead of a long wait, raises Busy with the moment.

        The call counts from here until the block ends, however it ends.
        """
        arrived = self._clock.now()
        key = await self._key(bucket)
        reservation = await self._reserved(key, bucket, app_id, route)
        permit, began = Permit(), self._clock.now()
        try:
            yield permit
        finally:
            self._on_call(
                CallRecord(bucket, route, began - arrived, self._clock.now() - began, permit.status)
            )
            await asyncio.shield(self._over(key, bucket, app_id, reservation, permit))

    async def _key(self, bucket: Bucket) -> str:
        if bucket not in _OF_THE_LOGIN and self.upstream is not None:
            return self.upstream
        return await self._log.trait(self._account, ACCOUNT) or self._account

    async def _reserved(self, key: str, bucket: Bucket, app_id: AppId | None, route: str) -> Reservation:
        give_up = self._clock.now() + (LONGEST_LIST_WAIT if bucket is Bucket.LIST else self._patience)
        async with self._turns[bucket]:
            return await self._in_turn(key, bucket, app_id, route, give_up)

    async def _in_turn(
        self, key: str, bucket: Bucket, app_id: AppId | None, route: str, give_up: float
    ) -> Reservation:
        """Reserve in the order of arrival: no call runs out of patience while later calls go first."""
        while True:
            async with self._front:
                answer = await self._first(key, bucket, app_id, route, give_up)
            if isinstance(answer, Reservation):
                return answer
            if answer > give_up:
                own, *_ = await self._budgets(key, bucket, app_id)
                raise Busy(f"{route}: not sent: the budget {own.key} is used up for now", until=answer)
            await self._pause(answer)

    async def _first(
        self, key: str, bucket: Bucket, app_id: AppId | None, route: str, give_up: float
    ) -> Reservation | float:
        """Reserve, and stay first through waits as brief as those for the budget that all buckets share.

        Otherwise the buckets race for each opening of that budget, and one of them may lose every time.
        """
        while True:
            counted = await self._budgets(key, bucket, app_id)
            answer = await self._reserve(key, counted, route)
            if isinstance(answer, Reservation) or answer > min(give_up, self._clock.now() + BRIEF_WAIT):
                return answer
            await self._pause(answer)

    async def _pause(self, until: float) -> None:
        await self._clock.sleep(max(_LEAST_SLEEP, until - self._clock.now()))

    async def _budgets(self, key: str, bucket: Bucket, app_id: AppId | None) -> tuple[Budget, ...]:
        slow = bucket is Bucket.LIST and await self._log.trait(key, _SLOW_LIST) is not None
        return budgets(bucket, app_id, limits=self._limits, slow_list=slow)

    async def _reserve(self, key: str, counted: tuple[Budget, ...], route: str) -> Reservation | float:
        """Reserve in the log. If this task is cancelled meanwhile, give back what the log reserved."""
        reserving = asyncio.ensure_future(self._log.reserve(key, counted, rule=earliest, route=route))
        try:
            return await asyncio.shield(reserving)
        except asyncio.CancelledError:
            answer = await reserving
            if isinstance(answer, Reservation):
                await self._end(answer, None)
            raise

    async def _over(
        self, key: str, bucket: Bucket, app_id: AppId | None, reservation: Reservation, permit: Permit
    ) -> None:
        await self._end(reservation, permit.status)
        if permit.status == _TOO_MANY:
            with suppress(StoreError):  # the next reservation meets the same error, and raises it
                await self._rest(key, bucket, app_id, permit.retry_after)

    async def _end(self, reservation: Reservation, status: int | None) -> None:
        # An error must not hide the answer. Without its end the call counts for longer.
        with suppress(StoreError):
            await self._log.ended(reservation, status)

    async def _rest(self, key: str, bucket: Bucket, app_id: AppId | None, retry_after: float | None) -> None:
        if bucket is Bucket.LIST:
            await self._log.set_trait(key, _SLOW_LIST, "429")
        own, *_ = await self._budgets(key, bucket, app_id)
        await self._log.rest(key, own.key, self._clock.now() + cool_down(own.limit, retry_after))
