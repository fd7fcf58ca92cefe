"""Quantities in manifests: durations, paces, ceilings and times, from texts that kept their schema."""

import re
from datetime import datetime

from controller.model.manifest import Ceiling, Count, Limit, Share

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_DAY = re.compile(r"[0-9-]+\Z", re.ASCII)
_WINDOWS = {"s": 1, "min": 60, "h": 3_600}


def duration(text: str) -> float:
    """Return the seconds of `45s`, `10m`, `24h` or `1d`."""
    return float(int(text[:-1]) * _SECONDS[text[-1]])


def limit(text: str) -> Limit:
    """Return the limit of `10/min`, `10/s` or `100/h`."""
    calls, _, window = text.partition("/")
    return Limit(int(calls), _WINDOWS[window])


def above(limit: Limit, published: Limit) -> bool:
    """Return whether *limit* allows more calls in some window than *published*, bursts included."""
    return limit.calls * max(1.0, published.seconds / limit.seconds) > published.calls


def ceiling(value: int | str) -> Ceiling:
    """Return the ceiling of 25 or `20%`."""
    return Count(value) if isinstance(value, int) else Share(int(value.removesuffix("%")))


def moment(text: str) -> float | None:
    """Return the epoch seconds of an RFC 3339 time, None if there is no such day or hour."""
    try:
        return datetime.fromisoformat(text.upper()).timestamp()
    except (ValueError, OverflowError):
        return None


def day_or_moment(text: str) -> float | None:
    """Return the epoch seconds of an RFC 3339 time, or of the beginning of a day (UTC); None as `moment`."""
    return moment(f"{text}T00:00:00Z" if _DAY.match(text) else text)
