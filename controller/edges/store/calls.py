"""The log of calls: who may call now, decided under the store's lock so that processes share one pace.

Its moments are on a time of the log's own: one machine's processes agree on it even where the wall clock was
set between their starts, because each run of the machine has one anchor (in `meta`) from its monotonic clock
to epoch seconds. What comes in and goes out is on the caller's clock.
"""

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import Connection, delete, select, update

from controller.edges.store.database import Database, add, put
from controller.edges.store.schema import calls, meta, rests, traits
from controller.model.pace import DEADLINE, LONGEST_REST, Budget, Reservation, Rule, Stay

_DAY = 86_400.0
_TOLERANCE = 1.0


class Clock(Protocol):
    """The clock that the log counts by; *boot* is "" where monotonic time means nothing to others."""

    boot: str

    def now(self) -> float: ...

    def monotonic(self) -> float: ...


class Calls:
    """*upstream* is any key under which budgets are counted: an Upstream, or an account before its login."""

    def __init__(self, database: Database, clock: Clock, anchor: float) -> None:
        self._database = database
        self._clock = clock
        self._anchor = anchor

    async def reserve(
        self, upstream: str, budgets: Sequence[Budget], *, rule: Rule, route: str
    ) -> Reservation | float:
        """Reserve one call in all *budgets*, or return the earliest moment that *rule* gives for it.

        Atomic between processes: a reservation is on disk before the call may go.
        """

        def work(connection: Connection) -> Reservation | float:
            now = self._now()
            moments = [_earliest(connection, upstream, budget, now, rule) for budget in budgets]
            if max(moments) > now:
                return max(moments) + self._shift()
            connection.execute(delete(calls).where(calls.c.reserved < now - _DAY))
            return Reservation(tuple(_log(connection, upstream, budget, now, route) for budget in budgets))

        return await self._database.write(work)

    async def ended(self, reservation: Reservation, status: int | None) -> None:
        """Record that a call is over; *status* is None where no answer came."""

        def work(connection: Connection) -> None:
            rows = update(calls).where(calls.c.id.in_(reservation.rows))
            connection.execute(rows.values(ended=self._now(), status=status))

        await self._database.write(work)

    async def rest(self, upstream: str, budget: str, until: float) -> None:
        """Let no call of *budget* go before *until*; a longer rest stands."""

        def work(connection: Connection) -> None:
            known = _rest(connection, upstream, budget)
            key = {"upstream": upstream, "budget": budget}
            put(connection, rests, key, {"until": max(known, until - self._shift())})

        await self._database.write(work)

    async def stays(self, upstream: str, budget: str) -> tuple[tuple[Stay, ...], float]:
        """Return the log of one budget and the end of its rest (0: none), for a forecast."""
        shift = self._shift()

        def work(connection: Connection) -> tuple[tuple[Stay, ...], float]:
            known, until = _stays(connection, upstream, budget), _rest(connection, upstream, budget)
            moved = (Stay(s.start + shift, None if s.end is None else s.end + shift) for s in known)
            return tuple(moved), until + shift if until else 0.0

        return await self._database.read(work)

    async def trait(self, upstream: str, name: str) -> str | None:
        """Return what was learnt about *upstream* under *name*, None where nothing was."""

        def work(connection: Connection) -> str | None:
            found = select(traits.c.value).where(traits.c.upstream == upstream, traits.c.name == name)
            return connection.execute(found).scalar_one_or_none()

        return await self._database.read(work)

    async def set_trait(self, upstream: str, name: str, value: str) -> None:
        key = {"upstream": upstream, "name": name}
        await self._database.write(lambda connection: put(connection, traits, key, {"value": value}))

    def _now(self) -> float:
        return self._anchor + self._clock.monotonic()

    def _shift(self) -> float:
        """Return what turns a moment of the log into one of the caller's clock."""
        return self._clock.now() - self._now()


def anchor(connection: Connection, clock: Clock) -> float:
    """Return what turns this machine's monotonic time into epoch seconds, the same for all its processes."""
    mine = clock.now() - clock.monotonic()
    if not clock.boot:
        return mine
    known = connection.execute(select(meta.c.value).where(meta.c.name == "anchor")).scalar_one_or_none()
    boot, _, value = (known or "").partition(" ")
    if boot == clock.boot:
        return float(value)
    put(connection, meta, {"name": "anchor"}, {"value": f"{clock.boot} {mine!r}"})
    return mine


def _earliest(connection: Connection, upstream: str, budget: Budget, now: float, rule: Rule) -> float:
    stays, until = _stays(connection, upstream, budget.key), _rest(connection, upstream, budget.key)
    if _astray(stays, until, now) or _outlived(stays, budget, now):
        _pull_back(connection, upstream, budget.key, now)
        _forget(connection, upstream, budget, now)
        stays, until = _stays(connection, upstream, budget.key), _rest(connection, upstream, budget.key)
    return rule(stays, now, budget.limit, until)


def _astray(stays: Sequence[Stay], until: float, now: float) -> bool:
    """Say whether anything lies so far in the future that only a clock set back can have left it there."""
    latest = max((max(stay.start, stay.end or 0.0) for stay in stays), default=0.0)
    return latest > now + _TOLERANCE or until > now + LONGEST_REST + _TOLERANCE


def _outlived(stays: Sequence[Stay], budget: Budget, now: float) -> bool:
    """Say whether there is more than enough to forget: every call looks here, few need to clean."""
    past = now - 2 * budget.limit.seconds - 2 * DEADLINE
    return sum(stay.start < past for stay in stays) > budget.limit.calls


def _pull_back(connection: Connection, upstream: str, budget: str, now: float) -> None:
    """Move calls and rests out of the future where a clock that was set back left them: they count anew."""
    ahead = update(calls).where(calls.c.upstream == upstream, calls.c.budget == budget)
    late = now + _TOLERANCE
    connection.execute(ahead.where(calls.c.reserved > late).values(reserved=now))
    connection.execute(ahead.where(calls.c.ended > late).values(ended=now))
    longest = now + LONGEST_REST
    resting = update(rests).where(rests.c.upstream == upstream, rests.c.budget == budget)
    connection.execute(resting.where(rests.c.until > longest + _TOLERANCE).values(until=longest))


def _forget(connection: Connection, upstream: str, budget: Budget, now: float) -> None:
    """Drop calls that no rule can still count: twice the window past their deadline."""
    past = now - 2 * budget.limit.seconds - DEADLINE
    old = (calls.c.reserved < past - DEADLINE) & ((calls.c.ended < past) | calls.c.ended.is_(None))
    mine = (calls.c.upstream == upstream) & (calls.c.budget == budget.key)
    connection.execute(delete(calls).where(mine & old))


def _stays(connection: Connection, upstream: str, budget: str) -> list[Stay]:
    mine = (calls.c.upstream == upstream) & (calls.c.budget == budget)
    rows = connection.execute(select(calls.c.reserved, calls.c.ended).where(mine).order_by(calls.c.id))
    return [Stay(reserved, ended) for reserved, ended in rows]


def _rest(connection: Connection, upstream: str, budget: str) -> float:
    found = select(rests.c.until).where(rests.c.upstream == upstream, rests.c.budget == budget)
    return connection.execute(found).scalar_one_or_none() or 0.0


def _log(connection: Connection, upstream: str, budget: Budget, now: float, route: str) -> int:
    row = {"upstream": upstream, "budget": budget.key, "reserved": now, "route": route}
    return add(connection, calls, row)
