"""Modes of subscriptions, and their bit mask (docs/gupshup-api.md, Modes)."""

from collections.abc import Iterable

NAMES: tuple[str, ...] = (
    "SENT",
    "DELIVERED",
    "READ",
    "DELETED",
    "OTHERS",
    "FAILED",
    "MESSAGE",
    "TEMPLATE",
    "ACCOUNT",
    "BILLING",
    "ENQUEUED",
    "FLOWS_MESSAGE",
    "PAYMENTS",
    "ALL",
    "VOICE",
    "COEXISTENCE",
)
BITS: dict[str, int] = {name: 1 << bit for bit, name in enumerate(NAMES)}
CANNED = 2047
EVERYTHING = 16383
KNOWN = frozenset(NAMES) | {"NONE", "COPY"}
V3_DOUBTFUL = frozenset({"TEMPLATE", "ACCOUNT", "COPY"})


def split(text: str) -> tuple[str, ...]:
    """Return the words of a list with commas, without blanks and empty words."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def encode(words: Iterable[str], *, all_is_alias: bool = False) -> int:
    """Return the mask of the known *words*. NONE, COPY and unknown words have no bit."""
    mask = 0
    for word in words:
        mask |= EVERYTHING if word == "ALL" and all_is_alias else BITS.get(word, 0)
    return mask


def decode(mask: int) -> list[str]:
    """Return the names of the known bits of *mask*, lowest bit first."""
    return [name for name, bit in BITS.items() if mask & bit]
