"""A status as JSON, for the store and for `-o json`, and back."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from controller.model.manifest import AppId
from controller.model.plan import Item, Kind
from controller.model.status import Condition, Status, Truth

_FIRST, _LAST = -62_135_596_800, 253_402_300_799
"""The years 1 to 9999: a manifest's offset from UTC, or a strange clock, can lead beyond."""


def fields(status: Status) -> dict[str, object]:
    """Return the status as a document; moments are UTC in ISO 8601."""
    item = status.item
    return {
        "kind": str(item.kind),
        "name": item.name,
        "partner": item.partner,
        "app": item.app,
        "appId": status.app_id,
        "stage": status.stage,
        "revision": status.revision,
        "observedAt": timestamp(status.at),
        "conditions": [_condition(each) for each in status.conditions],
    }


def document(status: Status) -> str:
    return json.dumps({**fields(status), "at": status.at, "since": [c.since for c in status.conditions]})


def read_documents(documents: Mapping[str, str]) -> tuple[Status, ...]:
    """Return the statuses that `document` made, sorted by item."""
    return tuple(sorted((_read(text) for text in documents.values()), key=lambda status: status.item))


def timestamp(seconds: float) -> str:
    """Return epoch seconds as a person and a machine read them; years have four figures."""
    return (
        datetime.fromtimestamp(min(max(seconds, _FIRST), _LAST), UTC)
        .isoformat(timespec="seconds")
        .replace("+00:00", "Z")
    )


def _condition(condition: Condition) -> dict[str, object]:
    return {
        "type": condition.type,
        "status": str(condition.status),
        "reason": condition.reason,
        "message": condition.message,
        "lastTransitionTime": timestamp(condition.since),
        "observedRevision": condition.revision,
    }


def _read(text: str) -> Status:
    found = json.loads(text)
    conditions = tuple(
        Condition(
            each["type"],
            Truth(each["status"]),
            each["reason"],
            each["message"],
            since,
            each["observedRevision"],
        )
        for each, since in zip(found["conditions"], found["since"], strict=True)
    )
    item = Item(Kind(found["kind"]), found["partner"], found["app"], found["name"])
    app_id = AppId(found["appId"]) if found["appId"] else None
    return Status(item, conditions, found["revision"], found["at"], app_id, found["stage"])
