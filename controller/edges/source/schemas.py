"""The JSON Schemas as shipped: beside the package in a wheel, in the repository's root in a checkout."""

import json
from pathlib import Path

from controller.errors import ControllerError
from controller.model.source import Schemas

KINDS = {"Partner": "partner.json", "App": "app.json", "Subscription": "subscription.json"}
_PACKAGE = Path(__file__).parents[2]
_FOLDERS = (_PACKAGE / "schemas", _PACKAGE.parent / "schemas")


def load() -> Schemas:
    """Return the schemas by kind."""
    return {kind: json.loads(text(kind)) for kind in KINDS}


def text(kind: str) -> str:
    """Return one schema as it is written. Raises ControllerError where the installation lacks it."""
    for folder in _FOLDERS:
        file = folder / KINDS[kind]
        if file.is_file():
            return file.read_text(encoding="utf-8")
    raise ControllerError(f"the schema of {kind} is not part of this installation; install it again")
