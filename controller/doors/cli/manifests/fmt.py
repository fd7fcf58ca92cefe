"""`gupshupctl fmt`: manifests in their canonical form."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import unified_diff
from typing import assert_never

import click

from controller.core.render import problems
from controller.core.writing.canonical import Canonical, Commented, Formatter, Invalid
from controller.doors.cli.exits import ERROR, INVALID, OK
from controller.doors.cli.options.arguments import paths_argument, paths_or_default
from controller.doors.cli.options.mirrored import option
from controller.edges.source import directory, schemas
from controller.edges.source.replacing import replace_file
from controller.errors import ControllerError, SourceError
from controller.model.problem import Problem, Severity
from controller.model.source import SourceFile, Stamp


@dataclass(slots=True)
class _Sorted:
    """The files of a source by what is to be done: *changed* ones with their new content.

    *unwritten* are the errors of those that could not be written.
    """

    changed: list[tuple[SourceFile, bytes]] = field(default_factory=list)
    commented: list[SourceFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unwritten: list[str] = field(default_factory=list)
    unchanged: int = 0


@click.command()
@paths_argument
@option("--check", is_flag=True, help="Write nothing. Exit 1 if a file is not in its canonical form.")
@option("--diff", is_flag=True, help="Show what changes.")
def command(paths: tuple[str, ...], *, check: bool, diff: bool) -> int:
    """Bring manifests to their canonical form: the order of keys, two spaces, quoted ids. Offline.

    PATHS are files and folders, or manifests/ if none is named. Files are named as they are written. A file
    with comments is left as it is and named, since comments would be lost; the editor's line at the top is
    kept. A file that is not valid by itself is left, too, with its problems (exit 3).
    """
    source = directory.read(paths_or_default(paths))
    found = _sorted(source.files, Formatter(schemas.load()))
    found.problems += [each for each in source.problems if each.severity is Severity.ERROR]
    stamps = {stamp.path: stamp for stamp in source.stamps}
    for file, data in found.changed:
        if not check and not _written(stamps[file.path], data, found):
            continue
        click.echo(f"{'not formatted' if check else 'formatted'} {file.path}")
        if diff:
            click.echo("".join(_difference(file, data)), nl=False)
    _print_left(found, "not formatted" if check else "formatted")
    return INVALID if found.problems else ERROR if found.unwritten or (check and found.changed) else OK


def _written(stamp: Stamp, data: bytes, found: _Sorted) -> bool:
    """Write a file, and return True; or note why that cannot be: the other files are written all the same."""
    try:
        replace_file(stamp, data)
    except SourceError as error:
        found.unwritten.append(str(error))
        return False
    return True


def _sorted(files: Sequence[SourceFile], formatter: Formatter) -> _Sorted:
    found = _Sorted()
    for file in files:
        match formatter.form(file):
            case Canonical(data) if data == file.data:
                found.unchanged += 1
            case Canonical(data):
                if not formatter.means_the_same(file, replace(file, data=data)):
                    raise ControllerError(f"{file.path}: its canonical form would mean something else: a bug")
                found.changed.append((file, data))
            case Commented():
                found.commented.append(file)
            case Invalid(wrong):
                found.problems += wrong
            case other:
                assert_never(other)
    return found


def _print_left(found: _Sorted, done: str) -> None:
    for file in found.commented:
        click.echo(f"left as it is: {file.path}: its comments would be lost", err=True)
    for message in found.unwritten:
        click.echo(f"Error: {message}", err=True)
    if found.problems:
        click.echo(problems.coloured(sorted(found.problems)), err=True, nl=False)
    count = len(found.changed) - len(found.unwritten)
    click.echo(
        f"{count} {done}, {found.unchanged} as they should be, {len(found.commented)} with "
        f"comments, {len({each.place.file for each in found.problems})} with problems",
        err=True,
    )


def _difference(file: SourceFile, data: bytes) -> Iterator[str]:
    before, after = (text.decode("utf-8-sig").splitlines(keepends=True) for text in (file.data, data))
    for line in unified_diff(before, after, file.path, f"{file.path} (formatted)"):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
