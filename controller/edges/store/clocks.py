"""The clocks of a store: the moments in it are on a clock that all who write them share.

The wall clock is none: it may be set between two processes, or differ between two machines. In a file the
shared clock is the machine's monotonic one, in a database the server's. What comes in and goes out is on the
caller's clock.
"""

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection, func, select, update

from controller.edges.store.database import put
from controller.edges.store.schema import bindings, calls, hints, intents, ledger, meta, refusals, rests
from controller.model.clock import MonotonicClock

_NAME = "clock"


class StoreClock(Protocol):
    """A clock that rows are written by, in epoch seconds."""

    def now(self, connection: Connection) -> float: ...

    def ahead(self, now: float) -> float:
        """Return by how much the caller's clock is ahead of this one, where this one says *now*."""
        ...


@dataclass(frozen=True, slots=True)
class MachineClock:
    """What the processes of one machine agree on, even where the wall clock was set between their starts.

    *anchor* turns the machine's monotonic time into epoch seconds, one for each of its runs.
    """

    clock: MonotonicClock
    anchor: float

    def now(self, _: Connection) -> float:
        return self.anchor + self.clock.monotonic()

    def ahead(self, now: float) -> float:
        return self.clock.now() - now


def machine_clock(connection: Connection, clock: MonotonicClock) -> MachineClock:
    """Return the time of a store in a file. In a new run of the machine, what rests begins to rest anew.

    Only the first process of a run asks the wall clock; where a run has no name, each process is the first.
    """
    known = connection.execute(select(meta.c.value).where(meta.c.name == _NAME)).scalar_one_or_none()
    boot, _, value = (known or "").rpartition(" ")
    if boot and boot == clock.boot:
        return MachineClock(clock, float(value))
    anchor = clock.now() - clock.monotonic()
    put(connection, meta, {"name": _NAME}, {"value": f"{clock.boot} {anchor!r}"})
    time = MachineClock(clock, anchor)
    now = time.now(connection)
    _begin_again(connection, now, anchor)
    _go_on(connection, now)
    return time


def shifted(moment: float | None, by: float) -> float | None:
    return None if moment is None else moment + by


def _begin_again(connection: Connection, now: float, begun: float) -> None:
    """Let what a moment of an earlier run holds back wait as long as at first: nobody can tell what is left.

    What Gupshup refused goes by the wall clock across runs, as long as that makes sense: in CI each run is
    another machine's, and it would never be tried again. A refusal from the future is as old as this run:
    whoever asks for another try did so later.
    """
    for since in (intents.c.ended, bindings.c.missing_since, ledger.c.active_at):
        connection.execute(update(since.table).where(since.is_not(None)).values({since.name: now}))
    late = refusals.c.retry_at - (refusals.c.at - begun)
    connection.execute(update(refusals).where(refusals.c.at > now).values(at=begun, retry_at=late))
    connection.execute(update(hints).where(hints.c.at > begun).values(at=begun))


def _go_on(connection: Connection, now: float) -> None:
    """Let the log of calls go on as if no time had passed since the last one: one window is waited for."""
    newest = connection.execute(select(func.max(func.coalesce(calls.c.ended, calls.c.reserved)))).scalar_one()
    for moment in (calls.c.reserved, calls.c.ended, rests.c.until) if newest is not None else ():
        connection.execute(update(moment.table).values({moment.name: moment + (now - newest)}))
