"""Quality of a phone number: whether it dropped, judged from the colours that Gupshup gave one by one."""

from collections.abc import Mapping
from dataclasses import replace

from controller.model.health import AppHealth, WabaInfo

_RANK: Mapping[str, int] = {"GREEN": 0, "YELLOW": 1, "RED": 2}
"""The known colours, the best one first. Any other word is unknown."""

_RED = "RED"
_REASONS: Mapping[str, str] = {"YELLOW": "QualityYellow", _RED: "QualityRed"}

LASTING = 7 * 86_400.0
"""Seconds after which a colour that is not RED is the usual one, and its fall no alarm any more."""


def next_health(before: AppHealth | None, info: WabaInfo, at: float) -> AppHealth:
    """Return the health after an answer read at *at* (epoch seconds).

    An unknown colour says nothing: it neither begins a fall nor ends one.
    """
    colour = info.quality.upper()
    if before is None:
        return _first(info, colour, at)
    if colour not in _RANK:
        return replace(before, info=info, at=at)
    usual = _usual(before, at)
    if colour != _RED and (usual not in _RANK or _RANK[colour] <= _RANK[usual]):
        return AppHealth(info, at, colour)
    if before.fell_at is not None and _RANK[colour] <= _RANK[before.colour]:  # the same fall goes on
        return AppHealth(info, at, colour, before.fell_from, before.fell_at)
    return AppHealth(info, at, colour, usual, at)


def drop(health: AppHealth, now: float) -> tuple[str, str] | None:
    """Return the reason, and in words how the quality dropped; None if it did not, or the fall is over."""
    if health.fell_at is None:
        return None
    if health.info.quality.upper() != _RED and now - health.fell_at >= LASTING:
        return None
    fell = f"fell from {health.fell_from} to {health.colour}" if health.fell_from else f"is {health.colour}"
    return _REASONS[health.colour], f"the quality of the phone number {fell}"


def quality_label(info: WabaInfo) -> str:
    """Return the colour for a metric: few words, whatever Gupshup says."""
    colour = info.quality.upper()
    if colour in _RANK:
        return colour.lower()
    return "unknown" if colour in {"", "UNKNOWN"} else "other"


def _first(info: WabaInfo, colour: str, at: float) -> AppHealth:
    """Return the health after the first answer: only RED is an alarm, since nothing better is known."""
    known = colour if colour in _RANK else ""
    return AppHealth(info, at, known, "", at if colour == _RED else None)


def _usual(before: AppHealth, at: float) -> str:
    """Return the colour that the next one is compared with: the one before a fall that is not over."""
    if before.fell_at is None or at - before.fell_at >= LASTING:
        return before.colour
    return before.fell_from
