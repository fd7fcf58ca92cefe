"""Events of Gupshup's webhooks: the bytes of a request come in, names to look up go out.

No event is signed, so an event is only a hint to observe. Its other content is not used. Hints are the events
about a possible change of what we observe: `onboarding-event` (the live event) and `account-event` of version
2, and of version 3 the fields in FIELDS. Messages, their deliveries, templates and billing change nothing
that is declared here, and a probe of a new URL only wants an answer: none of them is a hint.

Any bytes are answered, in a time that their length bounds.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

LONGEST = 64 * 1024
"""The longest body that is read, in bytes. No event of an account is a tenth of that."""

TYPES = frozenset({"onboarding-event", "account-event"})
FIELDS = frozenset(
    {
        "account-event",
        "account_alerts",
        "account_review_update",
        "account_update",
        "business_capability_update",
        "phone_number_name_update",
        "phone_number_quality_update",
    }
)
"""The names in version 3 of the account events that version 2 has."""

_MOST_NAMES = 4
_LONGEST_NAME = 150
_KEYS = ("appId", "gs_app_id", "app", "phone", "phone_number")
_NAMED = re.compile(rf'"({"|".join(_KEYS)})"\s*:\s*"([^"\\]{{1,{_LONGEST_NAME}}})"')
_CALLED = re.compile(rf'"type"\s*:\s*"(?:{"|".join(sorted(TYPES))})"')
_CHANGED = re.compile(rf'"field"\s*:\s*"(?:{"|".join(sorted(FIELDS))})"')


class EventKind(StrEnum):
    HINT = "hint"
    PROBE = "probe"
    OTHER = "other"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Event:
    """*names* are ids, names and phones at Gupshup of one app, the id first. Only a hint has them."""

    heard: EventKind
    names: tuple[str, ...] = ()


def read(body: bytes) -> Event:
    """Return the event in *body*. Raises nothing: a body that is no event, or names no app, is UNREADABLE."""
    if len(body) > LONGEST:
        return Event(EventKind.UNREADABLE)
    text = body.decode("utf-8-sig", "replace")
    try:
        # Figures stay texts: one of 60,000 digits takes no time, and a phone may come as a number.
        event = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        return _recovered(text)
    match event:
        case {"entry": list(entries)}:
            return _version_3(event, entries)
        case {"type": str(kind)}:
            return _version_2(event, kind)
        case _:
            return Event(EventKind.UNREADABLE)


def _version_2(event: Mapping[str, object], kind: str) -> Event:
    if kind in TYPES:
        return _hint((event.get("appId"), event.get("app"), event.get("phone")))
    match event.get("payload"):
        case {"type": "sandbox-start"} | {"phone": "callbackSetPhone"}:
            return Event(EventKind.PROBE)
        case _:
            return Event(EventKind.OTHER)


def _version_3(event: Mapping[str, object], entries: list[object]) -> Event:
    values = list(_account_values(entries))
    if not values:
        return Event(EventKind.OTHER)
    return _hint((event.get("gs_app_id"), *(value.get("phone_number") for value in values)))


def _account_values(entries: list[object]) -> Iterator[Mapping[str, object]]:
    """Yield the value of each change of an account, an empty mapping if the change has none."""
    for entry in entries:
        match entry:
            case {"changes": list(changes)}:
                yield from (_value(change) for change in changes if _is_of_account(change))
            case _:
                continue


def _is_of_account(change: object) -> bool:
    match change:
        case {"field": str(field)}:
            return field in FIELDS
        case _:
            return False


def _value(change: Mapping[str, object]) -> Mapping[str, object]:
    value = change.get("value")
    return value if isinstance(value, dict) else {}


def _recovered(text: str) -> Event:
    """Take the names out of what is no JSON: the sample in Gupshup's own guide lacks two commas."""
    if not (_CALLED.search(text) or _CHANGED.search(text)):
        return Event(EventKind.UNREADABLE)
    names: dict[str, str] = {}
    for match in _NAMED.finditer(text):
        names.setdefault(match[1], match[2])
    return _hint(names.get(key) for key in _KEYS)


def _hint(given: Iterable[object]) -> Event:
    names = tuple(dict.fromkeys(name for value in given if (name := _name(value))))[:_MOST_NAMES]
    return Event(EventKind.HINT, names) if names else Event(EventKind.UNREADABLE)


def _name(given: object) -> str:
    """Return *given* as a name, a phone without its plus; "" if it can be none."""
    if not isinstance(given, str):
        return ""
    name = given.strip().removeprefix("+")
    return name if len(name) <= _LONGEST_NAME and name.isprintable() else ""
