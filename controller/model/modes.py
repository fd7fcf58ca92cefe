"""Modes of a subscription: kinds of events, and the bit of each in Gupshup's `mode` (docs/gupshup-api.md)."""

from collections.abc import Iterable, Mapping

MODES: Mapping[str, int | None] = {
    "SENT": 1 << 0,
    "DELIVERED": 1 << 1,
    "READ": 1 << 2,
    "DELETED": 1 << 3,
    "OTHERS": 1 << 4,
    "FAILED": 1 << 5,
    "MESSAGE": 1 << 6,
    "TEMPLATE": 1 << 7,
    "ACCOUNT": 1 << 8,
    "BILLING": 1 << 9,
    "ENQUEUED": 1 << 10,
    "FLOWS_MESSAGE": 1 << 11,
    "PAYMENTS": 1 << 12,
    "VOICE": 1 << 14,
    "NONE": 0,
    "ALL": None,
    "COEXISTENCE": None,
    "COPY": None,
}
"""By name; None if no page or reply shows the bit (ALL may be bit 13 or an alias of everything)."""

ALONE = frozenset({"ALL", "NONE"})
"""Modes that are complete by themselves, and so are never combined with others."""

ACCOUNT_MODES = frozenset({"TEMPLATE", "ACCOUNT", "COPY"})
"""Modes that older pages exclude on version 3, and newer ones allow."""


_ORDER: Mapping[str, int] = {name: place for place, name in enumerate(MODES)}


def in_order(modes: Iterable[str]) -> tuple[str, ...]:
    """Return *modes* in the order in which they are sent and shown, each once. Unknown ones come last."""
    return tuple(sorted(set(modes), key=lambda name: (_ORDER.get(name, len(_ORDER)), name)))


def mask(modes: frozenset[str]) -> int | None:
    """Return Gupshup's `mode` for these names, None if the bit of one is not known."""
    total = 0
    for name in modes:
        bit = MODES.get(name)
        if bit is None:
            return None
        total |= bit
    return total
