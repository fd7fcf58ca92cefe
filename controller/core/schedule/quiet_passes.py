"""Quiet passes: how many in a row left everything as it was. The pauses between passes grow with them."""

from dataclasses import dataclass
from typing import Self

from controller.model.plan import Plan


@dataclass(frozen=True, slots=True)
class QuietPasses:
    """*count* passes in a row after which *picture*, all that is under way, was the same."""

    count: int = 0
    picture: object = None

    def after(self, plan: Plan, outcomes: object) -> Self:
        """Return the count after a pass that left *plan*; different *outcomes* are no quiet pass."""
        waits = tuple((waiting.item, waiting.wait_for) for waiting in plan.waiting)
        picture = (plan.provisioning, waits, outcomes)
        return type(self)(self.count + 1 if picture == self.picture else 0, picture)
