"""Status of a declared resource, in the words of kstatus."""

from dataclasses import dataclass
from enum import StrEnum

from controller.model.account import CredentialEnd
from controller.model.health import AppHealth
from controller.model.manifest import AppId
from controller.model.plan import Foreign, Item, Verb
from controller.model.upstream import RemoteSubscription


class Truth(StrEnum):
    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


TRUE_IS_WRONG = frozenset({"Reconciling", "Stalled", "CredentialsEnding", "ChangesHeld"})
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
class HeldClass:
    """The held changes of one verb: *count* of them, and the *figures* of the *guard* that holds them."""

    guard: str
    verb: Verb
    count: int
    figures: str

    def __str__(self) -> str:
        return f"guard {self.guard}: {self.figures}"


@dataclass(frozen=True, slots=True)
class HeldSet:
    """The held changes that one *digest* releases."""

    digest: str
    classes: tuple[HeldClass, ...]

    def __str__(self) -> str:
        return "; ".join(map(str, self.classes))


@dataclass(frozen=True, slots=True)
class ListedApp:
    """An app as Gupshup showed it last. "" and None are what Gupshup did not say.

    *created* is when it was made, *since* when its stage was first seen (epoch seconds).
    """

    name: str
    phone: str = ""
    waba: str = ""
    region: str = ""
    created: float | None = None
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class Status:
    """*stage* is Gupshup's word for the progress of provisioning. *at* is the observation (epoch seconds).

    *is_listed*: Gupshup has the resource, None if that is not known. *listed* is how Gupshup showed it last.

    *foreign* are an app's webhooks of others, as last read. *ends* are those of a partner's credentials, the
    soonest first. *held* is what guards hold of a partner's changes. *health* is what Gupshup said last about
    sending, None if it was not asked, or for a subscription. *phone* is an app's as declared, "" if an older
    release kept the status.
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
    held: tuple[HeldSet, ...] = ()
    is_listed: bool | None = None
    listed: ListedApp | RemoteSubscription | None = None
    phone: str = ""

    def condition(self, type_: str) -> Condition | None:
        return next((each for each in self.conditions if each.type == type_), None)
