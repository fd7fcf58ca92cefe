"""Explanations for people and for scripts: plain text of what core/explain holds as Markdown."""

import re
from collections.abc import Iterable, Iterator

from controller.core.explain import SECTIONS, explained
from controller.core.explain.explanation import Explanation, Section
from controller.core.render.wrapping import wrapped
from controller.core.status.state import ResourceState, state_of
from controller.model.plan import Kind
from controller.model.status import Status

_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_ONE_CELL = re.compile(r"`([^`]*)`")
_BESIDE = 12
"""Characters of the column on the left."""

Found = tuple[Section, Explanation]


def explanation_text(found: Iterable[Found], width: int | None) -> str:
    """Return each explanation as a few lines of at most *width* characters."""
    return "\n\n".join("\n".join(_lines(section, row, width)) for section, row in found)


def _lines(section: Section, row: Explanation, width: int | None) -> Iterator[str]:
    marked = f", {section.marked}: {row.mark}" if section.marked and not section.by_mark else ""
    yield f"{', '.join(section.words(row))} ({section.kind}{marked})"
    cells = {"Means": row.means, "Example": row.example, section.last.capitalize(): row.remedy}
    for name, cell in cells.items():
        yield from wrapped(f"  {name:<{_BESIDE}}{plain(cell)}", width, _BESIDE + 2)
    yield f"  {'See':<{_BESIDE}}docs/{section.place}"


def plain(markdown: str) -> str:
    """Return a cell without its links. If all of it is code, without the marks of code."""
    text = _LINK.sub(r"\1", markdown)
    code = _ONE_CELL.fullmatch(text)
    return code[1] if code else text


def explanation_fields(section: Section, row: Explanation) -> dict[str, str]:
    """Return one explanation as the fields of a JSON object."""
    marked = {section.marked: row.mark} if section.marked else {}
    cells = {"means": row.means, "example": row.example, "remedy": row.remedy}
    plain_cells = {name: plain(cell) for name, cell in cells.items()}
    return {"word": row.word, "kind": section.kind, **marked, **plain_cells, "page": f"docs/{section.place}"}


def more_about(reasons: Iterable[str]) -> str:
    """Return a line for a terminal: the command that explains the first of *reasons*; "" if there is none."""
    known = next((reason for reason in reasons if explained(reason)), None)
    return f"More about a reason: gupshupctl explain {known}" if known else ""


def reasons_of(statuses: Iterable[Status]) -> Iterator[str]:
    """Yield the reasons for which resources need a person, in the order of *statuses*."""
    for status in statuses:
        state, condition = state_of(status)
        if state is ResourceState.STALLED and condition is not None:
            yield condition.reason
        elif status.item.kind is Kind.PARTNER:
            yield from (each.reason for each in status.conditions if each.is_wrong)


def known_words_text(width: int | None) -> str:
    """Return all that can be explained: the words of each kind, each once."""
    words: dict[str, dict[str, None]] = {}
    for section in SECTIONS:
        for row in section.rows:
            words.setdefault(section.kind, {}).update(dict.fromkeys(section.words(row)))
    return "\n\n".join(
        "\n".join([f"{kind}s", *wrapped(f"  {', '.join(each)}", width, 2)]) for kind, each in words.items()
    )
