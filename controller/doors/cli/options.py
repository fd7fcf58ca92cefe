"""Options of the command line: each is mirrored in the environment as `GUPSHUPCTL_<FLAG>`."""

import os
import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TextIO, TypeVar

import click

from controller.errors import Usage

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_PATH = "manifests/"


class Mirrored(click.Option):
    """An option that refuses an empty value: an empty variable in a script means a mistake, never *all*.

    A file that it names stands in its variable as long as the command goes on: what the environment names is
    taken, so that no manifest may name it.
    """

    def value_from_envvar(self, ctx: click.Context) -> Any:  # noqa: ANN401  (click's signature)
        """Return what the variable says; click itself takes an empty one for an unset one."""
        if isinstance(self.envvar, str) and not os.environ.get(self.envvar, "?").strip():
            raise click.BadParameter(f"{self.envvar} is set and empty: unset it, or give it a value")
        return super().value_from_envvar(ctx)

    def process_value(self, ctx: click.Context, value: Any) -> Any:  # noqa: ANN401  (click's signature)
        if value == "" or (isinstance(value, (tuple, list)) and "" in value):
            raise click.BadParameter("the value is empty", ctx=ctx, param=self)
        if self.metavar == "FILE" and isinstance(value, str) and isinstance(self.envvar, str):
            ctx.call_on_close(partial(_put_back, self.envvar, os.environ.get(self.envvar)))
            os.environ[self.envvar] = str(Path(value).absolute())
        return super().process_value(ctx, value)


def _put_back(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


def variable(flags: Sequence[str]) -> str:
    """Return the environment variable of an option: `--lock-timeout` is GUPSHUPCTL_LOCK_TIMEOUT."""
    long = next(flag for flag in flags if flag.startswith("--"))
    name = long.partition("/")[0].removeprefix("--")
    return "GUPSHUPCTL_" + name.upper().replace("-", "_")


def option(*flags: str, **attributes: Any) -> Callable[[F], F]:  # noqa: ANN401  (click's own signature)
    """Return `click.option` with the mirrored variable, shown in the help."""
    mirrored = {"cls": Mirrored, "envvar": variable(flags), "show_envvar": True}
    return click.option(*flags, **{**mirrored, **attributes})


def output(*forms: str, default: str = "text") -> Callable[[F], F]:
    """Return `-o`, with the forms that fit the verb."""
    choice = click.Choice(forms)
    words = "Form of the output; json stands alone on stdout."
    return option("-o", "--output", type=choice, default=default, show_default=True, help=words)


def paths(function: F) -> F:
    """Add `[PATHS]…`: files and folders, `manifests/` where none is named."""
    return click.argument("paths", nargs=-1, metavar="[PATHS]...", type=click.Path())(function)


def terminal(stream: TextIO | None) -> bool:
    """Say whether a person is at the other end of *stream*, which is None where the caller closed it."""
    return stream is not None and stream.isatty()


def digests(given: Sequence[str]) -> frozenset[str]:
    """Return what `--release` names: it may be repeated, and take several with commas. Raises Usage."""
    found = frozenset(digest for each in given for digest in each.split(","))
    if odd := sorted(digest for digest in found if not re.fullmatch(r"sha256:[0-9a-f]{64}", digest)):
        raise Usage(f"--release takes a digest as `plan` prints it, sha256:…; not {odd[0]!r:.80}")
    return found


def chosen(given: Sequence[str]) -> tuple[str, ...]:
    """Return the paths to read."""
    return tuple(given) or (DEFAULT_PATH,)
