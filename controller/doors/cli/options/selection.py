"""The options that select a part of the manifests: `--only` and `--label`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from controller.doors.cli.options.mirrored import add_all, option
from controller.doors.cli.options.names import items_of
from controller.model.plan import Kind

F = TypeVar("F", bound=Callable[..., Any])


def selection_options(function: F) -> F:
    """Add `--only` and `-l`; they arrive as `only` and `labels`."""
    only = "Only this one. An app includes its subscriptions. May be repeated."
    labels = "Only apps with this label. May be repeated."
    added = (
        option(
            "--only",
            multiple=True,
            metavar="KIND/NAME",
            shell_complete=items_of(Kind.APP, Kind.SUBSCRIPTION),
            help=only,
        ),
        option(
            "-l", "--label", "labels", multiple=True, metavar="KEY=VALUE", callback=parse_labels, help=labels
        ),
    )
    return add_all(function, added)


def scope_words(paths: Sequence[str], only: Sequence[str], labels: Mapping[str, str]) -> tuple[str, ...]:
    """Return the words of a command line that name the same manifests, and select the same of them."""
    items = [word for name in only for word in ("--only", name)]
    pairs = [word for key, value in labels.items() for word in ("-l", f"{key}={value}")]
    return (*paths, *items, *pairs)


def parse_labels(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Return the labels of all `KEY=VALUE`. Raises click.BadParameter."""
    pairs = [value.partition("=") for value in values]
    for key, sign, _ in pairs:
        if not key or not sign:
            raise click.BadParameter("write KEY=VALUE, as in tier=gold")
    return {key: value for key, _, value in pairs}
