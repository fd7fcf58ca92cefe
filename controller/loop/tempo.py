"""How a process that never stops goes about it: what was chosen, and what times it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Tempo:
    """In seconds: *interval* between two lists of a partner, *drift* between two looks at one app's webhooks.

    *drift* None follows from how many apps there are. *enforce* False only looks: nothing is written.
    """

    interval: float = 60.0
    drift: float | None = None
    enforce: bool = True


class Triggers(Protocol):
    """Times things: it only calls *drop*, which marks that something is due and returns at once."""

    def every(self, seconds: float, drop: Callable[[], None]) -> Callable[[], None]:
        """Call *drop* each time so many *seconds* are over; return what ends it."""
        ...
