"""Files of a source, read one after another into entries and problems."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from controller.core.decode import text
from controller.core.decode.document import Document
from controller.core.decode.rules import problem
from controller.core.decode.validate import Reading, Validator
from controller.model.problem import UNLISTED, Place, Problem, Severity
from controller.model.source import SourceFile

MOST_DOCUMENTS = 50_000
MOST_ERRORS = 2_000


FileMemo: TypeAlias = dict[tuple[str, bytes], Reading]
"""What was read of each file, by path and content: of a second revision, only what differs is read."""


class Read(NamedTuple):
    """The content of the files. *whole* is False if some document could not be understood."""

    documents: list[Document]
    problems: list[Problem]
    whole: bool


def read(
    files: Sequence[SourceFile],
    structure: Validator,
    most: int = MOST_DOCUMENTS,
    memo: FileMemo | None = None,
) -> Read:
    """Return the entries of all files, in the order of their paths.

    Reading ends beyond *most* documents, and beyond so many errors that a person would not read on. What
    *memo* has is not read again, and it gets the others.
    """
    documents: list[Document] = []
    problems: list[Problem] = []
    whole, errors = True, 0
    for file in sorted(files, key=lambda one: one.path):
        if end := _end(file.path, len(documents), errors, most):
            return Read(documents, [*problems, end], whole=False)
        reading = _read(file, structure, {} if memo is None else memo)
        documents += reading.documents
        problems += reading.problems
        errors += sum(one.severity is Severity.ERROR for one in reading.problems)
        whole = whole and reading.whole
    return Read(documents, problems, whole)


def _read(file: SourceFile, structure: Validator, memo: FileMemo) -> Reading:
    key = (file.path, file.data)
    if key not in memo:
        decoded, problems = text.read(file)
        reading = structure.read(file.path, decoded) if decoded is not None else Reading([], [], whole=False)
        memo[key] = replace(reading, problems=[*problems, *reading.problems])
    return memo[key]


def _end(path: str, documents: int, errors: int, most: int) -> Problem | None:
    """Return the problem that ends the reading before the file at *path*, or None."""
    if documents > most:
        message = f"more than {most:,} documents; this file and those behind it were not read"
        return problem("GS703", Place(path), "", message)
    if errors > MOST_ERRORS:
        return problem(UNLISTED, Place(path), "", "reading ended before this file; correct the others first")
    return None
