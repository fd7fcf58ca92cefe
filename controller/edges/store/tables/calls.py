"""The call table: reservations and spans of calls, under the store's lock, so that processes share limits.

Moments in arguments and results are on the caller's clock, moments in rows on the store's (see clocks.py).
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import TypeAlias

from sqlalchemy import Connection, Row, Text, bindparam, delete, func, select, update

from controller.edges.store.clocks import StoreClock, shifted
from controller.edges.store.database import Database, add, put
from controller.edges.store.schema import calls, rests, traits
from controller.model.manifest import AppId, Bucket
from controller.model.ratelimit import (
    DEADLINE,
    LONGEST_COOL_DOWN,
    Budget,
    CallSpan,
    LoggedCall,
    Reservation,
    Rule,
    UsedBudget,
)

_DAY = 86_400.0
_TOLERANCE = 1.0

_Call: TypeAlias = Row[int, float, float | None]

# Each call to Gupshup runs all of these statements: built once, they take a third of the time.
_UPSTREAM, _BUDGET = bindparam("upstream", type_=Text), bindparam("budget", type_=Text)
_SPANS = (
    select(calls.c.id, calls.c.reserved, calls.c.ended)
    .where(calls.c.upstream == _UPSTREAM, calls.c.budget == _BUDGET)
    .order_by(calls.c.id)
)
_ALL_SPANS = (
    select(calls.c.budget, calls.c.reserved, calls.c.ended)
    .where(calls.c.upstream == _UPSTREAM)
    .order_by(calls.c.id)
)
_RESTS = select(rests.c.budget, rests.c.until).where(rests.c.upstream == _UPSTREAM)
_REST = select(rests.c.until).where(rests.c.upstream == _UPSTREAM, rests.c.budget == _BUDGET)
_TRAIT = select(traits.c.value).where(traits.c.upstream == _UPSTREAM, traits.c.name == bindparam("name"))
_ENDED = update(calls).where(calls.c.id.in_(bindparam("rows", expanding=True)))
_OLD = select(calls.c.id).where(calls.c.reserved < bindparam("before")).with_for_update(skip_locked=True)
_FORGOTTEN = delete(calls).where(calls.c.id.in_(_OLD))


class CallTable:
    """The log of calls. *upstream* is the key of budgets: an Upstream, or an account before its login."""

    def __init__(self, database: Database, clock: StoreClock) -> None:
        self._database = database
        self._clock = clock

    async def reserve(
        self, upstream: str, budgets: Sequence[Budget], *, rule: Rule, route: str
    ) -> Reservation | float:
        """Reserve one call in all *budgets*, or return the earliest moment that *rule* allows.

        Atomic between processes: a reservation is on disk before the call may go.
        """

        def work(connection: Connection) -> Reservation | float:
            now = self._clock.now(connection)
            moments = [_earliest(connection, upstream, budget, now, rule) for budget in budgets]
            if max(moments) > now:
                return max(moments) + self._clock.ahead(now)
            _forget_all(connection, now - _DAY)
            return Reservation(tuple(_log(connection, upstream, budget, now, route) for budget in budgets))

        return await self._database.write(work, upstream)

    async def ended(self, reservation: Reservation, status: int | None) -> None:
        """Record that a call is over; *status* is None if no answer came."""

        def work(connection: Connection) -> None:
            values = {"ended": self._clock.now(connection), "status": status}
            connection.execute(_ENDED, {"rows": reservation.rows, **values})

        await self._database.write(work, None)

    async def rest(self, upstream: str, budget: str, until: float) -> None:
        """Let no call of *budget* go before *until*. A longer wait that is set already stays."""

        def work(connection: Connection) -> None:
            known = _rest(connection, upstream, budget)
            ours = until - self._clock.ahead(self._clock.now(connection))
            put(connection, rests, {"upstream": upstream, "budget": budget}, {"until": max(known, ours)})

        await self._database.write(work, upstream)

    async def used(self, upstream: str) -> dict[str, UsedBudget]:
        """Return for each budget the calls in its log, and until when it rests, by the caller's clock."""

        def work(connection: Connection) -> dict[str, UsedBudget]:
            ahead = self._clock.ahead(self._clock.now(connection))
            spans: dict[str, list[CallSpan]] = defaultdict(list)
            for budget, start, end in connection.execute(_ALL_SPANS, {"upstream": upstream}):
                spans[budget].append(CallSpan(start + ahead, None if end is None else end + ahead))
            resting = {
                row.budget: row.until + ahead for row in connection.execute(_RESTS, {"upstream": upstream})
            }
            return {
                budget: UsedBudget(tuple(spans[budget]), resting.get(budget, 0.0))
                for budget in sorted(spans.keys() | resting.keys())
            }

        return await self._database.read(work)

    async def trait(self, upstream: str, name: str) -> str | None:
        """Return the value that is known of *upstream* under *name*, None if there is none."""

        def work(connection: Connection) -> str | None:
            return connection.execute(_TRAIT, {"upstream": upstream, "name": name}).scalar_one_or_none()

        return await self._database.read(work)

    async def set_trait(self, upstream: str, name: str, value: str) -> None:
        key = {"upstream": upstream, "name": name}
        await self._database.write(
            lambda connection: put(connection, traits, key, {"value": value}), upstream
        )

    async def of_app(self, upstream: str, app_id: AppId, limit: int = 200) -> tuple[LoggedCall, ...]:
        """Return the newest calls for one app, and those that count for the whole partner, newest first."""
        wide = calls.c.budget.in_([bucket.value for bucket in Bucket if bucket is not Bucket.OTHER])
        own = func.substr(calls.c.budget, func.length(calls.c.budget) - len(app_id)) == f":{app_id}"
        newest = select(calls).where(calls.c.upstream == upstream, wide | own).order_by(calls.c.id.desc())

        def work(connection: Connection) -> tuple[LoggedCall, ...]:
            ahead = self._clock.ahead(self._clock.now(connection))
            return tuple(
                LoggedCall(row.budget, row.route, row.reserved + ahead, shifted(row.ended, ahead), row.status)
                for row in connection.execute(newest.limit(limit))
            )

        return await self._database.read(work)

    async def resting(self, upstream: str) -> dict[str, float]:
        """Return the budgets that rest or rested after a 429, each with the end of its rest."""
        mine = select(rests).where(rests.c.upstream == upstream).order_by(rests.c.budget)

        def work(connection: Connection) -> dict[str, float]:
            ahead = self._clock.ahead(self._clock.now(connection))
            return {row.budget: row.until + ahead for row in connection.execute(mine)}

        return await self._database.read(work)


def _earliest(connection: Connection, upstream: str, budget: Budget, now: float, rule: Rule) -> float:
    rows, until = _rows(connection, upstream, budget.key), _rest(connection, upstream, budget.key)
    late, past = now + _TOLERANCE, now - 2 * budget.limit.seconds - DEADLINE
    if until > now + LONGEST_COOL_DOWN + _TOLERANCE or any(_last(row) > late for row in rows):
        _pull_back(connection, upstream, budget.key, now)
        rows, until = _rows(connection, upstream, budget.key), _rest(connection, upstream, budget.key)
    old = {row.id for row in rows if row.reserved < past - DEADLINE and (row.ended or 0.0) < past}
    if old:  # too old for any rule to count
        connection.execute(delete(calls).where(calls.c.id.in_(sorted(old))))
    spans = [CallSpan(row.reserved, row.ended) for row in rows if row.id not in old]
    return rule(spans, now, budget.limit, until)


def _last(row: _Call) -> float:
    _, reserved, ended = row
    return max(reserved, ended or reserved)


def _pull_back(connection: Connection, upstream: str, budget: str, now: float) -> None:
    """Move calls and waits from the future to now, so that they count anew: the clock was set back."""
    ahead = update(calls).where(calls.c.upstream == upstream, calls.c.budget == budget)
    late = now + _TOLERANCE
    connection.execute(ahead.where(calls.c.reserved > late).values(reserved=now))
    connection.execute(ahead.where(calls.c.ended > late).values(ended=now))
    longest = now + LONGEST_COOL_DOWN
    resting = update(rests).where(rests.c.upstream == upstream, rests.c.budget == budget)
    connection.execute(resting.where(rests.c.until > longest + _TOLERANCE).values(until=longest))


def _forget_all(connection: Connection, before: float) -> None:
    """Delete old calls of budgets that are not used any more, except rows that another process locks."""
    connection.execute(_FORGOTTEN, {"before": before})


def _rows(connection: Connection, upstream: str, budget: str) -> Sequence[_Call]:
    return connection.execute(_SPANS, {"upstream": upstream, "budget": budget}).all()


def _rest(connection: Connection, upstream: str, budget: str) -> float:
    return connection.execute(_REST, {"upstream": upstream, "budget": budget}).scalar_one_or_none() or 0.0


def _log(connection: Connection, upstream: str, budget: Budget, now: float, route: str) -> int:
    row = {"upstream": upstream, "budget": budget.key, "reserved": now, "route": route}
    return add(connection, calls, row)
