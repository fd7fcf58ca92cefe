"""Paths to manifests, and the form of the output."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from controller.core.render.held import path_word
from controller.doors.cli.options.mirrored import option
from controller.doors.cli.options.values import Word
from controller.errors import Usage

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_PATH = "manifests/"


def paths_argument(function: F) -> F:
    """Add `[PATHS]…`: files and folders, `manifests/` if none is named."""
    return click.argument("paths", nargs=-1, metavar="[PATHS]...", type=click.Path())(function)


def paths_or_default(given: Sequence[str]) -> tuple[str, ...]:
    """Return the paths to manifests. Raises Usage if one of them is a saved plan by its name."""
    for path in filter(is_plan_file, given):
        word = path_word(path)
        raise Usage(
            f"{path} is a saved plan by its name, and manifests are expected here (.yaml, .yml); "
            f"`gupshupctl show {word}` checks and shows a plan, `gupshupctl apply {word}` does it"
        )
    return tuple(given) or (DEFAULT_PATH,)


def is_plan_file(path: str) -> bool:
    return path.endswith(".json")


def output_option(*forms: str, default: str = "text") -> Callable[[F], F]:
    """Return `-o`, with the *forms* that the verb can print."""
    choice = Word(forms)
    words = "Form of the output. With json, stdout holds nothing else."
    return option("-o", "--output", type=choice, default=default, show_default=True, help=words)
