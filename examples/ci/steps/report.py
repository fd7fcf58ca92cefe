"""The problems that `gupshupctl validate -o json` found, as GitLab's code quality report.

    python3 report.py problems.json

Phone numbers are masked, and long texts are cut. This script needs Python 3.9 and nothing else.
"""

import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any

LONGEST_TEXT = 300
SEVERITIES = {"error": "major", "warning": "minor", "hint": "info"}  # gupshupctl's, and GitLab's
_PHONE = re.compile(r"(?<![\w-])(\d{2})\d{2,9}(\d{4})(?![\w-])")
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")

Document = dict[str, Any]


def masked(text: str) -> str:
    """Return *text* on one line, cut, and with phone numbers masked."""
    plain = _PHONE.sub(lambda found: f"{found[1]}******{found[2]}", _INVISIBLE.sub(" ", text))
    return plain if len(plain) <= LONGEST_TEXT else plain[: LONGEST_TEXT - 1] + "…"


def quality(document: Document) -> list[Document]:
    return [
        {
            "check_name": each["rule"],
            "description": masked(f"{each['field']}: {each['message']}"),
            "fingerprint": hashlib.sha256(json.dumps(each, sort_keys=True).encode()).hexdigest(),
            "severity": SEVERITIES[each["severity"]],
            "location": {"path": each["file"], "lines": {"begin": each["line"]}},
        }
        for each in document.get("problems", [])
    ]


def read(path: str) -> Document:
    """Return the document. A run that ended before it could write one leaves an empty file."""
    text = Path(path).read_text(encoding="utf-8")
    return json.loads(text) if text.strip() else {}  # type: ignore[no-any-return]  # any document is shown


if __name__ == "__main__":
    sys.stdout.write(f"{json.dumps(quality(read(sys.argv[1])), indent=2)}\n")
