"""Tables of entries in little room: the first rows are seen, more are folded, the rest is counted."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from controller.core.render.entries.entry import Entry
from controller.core.render.entries.parts import Part
from controller.core.render.markdown.escaping import code, inert

SEEN = 20
"""Rows of a part that are not folded."""

_HEAD = "| | item | |\n|---|---|---|"
_AROUND = 1_000
"""Characters that a part may need around its rows: heading, heads of two tables, counts."""

_JOIN = "&#160;"
"""Between a sign and its word, which stay on one line."""

_STUCK = frozenset({"!", "⏸"})


def tables(parts: Sequence[Part], room: int, *, partners: bool) -> Iterator[str]:
    """Yield paragraphs of *room* characters at most. *partners*: an item also shows its partner.

    What is stuck comes first in each part, and what is seen without unfolding comes first in the room.
    """
    each = [sorted(part.entries, key=lambda entry: entry.sign not in _STUCK) for part in parts]
    shown = _fitting(each, room - _AROUND * len(each), partners=partners)
    for part, entries, rows in zip(parts, each, shown, strict=True):
        yield f"#### {part.heading}"
        yield from _table(entries, rows)


def _table(entries: Sequence[Entry], rows: Sequence[str]) -> Iterator[str]:
    """Yield the *rows*, and how many *entries* have none."""
    if rows:
        yield "\n".join((_HEAD, *rows[:SEEN]))
    if folded := rows[SEEN:]:
        yield f"<details><summary>and {_counted(entries[SEEN : len(rows)])}</summary>"
        yield "\n".join((_HEAD, *folded))
        yield "</details>"
    if left := entries[len(rows) :]:
        yield f"… and {_counted(left)}, not shown here."


def _fitting(each: Sequence[Sequence[Entry]], room: int, *, partners: bool) -> Sequence[Sequence[str]]:
    """Return the rows of each part that fit."""
    rows: list[list[str]] = [[] for _ in each]
    seen = ((part, entry) for part, entries in enumerate(each) for entry in entries[:SEEN])
    folded = ((part, entry) for part, entries in enumerate(each) for entry in entries[SEEN:])
    for part, entry in chain(seen, folded):
        row = _row(entry, partners=partners)
        room -= len(row) + 1
        if room < 0:
            break
        rows[part].append(row)
    return rows


def _row(entry: Entry, *, partners: bool) -> str:
    where = f" (partner {entry.item.partner})" if partners and entry.item.kind != "Partner" else ""
    words = [inert(entry.why)] if entry.why else []
    cell = "<br>".join([*words, *map(code, entry.values)])
    return f"| {inert(entry.sign)}{_JOIN}{inert(entry.word)} | {code(f'{entry.item}{where}')} | {cell} |"


def _counted(entries: Iterable[Entry]) -> str:
    """Return how many *entries* there are of each kind: `812 more to link, 3 more waiting`."""
    kinds = Counter(f"to {each.word}" if each.sign in "+~-" else each.word for each in entries)
    return ", ".join(f"{count:,} more {kind}" for kind, count in kinds.items())
