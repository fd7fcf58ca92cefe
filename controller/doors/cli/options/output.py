"""The options of what `plan` and `apply` print: its form, further forms in files, and phone numbers."""

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import click

from controller.core.render.entries.phones import Phones
from controller.doors.cli.options.arguments import output_option
from controller.doors.cli.options.mirrored import option, pack
from controller.edges.source.file_rules import ENDINGS
from controller.errors import Usage

_BEGINNING = 4096
"""Bytes of a file that show whether it is text."""


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """*output* is the form on stdout, *files* hold further forms, each with its file."""

    output: str
    files: tuple[tuple[str, str], ...] = ()
    show_phones: bool = False

    @property
    def phones(self) -> Phones:
        return Phones(self.show_phones)

    def empty_files(self, *others: str | None) -> None:
        """Empty each file, or create it: what an earlier run wrote is not what this one found.

        Raises Usage before that if two of them are one file, or if one is among *others*, which the same run
        reads or writes, a manifest by its name, or no text: none of those was written by an earlier run.
        """
        taken = {os.path.realpath(other) for other in others if other is not None}
        for form, path in self.files:
            real = os.path.realpath(path)
            if what := _not_ours(real, taken):
                raise Usage(f"--output-file {form}={path} names {what}: name another file")
            taken.add(real)
        for _, path in self.files:
            Path(path).write_bytes(b"")


def _not_ours(real: str, taken: Collection[str]) -> str:
    """Return what the file at *real* is, if it must not be written over, else ""."""
    if real in taken:
        return "a file that this run reads or writes already, and that would be lost"
    if real.endswith(ENDINGS):
        return "a manifest (.yaml, .yml)"
    if Path(real).is_file():
        with Path(real).open("rb") as stream:
            if b"\0" in stream.read(_BEGINNING):
                return "a file that holds no text, as a store does, and that would be lost"
    return ""


def output_options(*forms: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Return the options, with the *forms* that the verb can print. They arrive as one `printing`."""

    def split(
        _ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
    ) -> tuple[tuple[str, str], ...]:
        pairs = [value.partition("=") for value in values]
        for form, _, path in pairs:
            if form not in forms or not path:
                raise click.BadParameter(f"write FORM=FILE, with one of {', '.join(forms)}", param=param)
        return tuple((form, path) for form, _, path in pairs)

    added = (
        output_option(*forms),
        option(
            "--output-file",
            "files",
            multiple=True,
            metavar="FORM=FILE",
            callback=split,
            help="Write this form to FILE, too. May be repeated.",
        ),
        option(
            "--show-phones", is_flag=True, help="Show phone numbers as they are. They are masked otherwise."
        ),
    )
    return lambda function: pack(function, "printing", OutputOptions, added)
