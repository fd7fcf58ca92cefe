"""What time it is in a store: the moments in it are on a clock that all who write them share."""

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection


class Clock(Protocol):
    """A caller's clock. *boot* is "" where monotonic time means nothing to other processes."""

    boot: str

    def now(self) -> float: ...

    def monotonic(self) -> float: ...


class Time(Protocol):
    """A clock that rows are written by, in epoch seconds."""

    def now(self, connection: Connection) -> float: ...

    def ahead(self, now: float) -> float:
        """Return by how much the caller's clock is ahead of this one, where this one says *now*."""
        ...


@dataclass(frozen=True, slots=True)
class CallersTime:
    """The caller's own clock."""

    clock: Clock

    def now(self, _: Connection) -> float:
        return self.clock.now()

    def ahead(self, now: float) -> float:  # noqa: ARG002  (the same clock, at any moment)
        return 0.0


@dataclass(frozen=True, slots=True)
class MachinesTime:
    """What the processes of one machine agree on, even where the wall clock was set between their starts.

    *anchor* turns the machine's monotonic time into epoch seconds, one for each of its runs.
    """

    clock: Clock
    anchor: float

    def now(self, _: Connection) -> float:
        return self.anchor + self.clock.monotonic()

    def ahead(self, now: float) -> float:
        return self.clock.now() - now
