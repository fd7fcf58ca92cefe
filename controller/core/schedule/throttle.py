"""Throttle of the reads that events cause: a count over a sliding window, with the clock as *now*.

Anybody who knows the address can post events, so events may not use up the calls that changes need. A read of
a settled app takes four calls. Twenty reads a minute are a seventh of the 600 calls that Gupshup allows.
"""

from dataclasses import dataclass, replace
from typing import TypeAlias

Names: TypeAlias = tuple[str, ...]

UNDER_WAY = 60
"""Reads a minute for events about apps under way: as many new apps as the limits let through."""


@dataclass(frozen=True, slots=True)
class Throttle:
    """At most *reads* reads in any *seconds*, and one for the same names in any *quiet* seconds.

    *spent* are the last reads, oldest first: never more than *reads* of them.
    """

    reads: int = 20
    seconds: float = 60.0
    quiet: float = 5.0
    spent: tuple[tuple[float, Names], ...] = ()

    def earliest(self, names: Names, now: float) -> float:
        """Return the earliest moment at which a read for *names* may go: *now* if it may go at once."""
        same = max((at + self.quiet for at, others in self.spent if others == names), default=now)
        full = len(self.spent) >= self.reads
        free = self.spent[0][0] + self.seconds if full else now
        return max(now, same, free)

    def after(self, names: Names, now: float) -> "Throttle":
        """Return the throttle after a read for *names* at *now*."""
        return replace(self, spent=(*self.spent, (now, names))[-self.reads :])
