"""Manifests from paths, as `validate`, `plan` and `apply` read them."""

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import click

from controller.core.decode import decode
from controller.core.decode import strict as graver
from controller.core.render import problems
from controller.edges import settings
from controller.edges.source import directory, schemas
from controller.errors import ManifestError
from controller.model.manifest import Desired
from controller.model.source import Decoded, Rules, Source

MOST_WARNINGS = 20
"""Warnings that are told beside what a verb is about; `validate` lists more."""


def whole() -> None:
    """Say nothing: what was read is whole by itself."""


class Loaded(NamedTuple):
    """What the paths hold and declare.

    *still* raises SourceError where the files are no longer as they were read.
    """

    source: Source
    desired: Desired
    rules: Rules
    still: Callable[[], None] = whole


class Checked(NamedTuple):
    """What the paths hold, and what came of decoding it."""

    source: Source
    decoded: Decoded
    rules: Rules


def check(paths: Sequence[str], *, strict: bool = False) -> Checked:
    """Read and decode, whatever is wrong; *strict* takes warnings for errors.

    Raises SourceError where a path does not exist.
    """
    source = directory.read(paths)
    rules = settings.rules(os.environ)
    found = decoded(source, rules)
    return Checked(source, graver(found) if strict else found, rules)


def decoded(source: Source, rules: Rules) -> Decoded:
    """Decode a source, with the problems of reading it among those of its manifests."""
    return decode(
        source.files,
        schemas.load(),
        rules,
        revision=source.revision,
        complete=source.complete,
        unread=source.problems,
    )


def load(paths: Sequence[str]) -> Loaded:
    """Return what *paths* declare, with their warnings told.

    Raises ManifestError with every problem where one of them is an error.
    """
    source, found, rules = check(paths)
    if found.desired is None:
        raise ManifestError(found.problems)
    tell_warnings(found)
    still = partial(directory.refuse_changed, tuple(paths), source)
    return Loaded(source, found.desired, rules, still)


def tell_warnings(found: Decoded) -> None:
    """Tell on stderr what is odd about manifests that are acted on: nothing is passed by in silence."""
    click.echo(problems.warned(found, MOST_WARNINGS, problems.coloured), err=True, nl=False)
