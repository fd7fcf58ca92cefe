"""The patch of `import --patch`: on stdout for `git apply`, with what is left out on stderr."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import click

from controller.core.importing.check import Unfit
from controller.core.importing.differences import AccountsRead
from controller.core.importing.patch import patch_of
from controller.core.importing.patch_check import ManifestPatch
from controller.core.writing.git_patch import FileChange, patch_text
from controller.core.writing.whole import WholeSource
from controller.doors.cli.exits import CHANGES, FAILED, OK
from controller.doors.cli.manifests.importing.reading import Around
from controller.doors.cli.manifests.importing.report import counted, subject
from controller.edges.source import schemas
from controller.edges.streams import print_bytes
from controller.errors import ControllerError, ManifestError
from controller.model.source import SourceFile
from controller.model.text import escape


def refuse_elsewhere(around: Around, folder: Path) -> None:
    """Raise ControllerError if a patch that is applied here could not name some file of it."""
    for path in (str(folder), *(file.path for file in around.source.files)):
        if Path(os.path.relpath(path)).parts[:1] == (os.pardir,):
            raise ControllerError(
                f"{path} is not below this folder, as a patch needs it; run this in a folder above it"
            )


def print_patch(around: Around, reading: AccountsRead, folder: Path) -> int:
    """Print the patch of what is declared, with new files below *folder*, and return the exit code."""
    surroundings = replace(around.surroundings, new_partner=None)
    whole = WholeSource(around.source, schemas.load(), around.rules)
    try:
        patch = patch_of(reading, surroundings, whole, [*_linked(around.source.files)])
    except Unfit as unfit:
        raise ManifestError(unfit.problems) from None
    changes = [*_changes(patch.changed), *_new(patch.new.texts, folder)]
    print_bytes(patch_text(changes).encode())
    left = _print_left(patch)
    click.echo(
        f"{counted(len(patch.changed), 'file')} changed, {len(patch.new.texts)} new, {left} left out.",
        err=True,
    )
    return FAILED if left else CHANGES if changes else OK


def _print_left(patch: ManifestPatch) -> int:
    """Name all that differs and is in no patch, and return how many of them are left out."""
    for one in patch.left:
        sign = "not at Gupshup" if one.absent else "! left out"
        why = "" if one.absent else f": {one.why}"
        click.echo(escape(f"{sign}  {one.place}: {one.subject}{why}"), err=True)
    for each in patch.left_out:
        click.echo(escape(f"! left out  {subject(each)}: {each.why}"), err=True)
    return len(patch.left_out) + sum(not one.absent for one in patch.left)


def _changes(changed: Mapping[str, tuple[str, str]]) -> Iterator[FileChange]:
    for path, (before, after) in changed.items():
        yield FileChange(os.fsencode(os.path.relpath(path)), before, after)


def _new(texts: Mapping[str, str], folder: Path) -> Iterator[FileChange]:
    """Yield the new files. Raises ControllerError if something else is in the way of one."""
    for name, text in texts.items():
        path = folder / name
        if os.path.lexists(path):
            raise ControllerError(
                f"{path} exists, and a new file belongs there; move it, or choose another --out"
            )
        if _real(path.parent) != _here(path.parent):
            raise ControllerError(f"{path}: a symbolic link leads there, and no patch follows one")
        yield FileChange(os.fsencode(os.path.relpath(path)), None, text)


def _linked(files: tuple[SourceFile, ...]) -> Iterator[str]:
    for file in files:
        if _real(Path(file.path)) != _here(Path(file.path)):
            yield file.path


def _real(path: Path) -> str:
    return os.path.realpath(path)


def _here(path: Path) -> str:
    """Return the absolute path of *path* if only the present folder is reached by links."""
    return os.path.normpath(Path.cwd() / os.path.relpath(path))
