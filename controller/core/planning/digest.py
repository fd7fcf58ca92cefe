"""Digests of what is declared: equal declarations have equal digests, on any machine."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from controller.model.manifest import App, AppId, Subscription

Canonical: TypeAlias = "str | int | float | bool | Sequence[Canonical] | Mapping[str, Canonical] | None"


def digest(value: Canonical) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def of_link(app: App) -> str:
    """Return the digest of what a link would send. A refusal holds until the digest changes."""
    return digest(list(app.link_fields.values()))


def of_subscription(wanted: Subscription) -> str:
    """Return the digest of what can be read back of a subscription."""
    return digest([wanted.url, wanted.version, sorted(wanted.modes), wanted.active])


def of_write(wanted: Subscription, secret: str) -> str:
    """Return the digest of what a write sends. A refusal holds until the digest changes.

    *secret* is the keyed digest of the headers, "" without any.
    """
    declared = of_subscription(wanted)
    return digest([declared, secret]) if secret else declared


def of_callback(url: str) -> str:
    """Return the digest of a callback URL. A refusal holds until the digest changes."""
    return digest(url)


def callback_key(app_id: AppId) -> str:
    return f"callback:{app_id}"


def subscription_key(app_id: AppId, tag: str) -> str:
    return f"subscription:{app_id}:{tag}"


def link_key(phone: str) -> str:
    return f"link:{phone}"
