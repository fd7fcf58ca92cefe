"""Comparison of a declared resource with what Gupshup listed last, field by field, as a plan compares it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from controller.core.planning import modes
from controller.core.planning.subscriptions import drift
from controller.model.manifest import App, Subscription
from controller.model.modes import in_order
from controller.model.status import ListedApp, Status
from controller.model.upstream import RemoteSubscription


class Agreement(StrEnum):
    """How a field stands. UNREADABLE is written and never read; UNKNOWN is what Gupshup did not tell yet."""

    SAME = "same"
    DIFFERS = "differs"
    UNREADABLE = "unreadable"
    UNKNOWN = "unknown"
    ABSENT = "absent"
    UNDECLARED = "undeclared"


@dataclass(frozen=True, slots=True)
class ComparedField:
    """One field. *declared* and *observed* are None if there is no such value."""

    name: str
    declared: str | None
    observed: str | None
    agreement: Agreement


Values = Mapping[str, str | None]

_UNREADABLE = frozenset({"callbackUrl", "showOnUI", "headers"})


def compare_app(declared: App | None, status: Status | None) -> tuple[ComparedField, ...]:
    """Compare an app with its last status. None: no manifest declares it, or no pass has seen it."""
    wanted: Values = {} if declared is None else {**declared.link_fields, "appId": declared.app_id}
    seen: Values = {}
    if status is not None and isinstance(status.listed, ListedApp):
        listed = status.listed
        seen = {
            "appName": listed.name,
            "wabaId": listed.waba,
            "phone": listed.phone,
            "storageRegion": listed.region,
            "appId": status.app_id,
        }
    differing = {name for name, value in seen.items() if value != wanted.get(name)}
    return tuple(_fields(wanted, seen, differing, _missing(status)))


def compare_subscription(declared: Subscription | None, status: Status | None) -> tuple[ComparedField, ...]:
    """Compare a subscription with its last status, likewise."""
    listed = status.listed if status is not None and isinstance(status.listed, RemoteSubscription) else None
    wanted = {} if declared is None else _declared(declared)
    seen = {} if listed is None else _seen(listed)
    differing = drift(declared, listed) if declared is not None and listed is not None else ()
    return tuple(_fields(wanted, seen, differing, _missing(status)))


def _missing(status: Status | None) -> Agreement:
    """Return how a field stands of which nothing was observed."""
    is_absent = status is not None and status.is_listed is False
    return Agreement.ABSENT if is_absent else Agreement.UNKNOWN


def _fields(
    wanted: Values, seen: Values, differing: Collection[str], missing: Agreement
) -> Iterator[ComparedField]:
    """Yield the fields that are declared or observed: in the order of *wanted*, then of *seen*."""
    for name in dict.fromkeys((*wanted, *seen)):
        declared, observed = wanted.get(name), seen.get(name) or None
        if declared is not None or observed is not None:
            agreement = _agreement(declared, observed, missing, differs=name in differing)
            if agreement is Agreement.UNKNOWN and name in _UNREADABLE:
                agreement = Agreement.UNREADABLE
            yield ComparedField(name, declared, observed, agreement)


def _agreement(declared: str | None, observed: str | None, missing: Agreement, *, differs: bool) -> Agreement:
    if observed is None:
        return missing
    if declared is None:
        return Agreement.UNDECLARED
    return Agreement.DIFFERS if differs else Agreement.SAME


def _declared(wanted: Subscription) -> Values:
    return {
        "tag": wanted.tag,
        "url": wanted.url,
        "version": str(wanted.version),
        "modes": ", ".join(in_order(wanted.modes)),
        "active": _word(wanted.active),
        "showOnUI": _word(wanted.show_on_ui),
        "headers": ", ".join(sorted(wanted.headers)) or None,
    }


def _seen(remote: RemoteSubscription) -> Values:
    return {
        "tag": remote.tag,
        "url": remote.url,
        "version": None if remote.version is None else str(remote.version),
        "modes": modes.told(remote),
        "active": _word(remote.active),
    }


def _word(value: bool) -> str:  # noqa: FBT001  (a fact to be worded, no switch)
    return "true" if value else "false"
