"""Kinds of faults: the fields of each by the schema, and the part of a call that each one changes."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

SCHEMA: Mapping[str, Any] = json.loads(
    Path(__file__).with_name("faults.schema.json").read_text(encoding="utf-8")
)
_FAULT = SCHEMA["$defs"]["fault"]
MATCHES: tuple[str, ...] = tuple(name for name in _FAULT["properties"] if name != "kind")
KINDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        kind: frozenset(
            name
            for rule in _FAULT["allOf"]
            if kind in rule["if"]["properties"]["kind"]["enum"]
            for name in rule["then"]["properties"]
        )
        for kind in _FAULT["properties"]["kind"]["enum"]
    }
)

TYPES: Mapping[str, str] = MappingProxyType(
    {
        name: schema["$ref"].rpartition("/")[2]
        for part in (_FAULT, *(rule["then"] for rule in _FAULT["allOf"]))
        for name, schema in part["properties"].items()
        if "$ref" in schema
    }
)

ROW_KINDS = frozenset({"flicker", "no-phone"})
REWRITES = (
    frozenset({"wrong-app-id", "no-app-id", "canned-mode", "empty-list", "short-page", "repeat-page"})
    | ROW_KINDS
)
AT_CREATION = frozenset({"stale-list", "stage-error", "stuck", "drop-modes"})
IN_ROUTES = frozenset({"callback-refused", "invalid-url", "unkept"})
LISTS = frozenset({"list", "partnerApps"})
_SHOWS_MODE = frozenset({"subscribe", "subscriptions", "subscription", "updateSubscription"})
_LINKS = frozenset({"link", "create"})
ROUTES_OF: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        **dict.fromkeys(("empty-list", "short-page", "repeat-page", "flicker", "no-phone"), LISTS),
        **dict.fromkeys(AT_CREATION, _LINKS),
        "wrong-app-id": _LINKS,
        "no-app-id": _LINKS,
        "callback-refused": frozenset({"link"}),
        "canned-mode": _SHOWS_MODE,
        "invalid-url": frozenset({"subscribe", "updateSubscription"}),
        "unkept": frozenset({"subscribe", "updateSubscription", "unsubscribe"}),
    }
)
