"""The state of a loop as a test sets it, and the passes and conditions that tests need."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from controller.model.passes import PartnerState, SourceState
from tests.builders.passes import GOOD, MAIN
from tests.clock import FakeClock


@dataclass
class FakeControl(FakeClock):
    """A LoopControl whose time, source and partners are fields of a test."""

    state: SourceState = GOOD
    all_partners: tuple[PartnerState, ...] = (MAIN,)
    hints: list[str] = field(default_factory=list)

    def source(self) -> SourceState:
        return self.state

    def partners(self) -> tuple[PartnerState, ...]:
        return self.all_partners

    def partner(self, **changes: object) -> None:
        """Change fields of the first partner."""
        first, *others = self.all_partners
        self.all_partners = (replace(first, **changes), *others)  # type: ignore[arg-type]  # the test names fields

    async def hint(self, names: Iterable[str]) -> bool:
        self.hints += names
        return True

    def awaits(self, names: Iterable[str]) -> bool:
        del names
        return False

    def source_changed(self) -> None:
        self.hints.append("source")
