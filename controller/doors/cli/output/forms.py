"""What a verb found, in the form for stdout and in those for files, and the view of the terminal."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, TypeAlias

import click

from controller.core.render.entries.phones import MASKED, Phones
from controller.core.render.entries.view import View
from controller.core.render.held import option
from controller.doors.cli.options.output import OutputOptions
from controller.errors import ControllerError


@dataclass(frozen=True, slots=True)
class Command:
    """What is known of the command that runs: *release* and *scope* are as in `View`."""

    release: Callable[[str], str] = option
    scope: tuple[str, ...] = ()


Render: TypeAlias = Callable[[str, View], str]
"""Returns the text of a form, "" if there is nothing to print."""


def is_terminal(stream: TextIO | None) -> bool:
    """Return whether a person can see or use *stream*, which is None if the caller closed it."""
    return stream is not None and stream.isatty()


def view_of(stream: TextIO | None, command: Command, phones: Phones = MASKED) -> View:
    """Return the view of who reads *stream*. Lines are wrapped and coloured for a terminal only."""
    if not is_terminal(stream):
        return View(phones=phones, release=command.release, scope=command.scope)
    coloured = not os.environ.get("NO_COLOR")
    width = width_of(stream)
    return View(width, coloured=coloured, phones=phones, release=command.release, scope=command.scope)


def width_of(stream: TextIO | None) -> int | None:
    """Return the characters of a line of *stream*, None if it is no terminal.

    COLUMNS wins over the width that a terminal has, and changes nothing in a pipe: some tools set it.
    """
    if not is_terminal(stream):
        return None
    columns = os.environ.get("COLUMNS", "")
    return int(columns) if columns.isdecimal() and int(columns) else _width(stream)


def print_forms(printing: OutputOptions, command: Command, render: Render) -> None:
    """Print the form for stdout, and write the files. Raises ControllerError if one cannot be written."""
    if text := render(printing.output, view_of(sys.stdout, command, printing.phones)):
        click.echo(text)
    write_files(printing, command, render)


def write_files(printing: OutputOptions, command: Command, render: Render) -> None:
    """Write the files. Raises ControllerError if one cannot be written."""
    view = view_of(None, command, printing.phones)
    for form, path in printing.files:
        text = render(form, view)
        try:
            Path(path).write_text(f"{text}\n" if text else "", encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise ControllerError(f"cannot write {path}: {error.strerror}") from error


def _width(stream: TextIO | None) -> int | None:
    try:
        return os.get_terminal_size(stream.fileno() if stream else -1).columns or None
    except (OSError, ValueError):
        return None
