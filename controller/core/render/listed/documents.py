"""What Gupshup lists of a resource, as JSON: for readers with masked phones, for the store as it is."""

from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite
from typing import assert_never

from controller.core.planning import modes
from controller.core.render.entries.phones import Phones
from controller.core.timestamp import timestamp
from controller.model.plan import Kind
from controller.model.status import ListedApp, Status
from controller.model.upstream import RemoteSubscription, SubscriptionId


def listed_fields(status: Status) -> dict[str, object]:
    """Return the fields of a status about what Gupshup lists; a partner has none."""
    if status.item.kind is Kind.PARTNER:
        return {}
    observed = None if status.listed is None else observed_fields(status.listed)
    return {"listed": status.is_listed, "observed": observed}


def observed_fields(listed: ListedApp | RemoteSubscription) -> dict[str, object]:
    """Return what Gupshup showed, by the names of the manifest's fields; None is what it did not say."""
    return masking(listed).document(dict(plain_fields(listed)))


def masking(listed: ListedApp | RemoteSubscription) -> Phones:
    """Return what masks phone numbers, that of an app also inside its name."""
    known = {listed.phone} - {""} if isinstance(listed, ListedApp) else set()
    return Phones(known=frozenset(known))


def plain_fields(listed: ListedApp | RemoteSubscription) -> Mapping[str, object]:
    """Return what `observed_fields` does, with the phone number as it is."""
    match listed:
        case ListedApp(name, phone, waba, region, created, since):
            return {
                "appName": name,
                "wabaId": waba or None,
                "phone": phone or None,
                "storageRegion": region or None,
                "createdAt": None if created is None else timestamp(created),
                "stageSince": timestamp(since),
            }
        case RemoteSubscription() as remote:
            return {
                "id": remote.id,
                "tag": remote.tag,
                "url": remote.url,
                "version": remote.version,
                "modes": list(modes.names(remote)),
                "active": remote.active,
            }
        case _:
            assert_never(listed)


def kept_listed(listed: ListedApp | RemoteSubscription | None) -> dict[str, object] | None:
    """Return *listed* as the store holds it; `read_listed` reads this."""
    return None if listed is None else asdict(listed)


def read_listed(stored: object) -> ListedApp | RemoteSubscription | None:
    """Return what was stored; None if that is of another form, as of another release."""
    match stored:
        case {
            "name": str(name),
            "phone": str(phone),
            "waba": str(waba),
            "region": str(region),
            "created": int() | float() | None as created,
            "since": int() | float() as since,
        } if isfinite(created or 0.0) and isfinite(since):
            return ListedApp(name, phone, waba, region, created, since)
        case {
            "id": str(id_),
            "tag": str(tag),
            "url": str(url),
            "version": int() | None as version,
            "mode": int() | None as mode,
            "modes": [*names],
            "active": bool(active),
        } if all(isinstance(name, str) for name in names):
            return RemoteSubscription(SubscriptionId(id_), tag, url, version, mode, tuple(names), active)
        case _:
            return None
