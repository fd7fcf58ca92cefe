"""Comparison of declared modes with those at Gupshup: by the bit mask, if the bits are known."""

from collections.abc import Set as AbstractSet

from controller.model.modes import MODES
from controller.model.upstream import RemoteSubscription

KNOWN = sum(bit for bit in MODES.values() if bit)
"""Every bit that has a name. The other bits are not ours and are left alone."""


def agree(wanted: AbstractSet[str], found: RemoteSubscription) -> bool:
    """Return whether *found* has the modes of *wanted*.

    A wanted mode without a known bit cannot be checked, and may include others (`ALL`). Then the known bits
    have to be set, and more bits may be.
    """
    if found.mode is None:
        return not found.modes or set(found.modes) == wanted
    want = sum(MODES[mode] or 0 for mode in wanted)
    if any(MODES[mode] is None for mode in wanted):
        return found.mode & want == want
    return found.mode & KNOWN == want


def told(found: RemoteSubscription) -> str:
    """Return the names of the modes that Gupshup returned, for a reader."""
    return ", ".join(names(found))


def names(found: RemoteSubscription) -> tuple[str, ...]:
    """Return the names of the modes that Gupshup returned. Bits without a name are one word, their sum."""
    if found.mode is None:
        return found.modes
    known = [mode for mode, bit in MODES.items() if bit and found.mode & bit]
    extra = found.mode & ~KNOWN
    return (*known, *([f"bits {extra}"] if extra else [])) or ("NONE",)
