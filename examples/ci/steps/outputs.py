"""The outputs of a step: exit-code, has-changes, plan-file, digest and artefact.

python3 outputs.py plan|apply CODE [PATH]…     Adds them to the file GITHUB_OUTPUT, if there is one.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

from artefacts import artefact_of
from host import this_host

SAVED = Path("saved-plan.json")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
COUNTED = {
    "plan": ("link", "subscribe", "update", "unsubscribe", "held"),
    "apply": ("linked", "subscribed", "updated", "unsubscribed", "held", "failed", "stale", "unclear"),
}
"""What makes a difference to Gupshup, was to make one, or is held."""


def document(path: Path) -> dict[str, Any]:
    """Return a document. A run that ended early leaves an empty file, or none."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return json.loads(text) if text.strip() else {}  # type: ignore[no-any-return]


def outputs(verb: str, code: int, paths: list[str]) -> dict[str, str]:
    """Return the outputs. Nothing in them comes from a manifest."""
    counts = document(Path(f"{verb}.json")).get("summary", {})
    digest = str(document(SAVED).get("digest", ""))
    return {
        "exit-code": str(code),
        "has-changes": "true" if any(counts.get(name) for name in COUNTED[verb]) else "false",
        "plan-file": str(SAVED) if digest else "",
        "digest": digest if _DIGEST.fullmatch(digest) else "",
        "artefact": artefact_of(verb, paths, this_host().commit),
    }


def main(verb: str, code: str, paths: list[str]) -> None:
    """Write the outputs."""
    file = os.environ.get("GITHUB_OUTPUT")
    if file:
        with Path(file).open("a", encoding="utf-8") as stream:
            stream.writelines(f"{name}={value}\n" for name, value in outputs(verb, int(code), paths).items())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:] or ["manifests"])
