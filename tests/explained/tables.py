"""The tables of three pages in docs/, made from `controller.core.explain`. The rest is written by hand."""

import re
from pathlib import Path

from controller.core.explain import SECTIONS
from controller.core.explain.explanation import Explanation, Section

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted({section.place.partition("#")[0] for section in SECTIONS})
MARK = "<!-- `make tables` makes this table from controller/core/explain -->\n\n"
"""Stands above each of the tables."""

_MADE = re.compile(re.escape(MARK) + r"(?:\|.*\n)*")


def page(name: str, text: str) -> str:
    """Return *text*, a page of docs/, with its tables made anew."""
    tables = iter([table(section) for section in SECTIONS if section.place.startswith(f"{name}#")])
    return _MADE.sub(lambda _: MARK + next(tables), text)


def table(section: Section) -> str:
    marked = [section.marked] if section.marked else []
    heads = [section.kind, *marked, "means", "for example", section.last]
    rows = [heads, *(_cells(section, row) for row in section.rows)]
    head, *lines = (f"| {' | '.join(row)} |\n" for row in rows)
    return "".join([head, f"{'|---' * len(heads)}|\n", *lines])


def _cells(section: Section, row: Explanation) -> list[str]:
    codes = [word.removeprefix("exit ") for word in row.words]
    word = codes[0] if codes[0].isdigit() else ", ".join(f"`{each}`" for each in row.words)
    mark = [f"`{row.mark}`" if section.by_mark else row.mark] if section.marked else []
    cells = [word, *mark, row.means, row.example, row.remedy]
    return [cell.replace("|", "\\|") for cell in cells]
