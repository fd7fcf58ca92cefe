"""One issue for each thing that is not as declared: opened, kept up to date, and closed in the end.

    python3 issues.py CODE      reads plan.json, of a plan that ended with CODE

Nothing is closed unless every partner was observed. Issues that this account did not open are left alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api import ApiError
from host import this_host
from outputs import document
from plain import inert

if TYPE_CHECKING:
    from collections.abc import Iterator

    from host import Host, Text

Row = dict[str, Any]
LOOKED = {0, 2, 4, 5}
MOST_NEW = 50
"""Issues that one run opens. An account whose webhooks are all gone needs no thousand of them."""
_MARKER = re.compile(r"<!-- gupshup-drift (?P<thing>[0-9a-f]{16}) (?P<app>[0-9a-f]{16}) -->\n")


def short(*words: str) -> str:
    """Return a name for *words* that nothing in them can end or forge."""
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()[:16]


def thing_of(row: Row) -> str:
    """Return the name of what a row is about: its partner, its kind, its app and itself."""
    return short(row["partner"], row["kind"], row["app"], row["name"])


def app_of(row: Row) -> str:
    """Return the name of the app that a row belongs to."""
    return short(row["partner"], row["app"])


def named(row: Row) -> str:
    """Return what a row is about, for people."""
    on = f" on App/{row['app']}" if row["app"] and row["kind"] != "App" else ""
    return f"{row['kind']}/{row['name']}{on}"


def lines_of(kind: str, row: Row) -> Iterator[str]:
    """Yield what is to be done, why it is not, and each value that differs."""
    verb = row.get("verb", "")
    why = {"held": row.get("guard"), "blocked": row.get("reason")}.get(kind)
    said = [f"{kind}: {why}" if why else "", row.get("message", "")]
    yield f"* **{inert(verb or kind)}** {inert(', '.join(each for each in said if each))}".rstrip()
    before, after = row.get("before") or {}, row.get("after") or {}
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old != new and after:
            yield f"  * {inert(name)}: {value(old)} → {value(new)}"


def value(found: object) -> str:
    """Return a value for people."""
    if found is None:
        return "nothing that can be read"
    text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
    return f"<code>{inert(text)}</code>"


def wanted(plan: Row) -> dict[str, tuple[str, str]]:
    """Return the title and the text of each issue. They name no time, so that only a change is an update."""
    rows: dict[str, list[tuple[str, Row]]] = {}
    for kind in ("actions", "held", "blocked"):
        for row in plan.get(kind, []):
            rows.setdefault(thing_of(row), []).append((kind, row))
    found = {}
    for thing, entries in rows.items():
        first = entries[0][1]
        lines = [line for kind, row in entries for line in lines_of(kind.rstrip("s"), row)]
        text = "\n".join(
            [
                f"<!-- gupshup-drift {thing} {app_of(first)} -->",
                f"{inert(named(first))} is not as declared at Gupshup.",
                "",
                *lines,
                "",
                "This issue is closed when a later check finds it as declared.",
            ]
        )
        found[thing] = (f"Gupshup drift: {named(first)}", f"{text}\n")
    return found


def ours(host: Host, label: str) -> dict[str, list[Text]]:
    """Return the open issues of this script, by what they are about."""
    found: dict[str, list[Text]] = {}
    for each in host.issues(label):
        marker = _MARKER.match(each.body.replace("\r\n", "\n"))
        if marker and each.ours:
            found.setdefault(marker["thing"], []).append(each)
    return found


def open_or_write(host: Host, thing: str, text: tuple[str, str], there: list[Text], label: str) -> str:
    """Let one issue say *text*, and return what was done. It looks again after an unclear answer."""
    title, body = text
    if there:
        if there[0].body.split() == body.split():
            return "stays"
        host.write_issue(there[0].number, body)
        return "is updated"
    try:
        host.open_issue(title, body, label)
    except ApiError as error:
        if not error.unclear:
            raise
        if thing not in ours(host, label):
            host.open_issue(title, body, label)
    return "is opened"


def agree(host: Host, plan: Row, label: str) -> Iterator[str]:
    """Let the open issues be those of what is not as declared, and yield what was done."""
    texts, there = wanted(plan), ours(host, label)
    new = sorted(set(texts) - set(there))
    for thing in sorted(set(texts) - set(new[MOST_NEW:])):
        done = open_or_write(host, thing, texts[thing], there.get(thing, []), label)
        yield f"{texts[thing][0]}: the issue {done}."
    if new[MOST_NEW:]:
        yield f"{len(new) - MOST_NEW} more have no issue yet: one run opens {MOST_NEW}."
    unknown = {app_of(each) for each in (*plan.get("waiting", []), *plan.get("unverifiable", []))}
    for thing, issues in sorted(there.items()):
        app = _MARKER.match(issues[0].body.replace("\r\n", "\n"))
        for each in issues[1:] if thing in texts else issues:
            if thing in texts or (app and app["app"] not in unknown):
                host.close_issue(each.number, "This is as declared again.")
                yield f"Issue {each.number} is closed."


def main(code: int) -> int:
    """Return 1 if the issues cannot be read or written."""
    try:
        plan = document(Path("plan.json"))
        if code not in LOOKED or not plan or plan.get("errors") or plan.get("refused"):
            print("Gupshup was not observed completely, so no issue is opened or closed.")
            return 0
        for line in agree(this_host(), plan, os.environ.get("GUPSHUP_LABEL") or "gupshup-drift"):
            print(line)
    except (ApiError, KeyError) as error:
        print(f"Error: the issues are not up to date: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
