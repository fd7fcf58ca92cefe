"""Plans: what to do, what must wait, and what came of it. Every report is made from this data."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from typing import TypeAlias

from controller.model.account import AccountFacts
from controller.model.manifest import App, AppId, Partner, Subscription
from controller.model.memory import Memory
from controller.model.upstream import Facts, ReadFailed, RemoteSubscription, Row, SubscriptionId


class Verb(StrEnum):
    LINK = "link"
    SUBSCRIBE = "subscribe"
    UPDATE = "update"
    UNSUBSCRIBE = "unsubscribe"


class Kind(StrEnum):
    APP = "App"
    SUBSCRIPTION = "Subscription"
    PARTNER = "Partner"


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """The subject of an entry of a plan.

    *name* is the manifest's (a tag if no manifest declares it), *app* the app manifest's ("" for a partner).
    """

    kind: Kind
    partner: str
    app: str
    name: str

    def __str__(self) -> str:
        where = f" on App/{self.app}" if self.kind is Kind.SUBSCRIPTION else ""
        return f"{self.kind}/{self.name}{where}"


@dataclass(frozen=True, slots=True)
class Observed:
    """All that is known of one partner at *at* (epoch seconds): a whole list, facts beyond it, the memory.

    *listed* is when the list was requested, None if at *at*: what the list lacks was absent then. *digests*
    hold the keyed digest of each declared value that can be written and never read (an app's callback URL, a
    subscription's headers), so that no decision sees a secret. ReadFailed replaces a digest that cannot be
    had. *account* is what this process's own sign-in told.
    """

    at: float
    rows: tuple[Row, ...]
    facts: Facts = field(default_factory=Facts)
    memory: Memory = field(default_factory=Memory)
    digests: Mapping[Item, str | ReadFailed] = field(default_factory=dict)
    listed: float | None = None
    account: AccountFacts = field(default_factory=AccountFacts)

    @property
    def absent_at(self) -> float:
        """Return the moment (epoch seconds) at which what the list lacks is known to have been absent."""
        return self.at if self.listed is None else self.listed


class HealthReads(Enum):
    """Which live apps' health a pass reads, beyond those that were never asked for their WABA id."""

    UNKNOWN = auto()
    """Those that are to be able to send, if it is not known whether they are."""
    AWAITED = auto()
    """Those that are to be able to send and are not."""
    DAILY = auto()
    """Each once a day."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a pass beyond the manifests, mostly by a person.

    *only*: the items that count, None for all. *resend*: write what can be written and never read even if its
    present value is not known. *again*: names of apps whose refusals and cool-downs from before *at* (epoch
    seconds) no longer count. *doubts* are names of apps whose health may have changed, each with when that
    was reported (epoch seconds). *touched* is as in `Plan`.
    """

    only: frozenset[Item] | None = None
    resend: bool = True
    again: frozenset[str] = frozenset()
    at: float = math.inf
    health_reads: HealthReads = HealthReads.UNKNOWN
    doubts: Mapping[str, float] = field(default_factory=dict)
    touched: frozenset[Item] | None = None


@dataclass(frozen=True, slots=True)
class Link:
    app: App


@dataclass(frozen=True, slots=True)
class SetCallback:
    """*finishes_link*: the link could not set the callback. *unknown*: no callback was written from here."""

    app: App
    app_id: AppId
    url: str
    finishes_link: bool = False
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Subscribe:
    """*drift*: it was written from here as declared, and somebody removed it."""

    subscription: Subscription
    app_id: AppId
    drift: bool = False


@dataclass(frozen=True, slots=True)
class Update:
    """*found* is the subscription as it was read, *changes* maps each differing field to (found, wanted).

    The values of *changes* are texts for a reader. *unknown*: only its headers go out, which were never
    written from here.
    """

    subscription: Subscription
    app_id: AppId
    found: RemoteSubscription
    changes: Mapping[str, tuple[str, str]]
    drift: bool
    unknown: bool = False

    @property
    def id(self) -> SubscriptionId:
        return self.found.id


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    app: App
    app_id: AppId
    remote: RemoteSubscription


Action: TypeAlias = Link | SetCallback | Subscribe | Update | Unsubscribe

Effect: TypeAlias = Action | App | Subscription
"""What an entry of a plan would do: an action, or what is declared and does not exist yet."""


class WaitFor(StrEnum):
    """The thing that an entry waits for. `core.planning.waits` defines what follows from each."""

    LIVE = "live"
    LINK = "link"
    BUDGET = "budget"
    OUTCOME = "outcome"
    LIST = "list"
    PHONE = "phone"
    OBSERVATION = "observation"
    BACKOFF = "backoff"
    SUSPENSION = "suspension"
    POLICY = "policy"
    COOLDOWN = "cooldown"
    FULL_PASS = "full-pass"  # noqa: S105  (no password)
    ROOM = "room"
    SENDABLE = "sendable"


@dataclass(frozen=True, slots=True)
class Waiting:
    """*until* (epoch seconds) is when to observe again, None if only Gupshup or a person ends the wait.

    *effect* is what follows the wait, None if that is not known.
    """

    verb: Verb
    item: Item
    wait_for: WaitFor
    until: float | None = None
    message: str = ""
    effect: Effect | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Blocked:
    """*effect* is what does not happen, None if nothing was to change.

    *drift*: it was as declared, and somebody changed it at Gupshup.
    """

    item: Item
    reason: str
    message: str
    effect: Effect | None = field(default=None, compare=False)
    drift: bool = False


@dataclass(frozen=True, slots=True)
class HeldChange:
    """*guard* names the ceiling, *message* its figures."""

    action: Action
    guard: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Unmanaged:
    """Something at Gupshup that no manifest declares. Reported, never touched."""

    item: Item
    id: str


@dataclass(frozen=True, slots=True)
class Foreign:
    """A webhook on a managed app that no manifest declares and that was not written from here.

    Of its URL only *host* is kept ("": it cannot be told): the rest may hold a secret. *allowed*: the Partner
    lists this host, or none. *partial*: a manifest that was not read may declare it.
    """

    item: Item
    id: str
    host: str
    modes: tuple[str, ...]
    version: int | None
    allowed: bool = True
    partial: bool = False


@dataclass(frozen=True, slots=True)
class NotYetObserved:
    """An app not read yet: *differing* subscriptions may need an update, *unknown* may for their headers."""

    item: Item
    differing: int
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class PartnerWarning:
    """What will stop working, or does not work, for the whole partner, and what a person does about it."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Plan:
    """One partner's plan.

    *provisioning* are linked apps that are not live yet. *unverifiable* is what can be written and never
    read, was not written by us, and is not going to be. *touched* are the items that the change is about
    which the plan shows (`plan --since`), None if it is about everything.
    """

    partner: Partner
    revision: str
    actions: tuple[Action, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    blocked: tuple[Blocked, ...] = ()
    held: tuple[HeldChange, ...] = ()
    unmanaged: tuple[Unmanaged, ...] = ()
    unchanged: tuple[Item, ...] = ()
    provisioning: tuple[Item, ...] = ()
    unverifiable: tuple[Item, ...] = ()
    not_observed: tuple[NotYetObserved, ...] = ()
    foreign: tuple[Foreign, ...] = ()
    warnings: tuple[PartnerWarning, ...] = ()
    touched: frozenset[Item] | None = None


class Outcome(StrEnum):
    DONE = "done"
    FAILED = "failed"
    STALE = "stale"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Result:
    """*effect* is what was sent, or was approved and skipped; None if only the change is known."""

    verb: Verb
    item: Item
    outcome: Outcome
    reason: str = ""
    message: str = ""
    app_id: AppId | None = None
    effect: Effect | None = field(default=None, compare=False)
