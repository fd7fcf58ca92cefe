"""What Gupshup says of the declared, in a few words a test."""

from collections.abc import Mapping
from dataclasses import replace

from controller.model.health import AppHealth, WabaInfo
from controller.model.manifest import AppId, Subscription
from controller.model.modes import mask
from controller.model.upstream import (
    Details,
    Facts,
    ReadFailed,
    RemoteSubscription,
    Row,
    Stage,
    SubscriptionId,
    Upstream,
)
from tests.builders.manifest import WANTED, phone, subscription
from tests.clock import FakeClock

HERE, THEM = Upstream("https://partner.gupshup.io#1"), Upstream("https://partner.gupshup.io#2")


def app_id(number: int = 1) -> AppId:
    return AppId(f"00000000-0000-4000-8000-{number:012d}")


def row(number: int = 1) -> Row:
    """Return the row of an app that is linked and on its way."""
    return Row(app_id(number), f"Name{number:04d}", phone(number), stage=Stage("STARTED", "WABA_SETUP"))


def live(number: int = 1) -> Row:
    return Row(app_id(number), f"Name{number:04d}", phone(number), live=True, stage=Stage("STARTED"))


def remote(wanted: Subscription, id_: str = "1") -> RemoteSubscription:
    """Return the subscription as Gupshup shows it when it is as declared."""
    told = mask(wanted.modes)
    return RemoteSubscription(
        SubscriptionId(id_), wanted.tag, wanted.url, wanted.version, told, (), active=wanted.active
    )


def looked(
    *numbers: int, there: Mapping[int, tuple[RemoteSubscription, ...] | ReadFailed] | None = None
) -> Facts:
    """Return facts about live apps: their details, no WABA, their subscriptions."""
    ids = [app_id(number) for number in numbers]
    subscriptions = there or {}
    return Facts(
        details={each: Details(each, "", None, live=True) for each in ids},
        health={each: AppHealth(WabaInfo(), FakeClock.time) for each in ids},
        subscriptions={app_id(n): subscriptions.get(n, ()) for n in numbers},
    )


THERE = remote(WANTED)
OFF = replace(THERE, active=False)
MOVED = replace(THERE, url="https://elsewhere.example.com")
EXTRA = remote(subscription(1, "gitops-old"), "7")
