"""What Gupshup lists of a resource, as JSON: for readers with masked phones, for the store as it is."""

from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite
from typing import assert_never

from controller.core.render.entries.phones import Phones
from controller.core.timestamp import timestamp
from controller.model.plan import Kind
from controller.model.status import ListedApp, ListedWebhook, Status


def listed_fields(status: Status) -> dict[str, object]:
    """Return the fields of a status about what Gupshup lists; a partner has none."""
    if status.item.kind is Kind.PARTNER:
        return {}
    observed = None if status.listed is None else observed_fields(status.listed)
    return {"listed": status.is_listed, "observed": observed}


def observed_fields(listed: ListedApp | ListedWebhook) -> dict[str, object]:
    """Return what Gupshup showed, by the names of the manifest's fields; None is what it did not say."""
    return masking(listed).document(dict(plain_fields(listed)))


def masking(listed: ListedApp | ListedWebhook) -> Phones:
    """Return what masks phone numbers, that of an app also inside its name."""
    known = {listed.phone} - {""} if isinstance(listed, ListedApp) else set()
    return Phones(known=frozenset(known))


def plain_fields(listed: ListedApp | ListedWebhook) -> Mapping[str, object]:
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
        case ListedWebhook(tag, url, version, modes, active):
            return {"tag": tag, "url": url, "version": version, "modes": list(modes), "active": active}
        case _:
            assert_never(listed)


def kept_listed(listed: ListedApp | ListedWebhook | None) -> dict[str, object] | None:
    """Return *listed* as the store holds it; `read_listed` reads this."""
    return None if listed is None else asdict(listed)


def read_listed(stored: object) -> ListedApp | ListedWebhook | None:
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
            "tag": str(tag),
            "url": str(url),
            "version": int() | None as version,
            "modes": [*modes],
            "active": bool(active),
        } if all(isinstance(mode, str) for mode in modes):
            return ListedWebhook(tag, url, version, tuple(modes), active)
        case _:
            return None
