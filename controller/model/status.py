"""Status of a declared resource, in the words of kstatus."""

from dataclasses import dataclass
from enum import StrEnum

from controller.model.account import CredentialEnd
from controller.model.health import AppHealth
from controller.model.manifest import AppId
from controller.model.plan import Foreign, Item


class Truth(StrEnum):
    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


TRUE_IS_WRONG = frozenset({"Reconciling", "Stalled", "CredentialsEnding"})
"""Types of conditions that say so while something is not as it should be; the others say that all is well."""


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

    @property
    def is_wrong(self) -> bool:
        """Whether the condition says that something is not as it should be."""
        return self.status is (Truth.TRUE if self.type in TRUE_IS_WRONG else Truth.FALSE)


@dataclass(frozen=True, slots=True)
class Status:
    """*stage* is Gupshup's word for the progress of provisioning. *at* is the observation (epoch seconds).

    *foreign* are an app's webhooks of others, as last read. *ends* are those of a partner's credentials, the
    soonest first. *health* is what Gupshup said last about sending, None if it was not asked, or for a
    subscription.
    """

    item: Item
    conditions: tuple[Condition, ...]
    revision: str
    at: float
    app_id: AppId | None = None
    stage: str = ""
    foreign: tuple[Foreign, ...] = ()
    ends: tuple[CredentialEnd, ...] = ()
    health: AppHealth | None = None

    def condition(self, type_: str) -> Condition | None:
        return next((each for each in self.conditions if each.type == type_), None)
