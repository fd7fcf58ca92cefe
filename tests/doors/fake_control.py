"""The state of a loop as a test sets it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from controller.model.passes import PartnerState, SourceState
from tests.builders.passes import GOOD, MAIN
from tests.clock import FakeClock


@dataclass
class FakeControl(FakeClock):
    """A LoopControl whose time, source and partners are fields of a test.

    It knows the apps in *known*, those in *awaited* under way, and remembers what it was asked for.
    """

    state: SourceState = GOOD
    all_partners: tuple[PartnerState, ...] = (MAIN,)
    known: set[str] = field(default_factory=set)
    awaited: set[str] = field(default_factory=set)
    hinted: list[tuple[str, ...]] = field(default_factory=list)
    changed: int = 0
    words: tuple[str, ...] = ()

    def source(self) -> SourceState:
        return self.state

    def partners(self) -> tuple[PartnerState, ...]:
        return self.all_partners

    def store_words(self) -> tuple[str, ...]:
        return self.words

    def partner(self, **changes: object) -> None:
        """Change fields of the first partner."""
        first, *others = self.all_partners
        self.all_partners = (replace(first, **changes), *others)  # type: ignore[arg-type]  # the test names fields

    async def hint(self, names: Iterable[str]) -> bool:
        self.hinted.append(tuple(names))
        return bool(self.known.intersection(self.hinted[-1]))

    def awaits(self, names: Iterable[str]) -> bool:
        return bool(self.awaited.intersection(names))

    def source_changed(self) -> None:
        self.changed += 1
