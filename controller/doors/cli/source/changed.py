"""The change that a plan is about: the manifests now, against those of an earlier commit."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import click

from controller.core.decode.files import FileMemo
from controller.core.planning.changes.changed import changed, everything
from controller.core.planning.changes.renames import renames
from controller.doors.cli.options.since import NONE, Since
from controller.doors.cli.source.load import Loaded, decode_source
from controller.edges.source.git import Baseline, baseline
from controller.errors import ControllerError
from controller.model.plan import Item, Kind
from controller.model.source import SourceFile

MOST_NAMED = 10
"""Removed or renamed apps that are named; of more, only their number is shown."""


@dataclass(frozen=True, slots=True)
class SourceChange:
    """The items that were *touched* since *commit*, where *ref* and HEAD have parted.

    *partly*: only those of a selection are left.
    """

    ref: str
    commit: str
    touched: frozenset[Item]
    partly: bool = False

    def selected(self, items: frozenset[Item] | None) -> "SourceChange":
        """Return what the change touches of *items*, None for everything."""
        return self if items is None else replace(self, touched=self.touched & items, partly=True)

    @property
    def document(self) -> dict[str, str]:
        return {"ref": self.ref, "commit": self.commit}

    def __str__(self) -> str:
        what = {0: "nothing", 1: "1 item"}.get(len(self.touched), f"{len(self.touched)} items")
        of = " of the selection" if self.partly else ""
        return f"Since {self.ref} ({self.commit[:12]}), this change touches {what}{of}."


async def change_since(
    since: Since, paths: Sequence[str], loaded: Loaded, memo: FileMemo
) -> SourceChange | None:
    """Return what *loaded* changes, and print on stderr what a person should know of the comparison.

    If CI named the revision and there is nothing to compare with, return None: everything is planned, and a
    line shows why. Otherwise this raises SourceError or Usage. *memo* is that of *loaded*.
    """
    search = os.environ.get("PATH", os.defpath)
    try:
        before = await baseline(paths, since.ref, loaded.source, search=search)
    except ControllerError as error:
        if not since.variable:
            raise
        _note(f"everything is planned, because {since.variable} names a revision without a use: {error}")
        return None
    if since.variable:
        _note(f"--since {since.ref}, because {since.variable} is set; `--since {NONE}` plans everything")
    found = SourceChange(since.ref, before.commit, _touched(before, loaded, memo))
    _note_removed(found, loaded)
    return found


def _touched(before: Baseline, loaded: Loaded, memo: FileMemo) -> frozenset[Item]:
    """Return the items that the change touches. What only has another name now is named on stderr."""
    if _contents(before.source.files) == _contents(loaded.source.files):
        return frozenset()
    decoded = decode_source(before.source, loaded.rules, memo)
    if decoded.desired is not None:
        _note_renamed(renames(decoded.desired, loaded.desired))
        return changed(decoded.desired, loaded.desired)
    count = f"{decoded.errors} error{'s' if decoded.errors > 1 else ''}"
    _note(f"everything counts as changed: the manifests of commit {before.commit[:12]} have {count}")
    return everything(loaded.desired)


def _contents(files: Iterable[SourceFile]) -> list[bytes]:
    return sorted(file.data for file in files)


def _note_removed(change: SourceChange, loaded: Loaded) -> None:
    declared = {app.name for app in loaded.desired.apps}
    gone = sorted({i.name for i in change.touched if i.kind is Kind.APP and i.name not in declared})
    if gone:
        names = _named([f"App/{name}" for name in gone])
        _note(f"no longer declared: {names}; apps are never deleted, and stay as they are at Gupshup")


def _note_renamed(names: Mapping[str, str]) -> None:
    if names:
        told = _named([f"App/{was} is App/{name} now" for was, name in sorted(names.items())])
        _note(f"renamed: {told}; another name alone changes nothing at Gupshup")


def _named(each: Sequence[str]) -> str:
    more = f" and {len(each) - MOST_NAMED} more" if each[MOST_NAMED:] else ""
    return ", ".join(each[:MOST_NAMED]) + more


def _note(message: str) -> None:
    click.echo(f"Note: {message}", err=True)
