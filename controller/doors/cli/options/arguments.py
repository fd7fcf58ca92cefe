"""Paths to manifests, and the form of the output."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from controller.doors.cli.options.mirrored import option

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_PATH = "manifests/"


def paths_argument(function: F) -> F:
    """Add `[PATHS]…`: files and folders, `manifests/` if none is named."""
    return click.argument("paths", nargs=-1, metavar="[PATHS]...", type=click.Path())(function)


def paths_or_default(given: Sequence[str]) -> tuple[str, ...]:
    return tuple(given) or (DEFAULT_PATH,)


def output_option(*forms: str, default: str = "text") -> Callable[[F], F]:
    """Return `-o`, with the *forms* that the verb can print."""
    choice = click.Choice(forms)
    words = "Form of the output. With json, stdout holds nothing else."
    return option("-o", "--output", type=choice, default=default, show_default=True, help=words)
