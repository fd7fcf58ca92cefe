"""Clocks of a store. The moments in it are on a clock that all its writers share.

The wall clock is no such clock: it may be set between two processes, or differ between two machines. A file
uses the machine's monotonic clock, a database its server's. Moments in arguments and results are on the
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
    """The clock of the moments in rows, in epoch seconds."""

    def now(self, connection: Connection) -> float: ...

    def ahead(self, now: float) -> float:
        """Return the seconds by which the caller's clock is ahead of this one, at *now* on this one."""
        ...


@dataclass(frozen=True, slots=True)
class MachineClock:
    """The clock that all processes of one machine share, even if the wall clock was set between their starts.

    *anchor* turns the machine's monotonic time into epoch seconds. Each run of the machine has its own.
    """

    clock: MonotonicClock
    anchor: float

    def now(self, _: Connection) -> float:
        return self.anchor + self.clock.monotonic()

    def ahead(self, now: float) -> float:
        return self.clock.now() - now


def machine_clock(connection: Connection, clock: MonotonicClock) -> MachineClock:
    """Return the clock of a store in a file. In a new run of the machine, all waits begin anew.

    Only the first process of a run reads the wall clock. If a run has no name, each process is the first.
    """
    known = connection.execute(select(meta.c.value).where(meta.c.name == _NAME)).scalar_one_or_none()
    boot, _, value = (known or "").rpartition(" ")
    if boot and boot == clock.boot:
        return MachineClock(clock, float(value))
    anchor = clock.now() - clock.monotonic()
    put(connection, meta, {"name": _NAME}, {"value": f"{clock.boot} {anchor!r}"})
    machine = MachineClock(clock, anchor)
    now = machine.now(connection)
    _restart_waits(connection, now, anchor)
    _continue_calls(connection, now)
    return machine


def shifted(moment: float | None, by: float) -> float | None:
    return None if moment is None else moment + by


def _restart_waits(connection: Connection, now: float, begun: float) -> None:
    """Start every wait of an earlier run from its beginning: how much of it is left is unknown.

    Refusals by Gupshup keep their moments by the wall clock. In CI each run is on another machine, and a wait
    that starts anew would never end. A refusal from the future is dated to the start of this run, before any
    request for another try.
    """
    for since in (intents.c.ended, bindings.c.missing_since, ledger.c.active_at):
        connection.execute(update(since.table).where(since.is_not(None)).values({since.name: now}))
    late = refusals.c.retry_at - (refusals.c.at - begun)
    connection.execute(update(refusals).where(refusals.c.at > now).values(at=begun, retry_at=late))
    connection.execute(update(hints).where(hints.c.at > begun).values(at=begun))


def _continue_calls(connection: Connection, now: float) -> None:
    """Move the log of calls up to now, as if no time had passed since its last call."""
    newest = connection.execute(select(func.max(func.coalesce(calls.c.ended, calls.c.reserved)))).scalar_one()
    for moment in (calls.c.reserved, calls.c.ended, rests.c.until) if newest is not None else ():
        connection.execute(update(moment.table).values({moment.name: moment + (now - newest)}))
