"""Manifests, read from paths and decoded: for `validate`, `plan`, `apply` and `resolve`."""

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import click

from controller.core.decode import decode, strict
from controller.core.decode.files import FileMemo
from controller.core.render import problems
from controller.edges import settings
from controller.edges.source import directory, schemas
from controller.errors import ManifestError
from controller.model.manifest import Desired
from controller.model.source import Decoded, Rules, Source

MOST_WARNINGS = 20
"""Warnings that a verb shows beside its own output. `validate` shows all of them."""


def never_changed() -> None:
    """Raise nothing: this source cannot change after it was read."""


class Loaded(NamedTuple):
    """The manifests of a source, and what they declare.

    *refuse_changed* raises SourceError if the files are no longer as they were read.
    """

    source: Source
    desired: Desired
    rules: Rules
    refuse_changed: Callable[[], None] = never_changed


class Checked(NamedTuple):
    """The manifests of a source, decoded, with every problem."""

    source: Source
    decoded: Decoded
    rules: Rules


def check(
    paths: Sequence[str], *, warnings_are_errors: bool = False, memo: FileMemo | None = None
) -> Checked:
    """Read and decode *paths*, with every problem. Raises SourceError if a path does not exist."""
    source = directory.read(paths)
    rules = settings.rules(os.environ)
    decoded = decode_source(source, rules, memo)
    return Checked(source, strict(decoded) if warnings_are_errors else decoded, rules)


def decode_source(source: Source, rules: Rules, memo: FileMemo | None = None) -> Decoded:
    """Decode a source. The problems of reading it are among the problems of its manifests.

    *memo* is shared by revisions of one source.
    """
    return decode(
        source.files,
        schemas.load(),
        rules,
        revision=source.revision,
        complete=source.complete,
        unread=source.problems,
        memo=memo,
    )


def load(paths: Sequence[str], memo: FileMemo | None = None) -> Loaded:
    """Return what *paths* declare, and print their warnings. *memo* is as in `decode_source`.

    Raises ManifestError with every problem if one of them is an error.
    """
    source, decoded, rules = check(paths, memo=memo)
    if decoded.desired is None:
        raise ManifestError(decoded.problems)
    print_warnings(decoded)
    refuse_changed = partial(directory.refuse_changed, tuple(paths), source)
    return Loaded(source, decoded.desired, rules, refuse_changed)


def print_warnings(decoded: Decoded) -> None:
    """Print the warnings of the manifests in use, on stderr."""
    click.echo(problems.warned(decoded, MOST_WARNINGS, problems.coloured), err=True, nl=False)
