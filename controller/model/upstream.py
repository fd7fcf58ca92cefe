"""What Gupshup says: apps, their stages and their subscriptions, as decoded from its answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NewType, TypeAlias

from controller.model.manifest import AppId

Upstream = NewType("Upstream", str)
"""The name of one partner account at one Gupshup: the origin of its URL, `#`, the partner's id.

It stays for ever. An account that was met before its id was told keeps the name that it was given then.
"""

SubscriptionId = NewType("SubscriptionId", str)
"""The numeric id of a subscription, checked: safe as one segment of a path, never empty."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where provisioning stands; open sets of words (docs/gupshup-api.md, Stages). None: not said."""

    creation: str | None = None
    pipeline: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One app in the partner's list. *created* is epoch seconds."""

    id: AppId
    name: str
    phone: str | None = None
    live: bool = False
    stopped: bool = False
    region: str | None = None
    stage: Stage = Stage()
    created: float | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows as a list that was asked for at *at* (epoch seconds) held them."""

    rows: tuple[Row, ...]
    at: float


@dataclass(frozen=True, slots=True)
class Details:
    """What `/details` adds to a row: the phone where the list had none, and the truth about going live."""

    id: AppId
    name: str
    phone: str | None
    live: bool


@dataclass(frozen=True, slots=True)
class RemoteSubscription:
    """A subscription as Gupshup tells it. *mode* is the bit mask, None where it was not said.

    *echo*: the answer to a write told it, and no look has shown it since.
    """

    id: SubscriptionId
    tag: str
    url: str
    version: int | None
    mode: int | None
    modes: tuple[str, ...]
    active: bool
    echo: bool = False


# What a pass may still want to know, beyond the list, and what it learnt.


@dataclass(frozen=True, slots=True, order=True)
class DetailsQuery:
    app_id: AppId


@dataclass(frozen=True, slots=True, order=True)
class StageQuery:
    app_id: AppId


@dataclass(frozen=True, slots=True, order=True)
class WabaQuery:
    app_id: AppId


@dataclass(frozen=True, slots=True, order=True)
class SubscriptionsQuery:
    app_id: AppId


Query: TypeAlias = DetailsQuery | StageQuery | WabaQuery | SubscriptionsQuery


@dataclass(frozen=True, slots=True)
class LookFailed:
    """A look that was tried and gave nothing to go by; *until* is when it can be tried again, if known."""

    why: str
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What was learnt about apps beyond their rows; an app that is missing was not asked about.

    A waba of "" was asked for and not told.
    """

    details: Mapping[AppId, Details | LookFailed] = field(default_factory=dict)
    stages: Mapping[AppId, Stage | LookFailed] = field(default_factory=dict)
    wabas: Mapping[AppId, str | LookFailed] = field(default_factory=dict)
    subscriptions: Mapping[AppId, tuple[RemoteSubscription, ...] | LookFailed] = field(default_factory=dict)


# What Gupshup answered to a link; what it did not answer, or did not read, is an exception.


@dataclass(frozen=True, slots=True)
class Linked:
    """200 with an appId."""

    app_id: AppId


@dataclass(frozen=True, slots=True)
class LinkedWithoutCallback:
    """400 with an appId: the app exists, its callback is still to be set."""

    app_id: AppId
    words: str


@dataclass(frozen=True, slots=True)
class PhoneTaken:
    """409 with an appId: an app, perhaps ours, already has this phone."""

    app_id: AppId
    words: str


@dataclass(frozen=True, slots=True)
class NameTaken:
    """409 without an appId: the name is taken somewhere in Gupshup, perhaps by us."""

    words: str


@dataclass(frozen=True, slots=True)
class LinkRefused:
    """Another 4xx: not created."""

    status: int
    words: str


LinkAnswer: TypeAlias = Linked | LinkedWithoutCallback | PhoneTaken | NameTaken | LinkRefused
