"""Decoder of manifests: the bytes of files become what they declare, or every problem at once."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from controller.core.decode.files import FileMemo, read
from controller.core.decode.lints import per_app, without_webhook
from controller.core.decode.rules import problem
from controller.core.decode.tree import ManifestTree, collect, desired
from controller.core.decode.validate import Validator
from controller.model.problem import UNLISTED, Place, Problem, Severity
from controller.model.source import Decoded, Rules, Schemas, SourceFile

__all__ = ["decode", "strict"]

MOST_A_FILE = 50
MOST_IN_ALL = 1_000
_SOURCE = Place("(source)")
_GRAVEST_FIRST = tuple(Severity)


def decode(  # noqa: PLR0913  (all but the first three by keyword)
    files: Sequence[SourceFile],
    schemas: Schemas,
    rules: Rules,
    *,
    revision: str = "",
    complete: bool = True,
    unread: Sequence[Problem] = (),
    memo: FileMemo | None = None,
) -> Decoded:
    """Return what *files* declare, or all of their problems, sorted by place. No bytes raise an error.

    *complete* is False if single files were named: an empty file is an error then, and a missing resource
    counts as unknown. *unread* are problems of reading files: after an error there, nothing is declared.
    *memo* holds what was read of files that another revision may share, and is filled.
    """
    documents, problems, whole = read(files, Validator(schemas), memo=memo)
    if not files and not _errors(unread):
        problems.append(
            problem("GS701", _SOURCE, "", "there are no *.yaml or *.yml files, so nothing is declared")
        )
    if not complete:
        problems = [_empty_as_error(one) for one in problems]
    tree = collect(documents, rules, whole=whole)
    problems = _unique([*unread, *problems, *tree.problems])
    errors = _errors(problems)
    if not errors:
        problems = _unique([*problems, *_hints(tree)])
    return Decoded(
        None if errors else desired(tree, revision, complete=complete),
        _shortened(problems),
        subscriptions=len(tree.subscriptions),
        errors=errors,
        warnings=sum(_is_warning(one) and one.rule != UNLISTED for one in problems),
    )


def _hints(tree: ManifestTree) -> Iterator[Problem]:
    """Yield the hints about a tree without errors. A selector that matches nothing is explained first."""
    yield from per_app.hints(tree.webhooks)
    if all(one.rule != "GS313" for one in tree.problems):
        yield from without_webhook.hints(tree.drafts, tree.webhooks, tree.subscriptions)


def strict(decoded: Decoded) -> Decoded:
    """Return *decoded* with every warning as an error. A hint stays a hint."""
    problems = tuple(
        replace(one, severity=Severity.ERROR) if _is_warning(one) else one for one in decoded.problems
    )
    wanted = None if _errors(problems) else decoded.desired
    return replace(
        decoded, desired=wanted, problems=problems, errors=decoded.errors + decoded.warnings, warnings=0
    )


def _errors(problems: Iterable[Problem]) -> int:
    return sum(one.severity is Severity.ERROR for one in problems)


def _is_warning(one: Problem) -> bool:
    return one.severity is Severity.WARNING


def _empty_as_error(one: Problem) -> Problem:
    return replace(one, severity=Severity.ERROR) if one.rule == "GS100" else one


def _unique(problems: Iterable[Problem]) -> list[Problem]:
    """Sort, and keep one problem per rule, place and field: a selector repeats it for each of its apps."""
    by_key: dict[tuple[Place, str, str], Problem] = {}
    for one in problems:
        by_key.setdefault((one.place, one.rule, one.field), one)
    return [by_key[key] for key in sorted(by_key)]


def _shortened(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Return the gravest, as many as a person can read, and the number of the others."""
    files = [(path, list(group)) for path, group in groupby(problems, key=lambda one: one.place.file)]
    kept = [one for _, in_file in files for one in _gravest(in_file, MOST_A_FILE)]
    if len(kept) > MOST_IN_ALL:
        kept = _gravest(kept, MOST_IN_ALL)
        return (*kept, *_more(len(problems) - MOST_IN_ALL, _SOURCE))
    return tuple(
        one
        for path, in_file in files
        for one in (*_gravest(in_file, MOST_A_FILE), *_more(len(in_file) - MOST_A_FILE, Place(path)))
    )


def _gravest(problems: list[Problem], most: int) -> list[Problem]:
    """Return the *most* gravest, sorted by place: first that more exist, then errors, warnings and hints."""
    ranked = sorted(problems, key=lambda one: (one.rule != UNLISTED, _GRAVEST_FIRST.index(one.severity)))
    return sorted(ranked[:most], key=lambda one: (one.place, one.rule, one.field))


def _more(count: int, place: Place) -> Iterator[Problem]:
    """Yield the problem that *count* others are not listed, if there are any."""
    if count > 0:
        verb = "problem is" if count == 1 else "problems are"
        message = f"{count:,} more {verb} not listed; correct the listed ones and validate again"
        yield problem(UNLISTED, place, "", message)
