"""Answers of Gupshup, decoded: apps, their stages and their subscriptions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NewType, TypeAlias

from controller.model.health import AppHealth
from controller.model.manifest import AppId

Upstream = NewType("Upstream", str)
"""The name of one partner account at one Gupshup: the origin of its URL, `#`, the partner's id.

The name stays for ever. An account that was met before its id was known keeps its first name.
"""

SubscriptionId = NewType("SubscriptionId", str)
"""The numeric id of a subscription, checked: safe as one segment of a path, never empty."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The progress of provisioning: open sets of words (docs/gupshup-api.md, Stages). None: not given."""

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
    """Rows of a list that was requested at *at* (epoch seconds)."""

    rows: tuple[Row, ...]
    at: float


@dataclass(frozen=True, slots=True)
class Details:
    """What `/details` adds to a row: the phone if the list had none, and the truth about going live."""

    id: AppId
    name: str
    phone: str | None
    live: bool


@dataclass(frozen=True, slots=True)
class RemoteSubscription:
    """A subscription as Gupshup returns it. *mode* is the bit mask, None if Gupshup gave none.

    *echo*: the answer to a write showed the subscription, and no read has shown it since.
    """

    id: SubscriptionId
    tag: str
    url: str
    version: int | None
    mode: int | None
    modes: tuple[str, ...]
    active: bool
    echo: bool = False


# Queries of a pass beyond the list, and the facts that answer them.


@dataclass(frozen=True, slots=True, order=True)
class DetailsQuery:
    app_id: AppId


@dataclass(frozen=True, slots=True, order=True)
class StageQuery:
    app_id: AppId


@dataclass(frozen=True, slots=True, order=True)
class HealthQuery:
    """A read of an app's health. One that fails is not tried again for *patience* seconds."""

    app_id: AppId
    patience: float


@dataclass(frozen=True, slots=True, order=True)
class SubscriptionsQuery:
    app_id: AppId


Query: TypeAlias = DetailsQuery | StageQuery | HealthQuery | SubscriptionsQuery


@dataclass(frozen=True, slots=True)
class ReadFailed:
    """A read that was tried and gave no result. *until* is when to try again, if known (epoch seconds)."""

    why: str
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about apps beyond their rows. No pass has asked about an app that is missing.

    *unread* is the health that could not be read. What was read of it before stays in *health*.
    """

    details: Mapping[AppId, Details | ReadFailed] = field(default_factory=dict)
    stages: Mapping[AppId, Stage | ReadFailed] = field(default_factory=dict)
    health: Mapping[AppId, AppHealth] = field(default_factory=dict)
    subscriptions: Mapping[AppId, tuple[RemoteSubscription, ...] | ReadFailed] = field(default_factory=dict)
    unread: Mapping[AppId, ReadFailed] = field(default_factory=dict)


# Answers of Gupshup to a link. A link that was not answered, or not read, raises an exception.


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
