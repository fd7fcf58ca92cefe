"""Digests of what is declared: equal declarations have equal digests, on any machine."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import TypeAlias

from controller.model.manifest import App, AppId, Subscription

Canonical: TypeAlias = "str | int | float | bool | Sequence[Canonical] | Mapping[str, Canonical] | None"


def digest(value: Canonical) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


_APART = frozenset({"place", "partner"})
"""Fields that say where a thing is declared, and under whose name: no part of what it declares."""


def canonical(value: object) -> Canonical:
    """Return what a noun of the model declares, whatever its place and its partner's name."""
    if is_dataclass(value):
        names = [each.name for each in fields(value) if each.name not in _APART]
        return {name: canonical(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(name): canonical(each) for name, each in value.items()}
    if isinstance(value, (frozenset, tuple)):
        return sorted(map(str, value))
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)


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


def retired_key(app_id: AppId) -> str:
    return f"retired:{app_id}"
