"""Manifests: bytes of files come in, what they declare goes out, or every problem at once."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from controller.core.decode.files import read
from controller.core.decode.rules import problem
from controller.core.decode.tree import collect, desired
from controller.core.decode.validate import Validator
from controller.model.problem import UNLISTED, Place, Problem, Severity
from controller.model.source import Decoded, Rules, Schemas, SourceFile

__all__ = ["decode", "strict"]

MOST_A_FILE = 50
MOST_IN_ALL = 1_000
_SOURCE = Place("(source)")


def decode(
    files: Sequence[SourceFile],
    schemas: Schemas,
    rules: Rules,
    *,
    revision: str = "",
    complete: bool = True,
    unread: Sequence[Problem] = (),
) -> Decoded:
    """Return what *files* declare, or all of their problems, sorted by place; never raises for any bytes.

    *complete* is False where single files were named: then an empty one is an error, and what is missing says
    nothing. *unread* are problems of reading them: with an error among those, nothing is declared either.
    """
    documents, problems, whole = read(files, Validator(schemas))
    if not files and not _errors(unread):
        problems.append(
            problem("GS701", _SOURCE, "", "there are no *.yaml or *.yml files, so nothing is declared")
        )
    if not complete:
        problems = [_graver(one) for one in problems]
    tree = collect(documents, rules, whole=whole)
    problems = _once([*unread, *problems, *tree.problems])
    errors = _errors(problems)
    return Decoded(
        None if errors else desired(tree, revision, complete=complete),
        _few(problems),
        subscriptions=len(tree.subscriptions),
        errors=errors,
        warnings=sum(one.rule != UNLISTED for one in problems) - errors,
    )


def strict(decoded: Decoded) -> Decoded:
    """Return the same, every warning taken for an error."""
    problems = tuple(replace(one, severity=Severity.ERROR) for one in decoded.problems)
    wanted = None if problems else decoded.desired
    return replace(
        decoded, desired=wanted, problems=problems, errors=decoded.errors + decoded.warnings, warnings=0
    )


def _errors(problems: Iterable[Problem]) -> int:
    return sum(one.severity is Severity.ERROR for one in problems)


def _graver(one: Problem) -> Problem:
    return replace(one, severity=Severity.ERROR) if one.rule == "GS100" else one


def _once(problems: Iterable[Problem]) -> list[Problem]:
    """Sort, and keep one a rule, place and field: a selector finds the same one for each of its apps."""
    found: dict[tuple[Place, str, str], Problem] = {}
    for one in problems:
        found.setdefault((one.place, one.rule, one.field), one)
    return [found[key] for key in sorted(found)]


def _few(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Keep what a person can read, the gravest, and say how many more there are."""
    files = [(path, list(group)) for path, group in groupby(problems, key=lambda one: one.place.file)]
    kept = [one for _, each in files for one in _gravest(each, MOST_A_FILE)]
    if len(kept) > MOST_IN_ALL:
        kept = _gravest(kept, MOST_IN_ALL)
        return (*kept, *_more(len(problems) - MOST_IN_ALL, _SOURCE))
    return tuple(
        one
        for path, each in files
        for one in (*_gravest(each, MOST_A_FILE), *_more(len(each) - MOST_A_FILE, Place(path)))
    )


def _gravest(problems: list[Problem], most: int) -> list[Problem]:
    """Return at most so many, in their order: that not all was read, then errors, then warnings."""
    first = sorted(problems, key=lambda one: (one.rule != UNLISTED, one.severity is Severity.WARNING))
    return sorted(first[:most], key=lambda one: (one.place, one.rule, one.field))


def _more(count: int, place: Place) -> Iterator[Problem]:
    """Yield a problem that tells of *count* others, if there are any."""
    if count > 0:
        verb = "problem is" if count == 1 else "problems are"
        message = f"{count:,} more {verb} not listed; correct the listed ones and validate again"
        yield problem(UNLISTED, place, "", message)
