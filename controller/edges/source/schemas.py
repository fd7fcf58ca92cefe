"""Files that ship with the package, schemas and the demo: inside a wheel, or beside a checkout's code."""

import json
from collections.abc import Mapping
from pathlib import Path

from controller.errors import ControllerError
from controller.model.source import Schemas

KINDS = {"Partner": "partner.json", "App": "app.json", "Subscription": "subscription.json"}
_VERBS = (
    "plan", "apply", "validate", "get", "describe", "show", "events", "doctor", "import", "new", "explain"
)  # fmt: skip
OUTPUTS = {verb: f"output/{verb}.json" for verb in _VERBS}
"""The documents that verbs print. That of `show` is about KIND/NAME: a saved plan has that of `plan`."""

FOR_EDITORS = ".schemas/manifest.json"
"""Where `init` writes the schema of any kind, below the folder of manifests."""

_FILES = {**KINDS, **OUTPUTS}
_PACKAGE = Path(__file__).parents[2]
_ROOTS = (_PACKAGE, _PACKAGE.parent)


def load() -> Schemas:
    """Return the schemas by kind."""
    return {kind: json.loads(text(kind)) for kind in KINDS}


def text(name: str) -> str:
    """Return the text of one schema: a kind's, or a verb's. Raises ControllerError if there is none."""
    return shipped(f"schemas/{_FILES[name]}").read_text(encoding="utf-8")


def saved_plan() -> Mapping[str, object]:
    """Return the schema of a saved plan."""
    found: Mapping[str, object] = json.loads(
        shipped("schemas/output/saved-plan.json").read_text(encoding="utf-8")
    )
    return found


def any_kind() -> str:
    """Return one schema for documents of any kind, for editors. A document's kind selects its schema."""
    by_kind = [
        {"if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]}, "then": _nameless(schema)}
        for kind, schema in load().items()
    ]
    kinds = {"kind": {"description": "What this manifest declares.", "enum": list(KINDS)}}
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Manifest", "type": "object"}
    whole = {**head, "required": ["kind"], "properties": kinds, "allOf": by_kind}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def beside(folder: Path) -> str | None:
    """Return the path from *folder* to the schema that `init` wrote into it or above it, None without one.

    The search ends at the root of a git repository.
    """
    for up, each in enumerate((folder.resolve(), *folder.resolve().parents)):
        if (each / FOR_EDITORS).is_file():
            return "../" * up + FOR_EDITORS
        if (each / ".git").exists():
            break
    return None


def _nameless(schema: Mapping[str, object]) -> Mapping[str, object]:
    return {key: value for key, value in schema.items() if not key.startswith("$")}


def shipped(name: str) -> Path:
    """Return the file or folder *name*. Raises ControllerError if the installation lacks it."""
    for root in _ROOTS:
        if (root / name).exists():
            return root / name
    raise ControllerError(f"{name} is not part of this installation; install it again")
