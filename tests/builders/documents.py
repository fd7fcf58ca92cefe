"""The published schemas of the documents, and the same with every door closed."""

import json
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema_rs

SCHEMAS = Path(__file__).parents[2] / "schemas/output"


def published(name: str) -> dict[str, Any]:
    """Return the schema as it is shipped: a reader may meet keys that it does not name."""
    found: dict[str, Any] = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def closed(schema: Any) -> Any:  # noqa: ANN401  (JSON)
    """Return *schema*, but an object may have no key that it does not name."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    whole = {key: closed(value) for key, value in schema.items()}
    return {"additionalProperties": False, **whole} if isinstance(whole.get("properties"), dict) else whole


def check_document(arguments: Sequence[str], out: str) -> None:
    """Check what a verb printed with `-o json`, if it did: JSON, each key in its schema, and none missing."""
    verb = arguments[0] if arguments else ""
    if ("-o", "json") not in pairwise(arguments) or not out or not (SCHEMAS / f"{verb}.json").exists():
        return
    is_plan = verb == "show" and arguments[1].endswith(".json")
    _validator("plan" if is_plan else verb).validate(json.loads(out))


@cache
def _validator(verb: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(closed(published(verb)), validate_formats=True)
