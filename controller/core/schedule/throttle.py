"""How many looks events may cause, whatever comes in: a count over a sliding window, and the clock as `now`.

Anybody who knows the address can post events, so they may not eat the calls that changes need. A look at a
settled app takes three calls; twenty of them a minute are a tenth of the 600 that Gupshup allows.
"""

from dataclasses import dataclass, replace
from typing import TypeAlias

Names: TypeAlias = tuple[str, ...]

UNDER_WAY = 60
"""Looks a minute for events about apps that are under way: as many newcomers as the limits let through."""


@dataclass(frozen=True, slots=True)
class Throttle:
    """At most *looks* in any *seconds*, and one for the same names in any *quiet* ones.

    *spent* are the last looks, oldest first: never more than *looks* of them.
    """

    looks: int = 20
    seconds: float = 60.0
    quiet: float = 5.0
    spent: tuple[tuple[float, Names], ...] = ()

    def earliest(self, names: Names, now: float) -> float:
        """Return the earliest moment at which a look for *names* may go: *now* when it may at once."""
        same = max((at + self.quiet for at, others in self.spent if others == names), default=now)
        full = len(self.spent) >= self.looks
        free = self.spent[0][0] + self.seconds if full else now
        return max(now, same, free)

    def after(self, names: Names, now: float) -> "Throttle":
        """Return what is left after a look for *names* at *now*."""
        return replace(self, spent=(*self.spent, (now, names))[-self.looks :])
