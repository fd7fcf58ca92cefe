"""Memory of an upstream, kept in the store. The memory may hold an action back and never causes one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from controller.model.account import AccountFacts
from controller.model.health import AppHealth
from controller.model.manifest import AppId


@dataclass(frozen=True, slots=True)
class Binding:
    """An app of ours, proven by an authenticated answer; keyed by phone.

    *missing_since* (epoch seconds) is when a complete list first lacked the app. *waba* is "" if Gupshup was
    asked and gave none, None if Gupshup was not asked yet. *name* is the app's at Gupshup when it was last as
    declared, None if an older release kept the binding.
    """

    phone: str
    app_id: AppId
    missing_since: float | None = None
    waba: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """A link that was about to be sent, and whose outcome is not known.

    *ended* (epoch seconds) is when the attempt ended, None while its process lives or its death is not
    noticed yet. *unclear* counts the unclear attempts in a row for this phone, this one included.
    """

    id: int
    phone: str
    name: str
    ended: float | None = None
    unclear: int = 1


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal by Gupshup. The same is not tried again until *digest* (of what was declared) differs.

    *retry_at* (epoch seconds) allows another try by itself, None does not. *tries* counts the refusals in a
    row.
    """

    key: str
    digest: str
    reason: str
    message: str
    at: float
    tries: int = 1
    retry_at: float | None = None


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A digest of what we last wrote under *key*, and how often in a row it was written again (*updates*).

    *secret* is the keyed digest of the part that cannot be read back (callback URL, headers), "" without any.
    *active_at* (epoch seconds) is when `active` was last put back.
    """

    key: str
    digest: str
    secret: str = ""
    updates: int = 0
    active_at: float | None = None


@dataclass(frozen=True, slots=True)
class LinkAttempt:
    """One write in the history, with its answer. *outcome* is done, failed, stale or unclear.

    *at* comes from the wall clock of its process: for people, and no calculation uses it.
    """

    at: float
    verb: str
    target: str
    outcome: str
    message: str


@dataclass(frozen=True, slots=True)
class Memory:
    """All that is remembered of one upstream.

    Bindings and intents are by phone, refusals and ledger by key. *links* are the last answers to links,
    newest first. *account* is what sign-ins told, those of other processes included. *health* is by app id.
    """

    bindings: Mapping[str, Binding] = field(default_factory=dict)
    intents: Mapping[str, Intent] = field(default_factory=dict)
    refusals: Mapping[str, Refusal] = field(default_factory=dict)
    ledger: Mapping[str, LedgerEntry] = field(default_factory=dict)
    links: tuple[LinkAttempt, ...] = ()
    account: AccountFacts = field(default_factory=AccountFacts)
    health: Mapping[AppId, AppHealth] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """A store at *place*. *version* is "" if there is none yet, *newest* is the version of this release.

    *size* is in bytes, None if it is not known. *writable* is whether it can be written, or made.
    """

    place: str
    newest: str
    version: str = ""
    size: int | None = None
    writable: bool = True

    @property
    def is_current(self) -> bool:
        return self.version == self.newest


# Updates: what a pass asks the store to remember or to forget.


@dataclass(frozen=True, slots=True)
class Bind:
    binding: Binding


@dataclass(frozen=True, slots=True)
class Unbind:
    phone: str


@dataclass(frozen=True, slots=True)
class CloseIntent:
    """The outcome of the link is known, or its absence is proven."""

    phone: str


@dataclass(frozen=True, slots=True)
class Refuse:
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class ClearRefusal:
    key: str


@dataclass(frozen=True, slots=True)
class ClearRefusals:
    """All refusals with this reason are over, also those that were noted meanwhile."""

    reason: str


@dataclass(frozen=True, slots=True)
class LedgerWritten:
    written: LedgerEntry


@dataclass(frozen=True, slots=True)
class AccountTold:
    facts: AccountFacts


@dataclass(frozen=True, slots=True)
class HealthRead:
    app_id: AppId
    health: AppHealth


MemoryUpdate: TypeAlias = (
    Bind
    | Unbind
    | CloseIntent
    | Refuse
    | ClearRefusal
    | ClearRefusals
    | LedgerWritten
    | AccountTold
    | HealthRead
)
