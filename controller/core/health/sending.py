"""Sending: whether an app can send messages now, judged from Gupshup's last answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from controller.model.health import AppHealth, WabaInfo
from controller.model.status import Truth

BANNED = "AccountBanned"


class Sending(StrEnum):
    """The states, with the worst one first."""

    BANNED = "Banned"
    BLOCKED = "Blocked"
    LIMITED = "Limited"
    AVAILABLE = "Available"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Sendability:
    """Whether an app can send: the fields of its condition `Sendable`."""

    status: Truth
    reason: str
    message: str = ""


_REASONS: Mapping[Sending, tuple[Truth, str]] = {
    Sending.BANNED: (Truth.FALSE, BANNED),
    Sending.BLOCKED: (Truth.FALSE, "SendingBlocked"),
    Sending.LIMITED: (Truth.TRUE, "SendingLimited"),
    Sending.AVAILABLE: (Truth.TRUE, "CanSend"),
    Sending.UNKNOWN: (Truth.UNKNOWN, "SendingUnknown"),
}
_WORDS: Mapping[str, Sending] = {
    "AVAILABLE": Sending.AVAILABLE,
    "LIMITED": Sending.LIMITED,
    "BLOCKED": Sending.BLOCKED,
}
_USUAL = frozenset({"ACTIVE", "AVAILABLE"})
NOT_READ = Sendability(Truth.UNKNOWN, "NotReadYet", "Gupshup was not asked yet")


def sending(info: WabaInfo) -> Sending:
    """Return the state. A ban counts whatever else is said; a word that is not known here is unknown."""
    if info.account.upper() == "BANNED":
        return Sending.BANNED
    return _WORDS.get(info.can_send.upper(), Sending.UNKNOWN)


def sending_label(info: WabaInfo) -> str:
    """Return the state for a metric: few words, whatever Gupshup says."""
    state = sending(info)
    return "other" if state is Sending.UNKNOWN and info.can_send else state.lower()


def sendability(health: AppHealth | None) -> Sendability:
    """Return whether a live app can send. *health* is None if it was never read."""
    if health is None:
        return NOT_READ
    return Sendability(*_REASONS[sending(health.info)], _message(health.info))


def _message(info: WabaInfo) -> str:
    """Return Gupshup's words: its errors, or else the words that do not say that all is well."""
    errors = [": ".join(part for part in (each.code, each.description) if part) for each in info.errors]
    if errors:
        return "; ".join(errors)
    words = {"account": info.account, "sending": info.can_send}
    unusual = (f"{what} {word}" for what, word in words.items() if word and word.upper() not in _USUAL)
    return ", ".join(unusual)
