"""Rows of the health table: one app's health as JSON, with its moments in columns of their own."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import lru_cache
from typing import Any

from controller.edges.store.clocks import shifted
from controller.model.health import AppHealth, SendingError, WabaInfo

_MOST_KNOWN = 16_384
_WORDS = tuple(name for name in WabaInfo.__dataclass_fields__ if name != "errors")


def row_of(app_id: str, health: AppHealth) -> dict[str, Any]:
    """Return the row of an app's health; `health_of` reads it."""
    document = {**asdict(health.info), "colour": health.colour, "fell_from": health.fell_from}
    return {"app_id": app_id, "at": health.at, "fell_at": health.fell_at, "document": json.dumps(document)}


def health_of(row: Mapping[str, Any]) -> AppHealth:
    """Return the health in a row. What another release left out of the document is unknown."""
    return replace(_read(row["document"]), at=row["at"], fell_at=row["fell_at"])


@lru_cache(maxsize=_MOST_KNOWN)
def _read(document: str) -> AppHealth:
    """Return the health without its moments. A memory is read often, and few of its documents change."""
    stored = json.loads(document)
    errors = tuple(SendingError(each["code"], each["description"]) for each in stored.get("errors", ()))
    info = WabaInfo(**{name: stored.get(name, "") for name in _WORDS}, errors=errors)
    return AppHealth(info, 0.0, stored.get("colour", ""), stored.get("fell_from", ""))


def moved(health: AppHealth, by: float) -> AppHealth:
    """Return *health* with its moments on a clock that is ahead *by* so many seconds."""
    return replace(health, at=health.at + by, fell_at=shifted(health.fell_at, by))
