"""Check of an import before anything is written: its files are valid, and a plan of them has nothing to do.

What fails the check is left out and named, so that `plan` after `import` never has a call to make.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby

from controller.core.decode import decode
from controller.core.importing.account import AccountRead, Key
from controller.core.importing.files import ImportedFiles, Surroundings, imported_files
from controller.core.planning.actions import item_of
from controller.core.planning.matched_app import app_item, match_apps
from controller.core.planning.plan import plan
from controller.model.manifest import Desired
from controller.model.plan import Item, Observed, SetCallback
from controller.model.problem import Problem, Severity
from controller.model.source import Rules, Schemas, SourceFile

_OTHERWISE = "Gupshup shows it otherwise than it would be declared"
_NOT_READ = "not read"
_BEHIND = "\U0010ffff/"
"""How the paths of new files begin while they are checked: behind all others.

Of two manifests with one name, the second is in the wrong: so it is never the one that was there before.
"""
_DEFAULT = (
    "the Partner's defaults give it a callbackUrl, which cannot be read, so that a plan would write it; "
    "remove the default, or declare the app by hand"
)

_NOT_THERE = re.compile(rf" at {_BEHIND}\S+ already")


class Unfit(Exception):
    """The source is not valid by itself, for the reasons of *problems*."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems


def checked_files(  # noqa: PLR0913  (all but the first two by keyword)
    accounts: Sequence[AccountRead],
    around: Surroundings,
    *,
    beside: Sequence[SourceFile],
    schemas: Schemas,
    rules: Rules,
    now: float,
    names: Collection[str] = (),
) -> ImportedFiles:
    """Return the files of an import that are valid together with *beside*, and that plan no call.

    Each round leaves out what failed, so that there is an end. Raises Unfit if *beside* alone is not valid.
    """
    excluded: dict[Key, str] = {}
    while True:
        files = imported_files(accounts, around, names, excluded)
        source = [*beside, *behind(files)]
        decoded = decode(source, schemas, rules)
        errors = tuple(one for one in decoded.problems if one.severity is Severity.ERROR)
        desired = decoded.desired
        failed = dict(invalid(files, errors) if desired is None else unsettled(files, desired, accounts, now))
        if not failed and errors:
            raise Unfit(errors)
        if not failed:
            return files
        excluded |= failed


def behind(files: ImportedFiles) -> list[SourceFile]:
    """Return the new files, behind every other one."""
    return [SourceFile(f"{_BEHIND}{path}", text.encode()) for path, text in files.texts.items()]


def invalid(files: ImportedFiles, errors: Sequence[Problem]) -> Iterator[tuple[Key, str]]:
    """Yield the new documents that *errors* are about."""
    for place, same in groupby(errors, key=lambda one: one.place):
        key = files.key_at(place.file.removeprefix(_BEHIND), place.line)
        if key is not None:
            first = next(same)
            yield key, rule_broken(first)


def rule_broken(problem: Problem) -> str:
    """Return the problem without its place, and without places in files that are not written yet."""
    message = _NOT_THERE.sub(", another one of this account", problem.message)
    return f"{problem.rule}: {problem.field} {message}".replace(":  ", ": ")


def unsettled(
    files: ImportedFiles, desired: Desired, accounts: Sequence[AccountRead], now: float
) -> Iterator[tuple[Key, str]]:
    """Yield what a plan would change, or could not match."""
    for account in accounts:
        partner = next(one for one in desired.partners if one.name == account.partner.name)
        unread = {app_item(app): _NOT_READ for app in desired.apps if app.callback_url is not None}
        observed = Observed(now, account.rows, account.facts, digests=unread)
        planned = plan(match_apps(desired, partner, observed))
        for action in planned.actions:
            why = _DEFAULT if isinstance(action, SetCallback) else _OTHERWISE
            yield from _named(files, item_of(action), why)
        for blocked in planned.blocked:
            yield from _named(files, blocked.item, f"{blocked.reason}: {blocked.message}")


def _named(files: ImportedFiles, item: Item, why: str) -> Iterator[tuple[Key, str]]:
    """Yield the document that declares *item*, if the import made it."""
    key = files.keys.get((item.kind, item.name))
    if key is not None:
        yield key, why
