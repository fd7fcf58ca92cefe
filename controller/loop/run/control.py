"""What the doors may ask of the loop, and what the loop tells whoever listens."""

from collections.abc import Callable, Iterable
from typing import Protocol, TypeAlias

from controller.model.passes import PartnerState, Pass, SourceState

OnPass: TypeAlias = Callable[[Pass], None]
"""Told of each pass when it is over, in the loop's thread: it returns at once and never raises."""


class LoopControl(Protocol):
    """How the loop stands, and the only ways to hurry it. Nothing here makes it write."""

    def now(self) -> float:
        """Return epoch seconds on the loop's clock."""
        ...

    def source(self) -> SourceState: ...

    def partners(self) -> tuple[PartnerState, ...]: ...

    async def hint(self, names: Iterable[str]) -> bool:
        """Have the app looked at that goes by one of *names* (ids, names or phones at Gupshup).

        False where none is known, or none is declared. Never more than a look, and not at once where that
        app was just looked at.
        """
        ...

    def awaits(self, names: Iterable[str]) -> bool:
        """Say whether one of *names* is an app under way here: a hint about it is likely to be news."""
        ...

    def source_changed(self) -> None:
        """Have the source read soon."""
        ...
