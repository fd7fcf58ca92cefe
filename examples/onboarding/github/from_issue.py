"""The record for `gupshupctl new app --from` in an issue of onboard-form.yml. The issue is data only."""

import json
import sys
from pathlib import Path

FIELDS = {"Name": "name", "WABA id": "wabaId", "Phone": "phone", "Labels": "labels", "Partner": "partner"}
NEEDED = {"name", "wabaId", "phone"}
EMPTY = "_No response_"


def record(body: str) -> dict[str, str]:
    """Return the fields of an issue: GitHub writes each one below a heading of its label."""
    found: dict[str, str] = {}
    for section in f"\n{body}".replace("\r\n", "\n").split("\n### ")[1:]:
        label, _, text = section.partition("\n")
        if label.strip() in FIELDS and text.strip() not in {"", EMPTY}:
            found.setdefault(FIELDS[label.strip()], text.strip())
    return found


def main() -> int:
    issue = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["issue"]
    found = record(issue["body"] or "")
    if missing := sorted(NEEDED - set(found)):
        print(f"the issue lacks {', '.join(missing)}; open it with the form", file=sys.stderr)
        return 3
    print(json.dumps([found], ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
