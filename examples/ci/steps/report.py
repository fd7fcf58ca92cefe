"""Reports for people who review a change, from gupshupctl's JSON documents: Markdown, warnings, code quality.

    python3 report.py markdown plan.json CODE    # or apply.json
    python3 report.py warnings plan.json         # workflow commands of GitHub
    python3 report.py quality problems.json      # of `validate -o json`, for GitLab

Names and messages may come from anybody, so they are never markup, a mention, a link or a command here. Phone
numbers are masked, and long texts are cut. This script needs Python 3.9 and nothing else.
"""

import hashlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MOST_LINES = 200
LONGEST_TEXT = 300
WARNINGS = 10  # of one kind; GitHub shows no more
SEVERITIES = {"error": "major", "warning": "minor", "hint": "info"}  # gupshupctl's, and GitLab's
_PHONE = re.compile(r"(?<![\w-])(\d{2})\d{2,9}(\d{4})(?![\w-])")
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_MARKUP = re.compile(r"[^\w \-.,:;/'+=]")
_CODES = {
    0: "Done, or nothing to do.",
    1: "The run ended with an error; the log shows it.",
    2: "Gupshup is not as declared.",
    3: "The manifests are invalid.",
    4: "A guard holds changes. Check them; the digest allows exactly these.",
    5: "Something failed, or is blocked.",
    6: "Gupshup was still converging when the time was over.",
    7: "Gupshup refused the credentials.",
    8: "Another process is writing.",
}

Document = dict[str, Any]


def masked(text: str) -> str:
    """Return *text* on one line, cut, and with phone numbers masked."""
    plain = _PHONE.sub(lambda found: f"{found[1]}******{found[2]}", _INVISIBLE.sub(" ", text))
    return plain if len(plain) <= LONGEST_TEXT else plain[: LONGEST_TEXT - 1] + "…"


def inert(text: str) -> str:
    """Return *text* so that Markdown shows it as plain text."""
    kept = _MARKUP.sub(lambda found: f"&#{ord(found[0])};", masked(text))
    return kept.replace("&#64;", "&#64;\u200b").replace("://", ":\u200b//")


def named(entry: Document) -> str:
    """Return what an entry is about."""
    app = entry.get("app", "")
    on = f" on App/{app}" if app and entry["kind"] != "App" else ""
    return f"{entry['kind']}/{entry['name']}{on}"


def rows(document: Document) -> Iterator[tuple[str, str, str]]:
    """Yield each entry: the verb, the resource, and a message. Entries that are stuck come first."""
    for entry in document.get("blocked", []):
        yield "blocked", named(entry), f"{entry['reason']}: {entry['message']}"
    for entry in document.get("held", []):
        yield "held", named(entry), f"{entry['verb']}, by {entry['guard']}"
    for entry in document.get("results", []):
        yield entry["verb"], named(entry), " ".join(filter(None, [entry["outcome"], entry["message"]]))
    for entry in document.get("actions", []):
        yield entry["verb"], named(entry), ", ".join(sorted(entry["fields"]))
    for entry in document.get("waiting", []):
        yield "waiting", named(entry), f"{entry['verb']}, for {entry['for']}"


def markdown(document: Document, code: int) -> Iterator[str]:
    """Yield the lines of a summary: how the run ended, the counts, and a table."""
    yield f"### Gupshup: {_CODES.get(code, 'The run ended early.')}"
    yield ""
    counted = [f"{count} {word}" for word, count in document.get("summary", {}).items() if count]
    if counted:
        yield inert(", ".join(counted))
        yield ""
    for error in document.get("errors", []):
        yield f"* partner {inert(error['partner'])}: {inert(error['message'])}"
    if document.get("heldDigest"):
        yield f"* to allow what is held: `--release {inert(document['heldDigest'])}`"
    table = list(rows(document))
    if table:
        yield from ["", "| | what | |", "|---|---|---|"]
    yield from (f"| {' | '.join(inert(cell) for cell in row)} |" for row in table[:MOST_LINES])
    if len(table) > MOST_LINES:
        yield from ["", f"… and {len(table) - MOST_LINES} more; `gupshupctl plan` lists them."]


def escaped(text: str) -> str:
    """Return *text* escaped for a workflow command."""
    return masked(text).replace("%", "%25")


def warnings(document: Document) -> Iterator[str]:
    """Yield a warning for each thing that is stuck."""
    stuck = [row for row in rows(document) if row[0] in {"blocked", "held"}]
    for verb, what, why in stuck[:WARNINGS]:
        yield f"::warning title=Gupshup {verb}::{escaped(what)}: {escaped(why)}"


def quality(document: Document) -> list[Document]:
    """Return the problems of `validate` as GitLab's code quality report."""
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


def main(form: str, path: str, code: str = "0") -> None:
    """Print *path* in a form."""
    document = read(path)
    if form == "quality":
        lines = iter([json.dumps(quality(document), indent=2)])
    else:
        lines = markdown(document, int(code)) if form == "markdown" else warnings(document)
    sys.stdout.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    main(*sys.argv[1:])
