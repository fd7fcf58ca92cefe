"""Timestamps: moments as people and machines read them."""

from datetime import UTC, datetime

_FIRST, _LAST = -62_135_596_800, 253_402_300_799
"""The years 1 to 9999: a manifest's offset from UTC, or a wrong clock, can lead beyond."""


def timestamp(seconds: float) -> str:
    """Return epoch seconds as UTC in ISO 8601, in whole seconds; years have four digits."""
    return (
        datetime.fromtimestamp(min(max(seconds, _FIRST), _LAST), UTC)
        .isoformat(timespec="seconds")
        .replace("+00:00", "Z")
    )
