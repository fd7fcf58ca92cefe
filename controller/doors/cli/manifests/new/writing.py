"""The work of `new` around its decision: read the whole source, write what is new, and print which files."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import click

from controller.core.render import problems
from controller.core.writing.new_apps import Target
from controller.core.writing.whole import NewManifest, NewManifests, WholeSource
from controller.doors.cli.exits import FAILED, INVALID, OK
from controller.doors.cli.options.arguments import DEFAULT_PATH, paths_or_default
from controller.doors.cli.options.mirrored import option
from controller.edges import settings
from controller.edges.new_files import sole_writer, write_new
from controller.edges.source import directory, schemas
from controller.model.plan import Blocked
from controller.model.problem import Place

COMMAND_LINE = Place("(command line)")
"""The place of what options ask for."""

out_option = option(
    "--out",
    metavar="DIR",
    help="The folder for new files. By default the first folder among PATHS, else manifests/.",
)

Make: TypeAlias = Callable[[WholeSource, Target], NewManifests]
Look: TypeAlias = Callable[[NewManifests], tuple[Blocked, ...]]


def look_at_nothing(_: NewManifests) -> tuple[Blocked, ...]:
    return ()


def write(
    paths: Sequence[str], out: str | None, output: str, make: Make, look: Look = look_at_nothing
) -> int:
    """Write what *make* returns for the whole source, print it as *output*, and return the exit code.

    *look* returns what it would meet at Gupshup. If that raises an error, nothing is written.
    """
    folder = out or default_folder(paths)
    with sole_writer(Path(folder)):
        source = directory.read((*existing(paths), folder))
        whole = WholeSource(source, schemas.load(), settings.rules(os.environ))
        made = make(whole, Target(Path(folder).as_posix(), schemas.beside(Path(folder))))
        if made.problems:
            return _refuse(made)
        conflicts = look(made)
        write_new({one.file: one.text for one in made.manifests if one.text})
    if made.warnings:
        click.echo(problems.coloured(made.warnings), err=True, nl=False)
    _print(made.manifests, conflicts, output)
    return FAILED if conflicts else OK


def existing(paths: Sequence[str]) -> tuple[str, ...]:
    """Return *paths*, or the default if there is such a folder."""
    return tuple(path for path in paths_or_default(paths) if paths or Path(path).exists())


def default_folder(paths: Sequence[str]) -> str:
    """Return the folder for new files if none is named: the first one among *paths*."""
    return next((path for path in paths if Path(path).is_dir()), DEFAULT_PATH)


def _refuse(made: NewManifests) -> int:
    click.echo(problems.coloured(made.problems), err=True, nl=False, color=None)
    count = len(made.problems)
    click.echo(f"Error: {count} problem{'s' if count > 1 else ''}: nothing was written", err=True)
    return INVALID


def _print(manifests: Sequence[NewManifest], conflicts: Sequence[Blocked], output: str) -> None:
    if output == "json":
        document = {
            "formatVersion": "1.0",
            "items": [_fields(one) for one in manifests],
            "conflicts": [_conflict(each) for each in conflicts],
        }
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    for one in manifests:
        click.echo(f"{'written' if one.text else 'kept   '} {one.file}  {one.kind}/{one.name}")
    for each in conflicts:
        click.echo(f"! blocked {each.item}  {each.reason}: {each.message}")
    written = sum(bool(one.text) for one in manifests)
    click.echo(f"{written} written, {len(manifests) - written} declared already.")


def _fields(one: NewManifest) -> Mapping[str, str]:
    outcome = "written" if one.text else "kept"
    return {
        "kind": str(one.kind),
        "name": one.name,
        "file": one.file,
        "outcome": outcome,
        "from": f"{one.asked.file}:{one.asked.line}",
    }


def _conflict(each: Blocked) -> Mapping[str, str]:
    item = {"kind": str(each.item.kind), "name": each.item.name, "partner": each.item.partner}
    return {**item, "reason": each.reason, "message": each.message}
