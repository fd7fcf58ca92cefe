"""Completion of names: resources of which the store has a status."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

import click

from controller.doors.cli.options.mirrored import variable
from controller.model.plan import Kind

Completion: TypeAlias = Callable[[click.Context, click.Parameter, str], list[str]]


def names_of(*kinds: Kind) -> Completion:
    """Return the completion of a NAME of one of *kinds*."""

    def complete(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
        return beginning(incomplete, (name for kind, name in stored(ctx) if kind in kinds))

    return complete


def items_of(*kinds: Kind) -> Completion:
    """Return the completion of a KIND/NAME of one of *kinds*."""

    def complete(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
        return beginning(incomplete, (f"{kind}/{name}" for kind, name in stored(ctx) if kind in kinds))

    return complete


def stored(ctx: click.Context) -> Iterator[tuple[str, str]]:
    """Yield the kind and the name of each resource in the store that the command line names so far.

    A verb without `--store` completes the names of the store that its variable names.
    """
    from controller.edges.store import chosen_location, stored_resources  # noqa: PLC0415  (slow to import)

    named = ctx.params.get("store") or os.environ.get(variable(("--store",)))
    location = chosen_location(named, os.environ, Path.cwd())
    for resource in stored_resources(location):
        kind, _, name = resource.partition(" on ")[0].partition("/")
        yield kind, name


def beginning(incomplete: str, words: Iterable[str]) -> list[str]:
    """Return those of *words* that begin as what was typed, sorted, each once."""
    return sorted({word for word in words if word.startswith(incomplete)})
