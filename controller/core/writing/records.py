"""Records of a table: CSV, JSON or JSON Lines becomes fields by name, each record with its line."""

import csv
import json
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from io import StringIO
from typing import TypeAlias

from controller.core.closest import closest
from controller.core.decode.quoting import shown
from controller.core.decode.rules import problem
from controller.model.problem import Place, Problem

MOST = 10_000
"""Records of one table: no source holds more files."""

COLUMNS = ("name", "wabaId", "phone", "labels", "partner")
REQUIRED = COLUMNS[:3]

_HEADER = f"the first line must name the columns: {','.join(COLUMNS)}"
_SEPARATORS = ",;\t"
"""What spreadsheets write between values, by their language."""

_LINE = re.compile(r"\s*\{.*\}[ \t\r]*(?:\n|\Z)")
"""A first line that is an object by itself: JSON Lines, whatever the name is."""

_SPACE = re.compile(r"[ \t\r\n]*")

Fields: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its *fields* are texts in CSV, and any value in JSON."""

    fields: Fields
    place: Place


@dataclass(slots=True)
class Table:
    """The records that could be read, and the problems of the others."""

    records: list[Record] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


class _Twice(ValueError):
    """A key that stands twice in one object."""


def read_table(data: bytes, name: str) -> Table:
    """Return the records of a file called *name*. Its ending tells the form, else its first character does.

    Reading goes on behind a record that is wrong, if it is known where the next one begins.
    """
    table = Table()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        table.problems.append(problem("GS115", Place(name, line), "", "is not UTF-8; save it as CSV UTF-8"))
        return table
    if name.endswith(".jsonl") or _LINE.match(text):
        _read_lines(text, name, table)
    elif name.endswith(".json") or text.lstrip()[:1] in ("[", "{"):
        _read_json(text, name, table)
    else:
        _read_csv(text, name, table)
    if len(table.records) > MOST:
        place = table.records[MOST].place
        table.problems.append(problem("GS703", place, "", f"more than {MOST:,} records; split the table"))
        del table.records[MOST:]
    return table


def _read_csv(text: str, name: str, table: Table) -> None:
    """Read rows of values. If the first one is no header, the others mean nothing, and none is read."""
    separator = _separator(text)
    rows = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    columns: list[str] = []
    line = 1
    try:
        for row in rows:
            place, line = Place(name, line), rows.line_num + 1
            if not any(cell.strip() for cell in row):
                continue
            if columns:
                _add_row(columns, row, place, table, separator)
                continue
            columns = [cell.strip() for cell in row]
            table.problems += _misfits(columns, place)
            if table.problems:
                return
    except csv.Error as error:
        message = f"cannot be read as CSV: {error} (is a quote not closed?)"
        table.problems.append(problem("GS205", Place(name, line), "", message))
    if not columns and not table.problems:
        table.problems.append(problem("GS303", Place(name), "", _HEADER))


def _separator(text: str) -> str:
    """Return what separates the columns of the header."""
    header = re.split(r"[\r\n]", text.lstrip(), maxsplit=1)[0]
    return max(_SEPARATORS, key=header.count)


def _misfits(columns: Sequence[str], place: Place) -> Iterator[Problem]:
    """Yield what is wrong with the names of columns. A column without a name may be there, and be empty."""
    names = sorted({column for column in columns if column})
    unknown = [column for column in names if column not in COLUMNS]
    if unknown == names:
        yield problem("GS303", place, "", _HEADER)
        return
    for column in (column for column in names if columns.count(column) > 1):
        yield problem("GS105", place, "", f"the column {shown(column)} stands here twice")
    for column in unknown:
        message = f"the column {shown(column)} is not known; known: {', '.join(COLUMNS)}"
        yield problem("GS301", place, "", message, closest(column, COLUMNS))
    for column in (column for column in REQUIRED if column not in names and not unknown):
        yield problem("GS303", place, column, "the table has no such column")


def _add_row(columns: Sequence[str], row: Sequence[str], place: Place, table: Table, separator: str) -> None:
    if any(cell.strip() for cell in row[len(columns) :]):
        message = (
            f"{len(row)} values, and there are {len(columns)} columns; "
            f"quote a value that holds {shown(separator)}"
        )
        table.problems.append(problem("GS301", place, "", message))
        return
    cells = ((column, cell.strip()) for column, cell in zip(columns, row, strict=False))
    table.records.append(Record({column: cell for column, cell in cells if cell}, place))


def _read_lines(text: str, name: str, table: Table) -> None:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            _read_object(line.rstrip(), 0, Place(name, number), table, whole=True)


def _read_json(text: str, name: str, table: Table) -> None:
    """Read a list of objects, or one object."""
    ends = [found.start() for found in re.finditer("\n", text)]

    def place(at: int) -> Place:
        line = bisect_left(ends, at)
        return Place(name, line + 1, at - (ends[line - 1] if line else -1))

    if not text.strip():
        table.problems.append(problem("GS205", Place(name), "", "is empty; [] is a table without records"))
        return
    is_list = text.lstrip().startswith("[")
    at = _space(text, 0) + is_list
    while (at := _space(text, at)) < len(text) and text[at] != "]":
        end = _read_object(text, at, place(at), table)
        if end is None:
            return
        at = _space(text, end)
        if is_list and text[at : at + 1] not in (",", "]"):
            table.problems.append(problem("GS205", place(at), "", "',' or ']' must stand here"))
            return
        at += is_list and text[at] == ","
    if is_list != text.startswith("]", at) or _space(text, at + is_list) < len(text):
        table.problems.append(problem("GS205", place(at), "", "the list has no end, or two"))


def _read_object(text: str, at: int, place: Place, table: Table, *, whole: bool = False) -> int | None:
    """Add the object at *at*, and return its end; None if its end is not known.

    *whole*: nothing may stand behind it.
    """
    try:
        value, end = _JSON.raw_decode(text, _space(text, at))
    except _Twice as error:
        table.problems.append(problem("GS105", place, "", str(error)))
        return None
    except (ValueError, RecursionError) as error:
        why = error.msg if isinstance(error, json.JSONDecodeError) else "too deep or too long"
        column = error.colno if isinstance(error, json.JSONDecodeError) and whole else place.column
        spot = Place(place.file, place.line, column)
        table.problems.append(problem("GS205", spot, "", f"cannot be read as JSON: {why}"))
        return None
    if not isinstance(value, dict) or (whole and end < len(text)):
        message = f"must be one JSON object with the fields of a record; found {shown(value)}"
        table.problems.append(problem("GS205", place, "", message))
    else:
        table.records.append(Record({key: each for key, each in value.items() if each is not None}, place))
    return end


def _object(pairs: Iterable[tuple[str, object]]) -> Fields:
    found: Fields = {}
    for key, value in pairs:
        if key in found:
            raise _Twice(f"the key {shown(key)} stands in it twice")
        found[key] = value
    return found


_JSON = json.JSONDecoder(object_pairs_hook=_object)


def _space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
