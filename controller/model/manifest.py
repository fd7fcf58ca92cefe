"""Manifests as declared: partners, apps and subscriptions, canonical and checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType, TypeAlias

from controller.model.problem import ENVIRONMENT, NOWHERE, Place

AppId = NewType("AppId", str)
"""The UUID of an app at Gupshup, checked: safe as one segment of a path."""


@dataclass(frozen=True, slots=True)
class FromEnv:
    """A secret held by the environment variable *name* (or by the file that `<name>_FILE` names)."""

    name: str


@dataclass(frozen=True, slots=True)
class FromFile:
    """A secret held by the file at *path*, without the line ends at the end of the file."""

    path: str


Reference: TypeAlias = FromEnv | FromFile


class AuthMode(StrEnum):
    """The token that a login is used for: a Universal Token, the partner token of old, or what works."""

    AUTO = "auto"
    UNIVERSAL = "universal"
    LEGACY = "legacy"


@dataclass(frozen=True, slots=True)
class Login:
    """Sign in with a partner account's e-mail address and client secret."""

    email: Reference
    secret: Reference
    auth: AuthMode = AuthMode.AUTO


@dataclass(frozen=True, slots=True)
class Token:
    """Use a given token, a partner token or a Universal Token, with or without `Bearer ` in its value."""

    token: Reference


Credentials: TypeAlias = Login | Token


@dataclass(frozen=True, slots=True)
class Limit:
    """At most *calls* requests in any window of *seconds*, as Gupshup publishes it (without our margin)."""

    calls: int
    seconds: float


class Bucket(StrEnum):
    """The budgets that Gupshup keeps; TOKEN and SUBSCRIPTION are kept per app, the others per partner."""

    LINK = "link"
    LOGIN = "login"
    MINT = "mint"
    AUTH = "auth"
    APP_MINT = "appMint"
    TOKEN = "token"  # noqa: S105  (a budget's name, no secret)
    SUBSCRIPTION = "subscription"
    CALLBACK = "callback"
    PIPELINE = "pipeline"
    LIST = "list"
    OTHER = "other"


LIMITS: Mapping[Bucket, Limit] = {
    Bucket.LINK: Limit(10, 60),
    Bucket.LOGIN: Limit(10, 60),
    Bucket.MINT: Limit(3, 60),
    Bucket.AUTH: Limit(30, 60),
    Bucket.APP_MINT: Limit(10, 60),
    Bucket.TOKEN: Limit(10, 60),
    Bucket.SUBSCRIPTION: Limit(5, 60),
    Bucket.CALLBACK: Limit(10, 60),
    Bucket.PIPELINE: Limit(10, 1),
    Bucket.LIST: Limit(10, 1),
    Bucket.OTHER: Limit(10, 1),
}
"""What Gupshup publishes (docs/gupshup-api.md, Rate limits)."""


@dataclass(frozen=True, slots=True)
class Count:
    """A ceiling as a number."""

    value: int


@dataclass(frozen=True, slots=True)
class Share:
    """A ceiling as a percentage of what is declared. One change is always let through."""

    percent: int


Ceiling: TypeAlias = Count | Share


@dataclass(frozen=True, slots=True)
class Guards:
    """How much one run may change before a person has to agree."""

    max_links: Ceiling = Count(25)
    max_updates: Ceiling = Share(20)
    max_unsubscribes: Ceiling = Count(3)
    max_shrink: Ceiling = Share(20)


@dataclass(frozen=True, slots=True)
class Settle:
    """How long Gupshup may still surprise us, in seconds.

    *late_effect*: an abandoned write may still take effect. *stale_list*: a list may lag behind a write.
    """

    late_effect: float = 600
    stale_list: float = 120


class SubscribeWhen(StrEnum):
    LIVE = "Live"
    LINKED = "Linked"


class OnForeign(StrEnum):
    """What follows from a foreign webhook whose host is not allowed: an alarm, or blocked changes as well."""

    REPORT = "Report"
    BLOCK = "Block"


@dataclass(frozen=True, slots=True)
class WebhookPolicy:
    """Hosts that may receive events: patterns in lower case, None if any host may."""

    allowed_hosts: tuple[str, ...] | None = None
    on_foreign: OnForeign = OnForeign.REPORT


MOST_SUBSCRIPTIONS = 5
"""Subscriptions that one app may have, of every version together (docs/gupshup-api.md, Subscriptions)."""


@dataclass(frozen=True, slots=True)
class Partner:
    """One partner account at one Gupshup. Its *url* has no path and no trailing slash.

    *partner_id* is its id at Gupshup, "" if no id is declared. *expires* is when its client secret or given
    token ends (epoch seconds), None if that is not declared.
    """

    name: str
    url: str
    credentials: Credentials
    subscribe_when: SubscribeWhen = SubscribeWhen.LIVE
    limits: Mapping[Bucket, Limit] = field(default_factory=lambda: dict(LIMITS))
    guards: Guards = field(default_factory=Guards)
    owned_tags: str | None = None
    settle: Settle = field(default_factory=Settle)
    partner_id: str = ""
    webhooks: WebhookPolicy = WebhookPolicy()
    expires: float | None = None
    place: Place = ENVIRONMENT


class ReadyWhen(StrEnum):
    LIVE = "Live"
    SENDABLE = "Sendable"


class AppState(StrEnum):
    """What an app is declared to be: one that is kept as declared, or one whose customer has left."""

    ACTIVE = "Active"
    RETIRED = "Retired"


class Policy(StrEnum):
    """What we may do for an app; observing needs no policy."""

    LINK = "Link"
    SUBSCRIBE = "Subscribe"
    UPDATE = "Update"
    UNSUBSCRIBE = "Unsubscribe"


DEFAULT_POLICIES = frozenset({Policy.LINK, Policy.SUBSCRIBE, Policy.UPDATE})


@dataclass(frozen=True, slots=True)
class Suspend:
    """No writes for an app. *until* is epoch seconds, None means until the line is removed."""

    reason: str = ""
    until: float | None = None


@dataclass(frozen=True, slots=True)
class App:
    """One declared app. *name* is the manifest's, *app_name* Gupshup's.

    *callback_url* and *storage_region* hold the partner's defaults if the manifest has none. *replaced*: the
    app is retired, and an active one has its phone, name or id, and decides about the app at Gupshup.
    """

    name: str
    partner: str
    app_name: str
    waba_id: str
    phone: str
    labels: Mapping[str, str] = field(default_factory=dict)
    callback_url: str | None = None
    storage_region: str | None = None
    app_id: AppId | None = None
    policies: frozenset[Policy] = DEFAULT_POLICIES
    suspend: Suspend | None = None
    provisioning_timeout: float = 86_400
    ready_when: ReadyWhen = ReadyWhen.LIVE
    state: AppState = AppState.ACTIVE
    replaced: bool = False
    place: Place = NOWHERE

    @property
    def is_retired(self) -> bool:
        return self.state is AppState.RETIRED

    @property
    def link_fields(self) -> Mapping[str, str | None]:
        """Return all that a link sends, by the names of the manifest's fields; None is not declared."""
        return {
            "appName": self.app_name,
            "wabaId": self.waba_id,
            "phone": self.phone,
            "callbackUrl": self.callback_url,
            "storageRegion": self.storage_region,
        }


@dataclass(frozen=True, slots=True)
class Subscription:
    """One declared subscription of one app: selectors are expanded and `${app…}` is filled in.

    *name* is the manifest's (several subscriptions share it after a selector), *app* the app manifest's.
    *modes* are Gupshup's names. *headers* are sent by Gupshup with each delivery and can never be read back.
    """

    name: str
    partner: str
    app: str
    tag: str
    url: str
    version: int
    modes: frozenset[str]
    active: bool = True
    show_on_ui: bool = False
    headers: Mapping[str, Reference] = field(default_factory=dict)
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Desired:
    """Everything that one revision of a source declares, sorted by name.

    *complete* is False if a scope was narrowed (`--only`, `-l`, a single file). What is missing then means
    nothing, so nothing is unsubscribed or called unmanaged because of it. *tags* holds all declared tags by
    app if a complete source was narrowed, None if they are not known beyond *subscriptions*. *whole_apps* are
    the names of apps with all their subscriptions here, although the scope is narrowed (`plan --since`).
    """

    revision: str
    partners: tuple[Partner, ...] = ()
    apps: tuple[App, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    complete: bool = True
    tags: Mapping[str, frozenset[str]] | None = None
    whole_apps: frozenset[str] = frozenset()
