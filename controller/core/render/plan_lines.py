"""Lines for a person: each entry as a sign, a verb, the item and why, and below it the values."""

from collections.abc import Iterable, Iterator

from controller.core.render.entries.entry import Entry, result_entry
from controller.core.render.entries.parts import Part
from controller.core.render.entries.phones import MASKED
from controller.core.render.entries.view import View
from controller.core.render.explanations import more_about
from controller.core.render.wrapping import wrapped, wrapped_command
from controller.model.plan import PartnerWarning, Result
from controller.model.text import escape

_COLOURS = {"+": 32, "~": 33, "-": 31, "!": 31, "⏸": 35, "…": 2, "✓": 32}
"""Of each sign: green for what is made, yellow for changes, red for removals and failures, dim for waits."""

_HANGING, _VALUES = 17, 8
"""Columns at which an item stands, and its values."""

_MINUTE, _HOUR = 60, 3600


def lines_of_parts(parts: Iterable[Part], view: View) -> Iterator[str]:
    for part in parts:
        yield f"{part.heading}:"
        for entry in part.entries:
            yield from entry_lines(entry, view)


def entry_lines(entry: Entry, view: View) -> Iterator[str]:
    first, *rest = wrapped(_line(entry), view.width, _HANGING)
    yield _coloured(first, entry) if view.coloured else first
    yield from rest
    for value in entry.values:
        yield from wrapped(f"{' ' * _VALUES}{escape(value)}", view.width, _VALUES + 2)


def of_result(each: Result) -> str:
    return _line(result_entry(each, MASKED))


def held_lines(digests: str | None, view: View) -> Iterator[str]:
    """Yield the command that releases what a guard holds, if it holds anything."""
    if digests:
        yield from wrapped("Held by a guard. To let exactly this through:", view.width, 2)
        yield from wrapped_command(f"  {escape(view.release(digests))}", view.width, 4)


def explain_lines(reasons: Iterable[str], view: View) -> Iterator[str]:
    """Yield, for a terminal, the command that explains the first of *reasons*."""
    if view.width is not None and (line := more_about(reasons)):
        yield from wrapped(line, view.width, 2)


def revision_lines(revision: str, view: View) -> list[str]:
    return wrapped(f"Revision {escape(revision)}", view.width, 2)


def duration(seconds: float) -> str:
    """Return *seconds* as a person writes them."""
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"


def of_warning(partner: str, warning: PartnerWarning) -> str:
    return f"Warning: partner {escape(partner)}: {escape(warning.message)} ({warning.reason})"


def _line(entry: Entry) -> str:
    return f"  {entry.sign} {entry.word:<12} {escape(str(entry.item))}  {escape(entry.why)}".rstrip()


def _coloured(line: str, entry: Entry) -> str:
    head, colour = f"  {entry.sign} {entry.word}", _COLOURS.get(entry.sign)
    return line if colour is None else f"\x1b[{colour}m{head}\x1b[0m{line.removeprefix(head)}"
