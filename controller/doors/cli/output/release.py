"""The command that releases what a guard holds, as somebody pastes it: for `run`, or for another `apply`."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from shlex import quote
from typing import Any

import click

from controller.core.render.held import apply_command, option, release_command
from controller.doors.cli.options.arguments import is_plan_file, paths_or_default
from controller.doors.stored import is_running
from controller.edges.store import SqlStore, store_words

ANY_PATHS = ("PATHS",)
"""The manifests of an `apply` that this process knows nothing of."""


async def release_by(store: SqlStore, upstream: str, given: str | None) -> Callable[[str], str]:
    """Return what makes a command of a digest: a request to the `run` that is the writer, or an `apply`."""
    words = store_words(given)
    if await is_running(store, upstream):
        return partial(release_command, store=words)
    return partial(apply_command, ANY_PATHS, more=words)


def release_again() -> Callable[[str], str]:
    """Return the same for the verb that runs now: an `apply` with its paths, its selection and its store."""
    context = click.get_current_context()
    given = context.params
    if context.info_name not in {"plan", "apply"} or any(map(is_plan_file, given["paths"])):
        return option
    words = (*map(quote, _selection(given)), *store_words(given["store"]))
    return partial(apply_command, paths_or_default(given["paths"]), more=words)


def _selection(given: Mapping[str, Any]) -> Iterator[str]:
    """Yield the words of the options that decide what is planned."""
    for flag, values in (("--only", given["only"]), ("--release", given["release"])):
        yield from (word for value in values for word in (flag, value))
    for key, value in given["labels"].items():
        yield from ("-l", f"{key}={value}")
    if given["resend"]:
        yield "--resend"
