"""The state of a loop as a test sets it, and the passes and conditions that tests need."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from controller.model.passes import Lane, PartnerState, Pass, SourceState, Transition
from controller.model.plan import Item, Kind
from controller.model.status import Condition, Status, Truth
from tests.clock import FakeClock

NOW = FakeClock.time
HERE = "https://partner.gupshup.io#1"
MAIN = PartnerState("main", HERE, is_leader=True, apps=3, listed_at=NOW - 5, progressed_at=NOW - 1)
GOOD = SourceState("manifests", revision="rev-1", since=NOW - 100, read=NOW - 10)


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


def app_item(name: str = "acme", partner: str = "main") -> Item:
    return Item(Kind.APP, partner, name, name)


def condition(
    type_: str,
    status: Truth,
    reason: str = "Ready",
    *,
    message: str = "",
    since: float = NOW,
    revision: str = "r1",
) -> Condition:
    return Condition(type_, status, reason, message, since, revision)


def status_of(item: Item, *conditions: Condition, stage: str = "", at: float = NOW) -> Status:
    return Status(item, conditions, "r1", at, stage=stage)


def transition(before: Condition | None, after: Condition, item: Item | None = None) -> Transition:
    return Transition(item or app_item(), before, after)


def finished_pass(lane: Lane = Lane.DRIFT, **more: object) -> Pass:
    """Return a pass over the whole partner that took half a second and found nothing to do."""
    finished = Pass("main", HERE, "", lane, "r1", NOW, 0.5)
    return replace(finished, **more)  # type: ignore[arg-type]  # the test names fields
