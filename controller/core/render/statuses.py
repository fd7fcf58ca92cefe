"""Statuses as JSON, for the store and for `-o json`, and read back from the store."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import zip_longest

from controller.core.render.foreign import foreign_fields, read_foreign
from controller.core.render.health import health_fields, read_health
from controller.core.render.held import held_rows, read_held
from controller.core.render.listed.documents import kept_listed, listed_fields, read_listed
from controller.core.status.state import state_of
from controller.core.timestamp import timestamp
from controller.model.account import CredentialEnd, CredentialKind
from controller.model.health import AppHealth
from controller.model.manifest import AppId
from controller.model.plan import Item, Kind
from controller.model.status import Condition, Status, Truth

__all__ = ["document", "fields", "read_documents", "timestamp"]

DOCUMENT_VERSION = 1
"""Version of a stored document; documents of earlier releases have none."""

_HUGE = 1e300


def fields(status: Status) -> dict[str, object]:
    """Return the status as a document; times are UTC in ISO 8601, phones masked. Only an app has a health."""
    item = status.item
    health = {"health": _health(status.health)} if item.kind is Kind.APP else {}
    return {
        "kind": str(item.kind),
        "name": item.name,
        "partner": item.partner,
        **(_of_partner(status) if item.kind is Kind.PARTNER else _of_app(status)),
        **listed_fields(status),
        "revision": status.revision,
        "observedAt": timestamp(status.at),
        "state": str(state_of(status)[0]),
        "conditions": [condition_row(each) for each in status.conditions],
        **({"foreign": [foreign_fields(each) for each in status.foreign]} if status.foreign else {}),
        **health,
    }


def _of_app(status: Status) -> dict[str, object]:
    return {"app": status.item.app, "appId": status.app_id, "stage": status.stage}


def _of_partner(status: Status) -> dict[str, object]:
    held = {"held": held_rows(status.held)} if status.held else {}
    return {"credentials": ends_rows(status.ends), **held}


def ends_rows(ends: Iterable[CredentialEnd]) -> list[dict[str, object]]:
    return [
        {"credential": str(end.kind), "endsAt": timestamp(end.at), "renewed": end.renewed} for end in ends
    ]


def document(status: Status) -> str:
    """Return the status as the store holds it; `read_documents` reads this and every earlier version."""
    since = [condition.since for condition in status.conditions]
    health_at = None if status.health is None else status.health.at
    kept = {"at": status.at, "since": since, "healthAt": health_at, "phone": status.phone}
    observed = {"observed": kept_listed(status.listed)}
    return json.dumps({"version": DOCUMENT_VERSION, **fields(status), **kept, **observed})


def read_documents(documents: Mapping[str, str]) -> tuple[Status, ...]:
    """Return the statuses that `document` made, sorted by item; *documents* are by resource (`str(item)`).

    A field that an older release left out has a default. An unreadable document gives a status without facts,
    so that the next pass writes a new one.
    """
    statuses = (_read(resource, text) for resource, text in documents.items())
    return tuple(sorted(statuses, key=lambda status: status.item))


def _health(health: AppHealth | None) -> dict[str, object] | None:
    return None if health is None else {**health_fields(health.info), "readAt": timestamp(health.at)}


def condition_row(condition: Condition) -> dict[str, object]:
    return {
        "type": condition.type,
        "status": str(condition.status),
        "reason": condition.reason,
        "message": condition.message,
        "lastTransitionTime": timestamp(condition.since),
        "observedRevision": condition.revision,
    }


def _read(resource: str, text: str) -> Status:
    stored = _mapping(_loaded(text))
    at = _number(stored.get("at"), 0.0)
    app_id = AppId(_text(stored, "appId")) or None
    conditions, since = _list(stored.get("conditions")), _list(stored.get("since"))
    item = _item(resource, stored)
    return Status(
        item,
        tuple(_read_condition(*pair, at) for pair in zip_longest(conditions, since[: len(conditions)])),
        _text(stored, "revision"),
        at,
        app_id,
        _text(stored, "stage"),
        tuple(read_foreign(item, stored.get("foreign"))),
        tuple(end for given in _list(stored.get("credentials")) if (end := _read_end(_mapping(given)))),
        read_health(stored.get("health"), stored.get("healthAt")),
        tuple(read_held(stored.get("held"))),
        _truth(stored.get("listed")),
        read_listed(stored.get("observed")),
        _text(stored, "phone"),
    )


def _read_end(stored: Mapping[str, object]) -> CredentialEnd | None:
    kind = _text(stored, "credential")
    try:
        at = datetime.fromisoformat(_text(stored, "endsAt")).timestamp()
    except ValueError:
        return None
    if kind not in set(CredentialKind):
        return None
    return CredentialEnd(CredentialKind(kind), at, stored.get("renewed") is True)


def _read_condition(given: object, since: object, at: float) -> Condition:
    stored = _mapping(given)
    status = _text(stored, "status")
    return Condition(
        _text(stored, "type"),
        Truth(status) if status in set(Truth) else Truth.UNKNOWN,
        _text(stored, "reason"),
        _text(stored, "message"),
        _number(since, at),
        _text(stored, "observedRevision"),
    )


def _item(resource: str, stored: Mapping[str, object]) -> Item:
    """Return the item that the document names; if it names none, the item that *resource* names."""
    kind, *names = (stored.get(name) for name in ("kind", "partner", "app", "name"))
    if kind == Kind.PARTNER:
        names[1] = ""
    if isinstance(kind, str) and kind in set(Kind) and all(isinstance(name, str) for name in names):
        return Item(Kind(kind), *map(str, names))
    subject, _, app = resource.partition(" on App/")
    word, _, name = subject.partition("/")
    if word == Kind.PARTNER:
        return Item(Kind.PARTNER, name, "", name)
    return Item(Kind.APP if word == Kind.APP else Kind.SUBSCRIPTION, "", app or name, name)


def _loaded(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _text(stored: Mapping[str, object], name: str) -> str:
    value = stored.get(name)
    return value if isinstance(value, str) else ""


def _truth(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _number(value: object, otherwise: float) -> float:
    return float(value) if isinstance(value, int | float) and abs(value) < _HUGE else otherwise
