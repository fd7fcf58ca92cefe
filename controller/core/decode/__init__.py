"""Manifests: bytes of files come in, what they declare goes out, or every problem at once."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from controller.core.decode.fleet import desired, muster
from controller.core.decode.reading import read
from controller.core.decode.rules import problem
from controller.core.decode.structure import Structure
from controller.model.problem import Place, Problem, Severity
from controller.model.source import Decoded, Rules, Schemas, SourceFile

__all__ = ["decode", "strict"]

MOST_A_FILE = 50
MOST_IN_ALL = 1_000
_SOURCE = Place("(source)")


def decode(
    files: Sequence[SourceFile], schemas: Schemas, rules: Rules, *, revision: str = "", complete: bool = True
) -> Decoded:
    """Return what *files* declare, or all of their problems, sorted by place; never raises for any bytes.

    *complete* is False where single files were named: then an empty one is an error, and what is missing says
    nothing.
    """
    entries, problems, whole = read(files, Structure(schemas))
    if not files:
        problems.append(
            problem("GS701", _SOURCE, "", "there are no *.yaml or *.yml files, so nothing is declared")
        )
    if not complete:
        problems = [_graver(one) for one in problems]
    fleet = muster(entries, rules, whole=whole)
    problems = _once(problems + fleet.problems)
    told = _few(problems)
    broken = any(one.severity is Severity.ERROR for one in problems)
    return Decoded(
        None if broken else desired(fleet, revision, complete=complete),
        told,
        subscriptions=len(fleet.subscriptions),
        unlisted=_unlisted(problems, told),
    )


def strict(decoded: Decoded) -> Decoded:
    """Return the same, every warning taken for an error."""
    problems = tuple(replace(one, severity=Severity.ERROR) for one in decoded.problems)
    return replace(decoded, desired=None if problems else decoded.desired, problems=problems)


def _unlisted(problems: Sequence[Problem], told: Sequence[Problem]) -> int:
    """Return how many errors are not among those that are told."""
    before, after = (sum(one.severity is Severity.ERROR for one in some) for some in (problems, told))
    return before - after


def _graver(one: Problem) -> Problem:
    return replace(one, severity=Severity.ERROR) if one.rule == "GS100" else one


def _once(problems: Iterable[Problem]) -> list[Problem]:
    """Sort, and keep one a rule, place and field: a selector finds the same one for each of its apps."""
    found: dict[tuple[Place, str, str], Problem] = {}
    for one in problems:
        found.setdefault((one.place, one.rule, one.field), one)
    return [found[key] for key in sorted(found)]


def _few(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Keep what a person can read, errors first, and say how many more there are."""
    kept: list[Problem] = []
    for path, group in groupby(problems, key=lambda one: one.place.file):
        kept += _cut(list(group), MOST_A_FILE, Place(path))
    return tuple(_cut(kept, MOST_IN_ALL, _SOURCE))


def _cut(problems: list[Problem], most: int, place: Place) -> list[Problem]:
    if len(problems) <= most:
        return problems
    graver_first = sorted(problems, key=lambda one: (one.severity is not Severity.ERROR, one.place, one.rule))
    count = len(problems) - most
    verb = "problem is" if count == 1 else "problems are"
    message = f"{count:,} more {verb} not listed; correct the listed ones and validate again"
    more = problem("GS120", place, "", message)
    return [*sorted(graver_first[:most], key=lambda one: (one.place, one.rule, one.field)), more]
