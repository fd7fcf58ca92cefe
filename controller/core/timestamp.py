"""Timestamps and ages: moments as people and machines read them."""

from datetime import UTC, datetime

_FIRST, _LAST = -62_135_596_800, 253_402_300_799
"""The years 1 to 9999: a manifest's offset from UTC, or a wrong clock, can lead beyond."""

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def timestamp(seconds: float) -> str:
    """Return epoch seconds as UTC in ISO 8601, in whole seconds; years have four digits."""
    return (
        datetime.fromtimestamp(min(max(seconds, _FIRST), _LAST), UTC)
        .isoformat(timespec="seconds")
        .replace("+00:00", "Z")
    )


def age(seconds: float) -> str:
    """Return *seconds* as a person writes them, in the one or two greatest units."""
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"
