"""The command that releases what a guard holds, as somebody pastes it: for `run`, or the same verb again."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from shlex import quote
from typing import Any

import click

from controller.core.render.held import apply_command, plan_command, release_command
from controller.doors.cli.options.arguments import paths_or_default
from controller.doors.cli.options.since import NONE
from controller.doors.cli.options.values import Releases
from controller.doors.stored import is_running
from controller.edges.store import SqlStore, store_words

ANY_PATHS = ("PATHS",)
"""The manifests of a command that this process knows nothing of."""

PLAN_FILE = "plan.json"
"""The file of a plan that is offered to be saved."""


async def release_by(store: SqlStore, upstream: str, given: str | None) -> Callable[[str], str]:
    """Return what makes a command of a digest: a request to the `run` that is the writer, or an `apply`."""
    words = store_words(given)
    if await is_running(store, upstream):
        return partial(release_command, store=words)
    return partial(apply_command, ANY_PATHS, more=words)


def apply_again(released: Releases) -> Callable[[str], str]:
    """Return the same for the verb that runs now: an `apply` with its paths, its selection and its store."""
    return partial(_again, apply_command, click.get_current_context().params, released, ())


def plan_again(released: Releases, since: str | None) -> Callable[[str], str]:
    """Return the same for a `plan` against *since*, which is NONE or None for everything.

    A plan that is one of a change, or that is saved, is made and saved again: `apply FILE` does exactly that.
    """
    given = click.get_current_context().params
    if given["out"] is None and since in {None, NONE}:
        return apply_again(released)
    against = () if since is None else ("--since", since)
    return partial(_again, plan_command, given, released, (*against, "--out", given["out"] or PLAN_FILE))


def plan_of_file(path: str, since: Mapping[str, str]) -> Callable[[str], str]:
    """Return the same for the saved plan at *path*, which knows only *since* of how it was made."""
    against = ("--since", quote(since["ref"])) if since else ()
    return partial(plan_command, ANY_PATHS, more=(*against, "--out", quote(path)))


def print_unknown(released: Releases) -> None:
    """Warn of each digest that released nothing, now that every guard has asked."""
    for digest in released.settle():
        click.echo(
            f"Warning: --release {digest}: nothing that is held has it; it is of an older plan, or was "
            "released: plan again",
            err=True,
        )


def _again(
    command: Callable[[Iterable[str], str, Sequence[str]], str],
    given: Mapping[str, Any],
    released: Releases,
    words: Sequence[str],
    digest: str,
) -> str:
    more = (*map(quote, (*_selection(given, released), *words)), *store_words(given["store"]))
    return command(paths_or_default(given["paths"]), digest, more)


def _selection(given: Mapping[str, Any], released: Releases) -> Iterator[str]:
    """Yield the words of the options that decide what is planned."""
    for flag, values in (("--only", given["only"]), ("--release", sorted(released - released.unknown))):
        yield from (word for value in values for word in (flag, value))
    for key, value in given["labels"].items():
        yield from ("-l", f"{key}={value}")
    if given["resend"]:
        yield "--resend"
