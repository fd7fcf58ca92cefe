"""Status of a declared resource, in the words of kstatus."""

from dataclasses import dataclass
from enum import StrEnum

from controller.model.health import AppHealth
from controller.model.manifest import AppId
from controller.model.plan import Item


class Truth(StrEnum):
    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Condition:
    """One fact about a resource. *reason* is for machines, *message* for people; *since* is epoch seconds.

    `Reconciling` and `Stalled` are present only while they are true.
    """

    type: str
    status: Truth
    reason: str
    message: str
    since: float
    revision: str


@dataclass(frozen=True, slots=True)
class Status:
    """*stage* is Gupshup's word for the progress of provisioning. *at* is the observation (epoch seconds).

    *health* is what Gupshup said last about sending, None if it was not asked, or for a subscription.
    """

    item: Item
    conditions: tuple[Condition, ...]
    revision: str
    at: float
    app_id: AppId | None = None
    stage: str = ""
    health: AppHealth | None = None

    def condition(self, type_: str) -> Condition | None:
        return next((each for each in self.conditions if each.type == type_), None)
