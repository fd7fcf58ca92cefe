"""Control of the loop: what the doors may ask of it, and what it reports to listeners."""

from collections.abc import Callable, Iterable
from typing import Protocol, TypeAlias

from controller.model.passes import PartnerState, Pass, SourceState

OnPass: TypeAlias = Callable[[Pass], None]
"""Called with each pass when the pass is over, in the loop's thread: returns at once and never raises."""


def ignore_release(_: str) -> None:
    """Do nothing with a digest that a person released: there is no source that it may be of."""


def ignore_fetch() -> None:
    """Do nothing: there is no source to read."""


class LoopControl(Protocol):
    """State of the loop, and the only ways to hurry it. No method makes the loop write."""

    def now(self) -> float:
        """Return epoch seconds on the loop's clock."""
        ...

    def source(self) -> SourceState: ...

    def partners(self) -> tuple[PartnerState, ...]: ...

    def store_words(self) -> tuple[str, ...]:
        """Return the words that name the store in a command, none for the usual place."""
        ...

    async def hint(self, names: Iterable[str]) -> bool:
        """Observe soon the app that has one of *names* (ids, names or phones at Gupshup).

        Return False if none is known, or none is declared. A hint causes no more than an observation, and
        not at once if that app was just observed.
        """
        ...

    def awaits(self, names: Iterable[str]) -> bool:
        """Return whether one of *names* is an app under way here: a hint about such an app is likely news."""
        ...

    def source_changed(self) -> None:
        """Make the loop read the source soon."""
        ...
