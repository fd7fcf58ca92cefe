"""The published schemas of the documents, and the same with every door closed."""

import json
from pathlib import Path
from typing import Any

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
