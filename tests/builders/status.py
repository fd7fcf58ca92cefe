"""How resources stand, in a few words a test."""

from controller.model.manifest import AppId
from controller.model.plan import Item, Kind
from controller.model.status import Condition, Status, Truth
from tests.builders.memory import NOW

TRUE, FALSE, UNKNOWN = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN


def item_named(name: str = "acme", partner: str = "main") -> Item:
    """Return the item of an app."""
    return Item(Kind.APP, partner, name, name)


def condition(
    type_: str,
    truth: Truth = TRUE,
    reason: str = "Ready",
    *,
    message: str = "",
    since: float = NOW,
    revision: str = "r1",
) -> Condition:
    return Condition(type_, truth, reason, message, since, revision)


def status_of(
    item: Item | str, *conditions: Condition, stage: str = "", at: float = NOW, app_id: AppId | None = None
) -> Status:
    """Return the status of *item*, or of the app of that name."""
    return Status(item if isinstance(item, Item) else item_named(item), conditions, "r1", at, app_id, stage)
