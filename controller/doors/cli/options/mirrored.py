"""Options of the command line: the environment mirrors each one as `GUPSHUPCTL_<FLAG>`."""

import os
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial, wraps
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

F = TypeVar("F", bound=Callable[..., Any])


class MirroredOption(click.Option):
    """An option that refuses an empty value: an empty variable in a script is a mistake, never *all*.

    The name of a FILE is also put into the option's variable while the command runs. Files that the
    environment names are reserved, so that no manifest may name the same file.
    """

    def value_from_envvar(self, ctx: click.Context) -> Any:  # noqa: ANN401  (click's signature)
        """Return the value of the variable. Click itself treats an empty one as unset."""
        if isinstance(self.envvar, str) and not os.environ.get(self.envvar, "?").strip():
            raise click.BadParameter(f"{self.envvar} is set and empty: unset it, or give it a value")
        return super().value_from_envvar(ctx)

    def process_value(self, ctx: click.Context, value: Any) -> Any:  # noqa: ANN401  (click's signature)
        if value == "" or (isinstance(value, (tuple, list)) and "" in value):
            raise click.BadParameter("the value is empty", ctx=ctx, param=self)
        if self.metavar == "FILE" and isinstance(value, str) and isinstance(self.envvar, str):
            ctx.call_on_close(partial(_restore, self.envvar, os.environ.get(self.envvar)))
            os.environ[self.envvar] = str(Path(value).absolute())
        return super().process_value(ctx, value)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete what the option's type and names do not know: files and folders, by the metavar."""
        kind = _PATHS.get((self.metavar or "").partition(".")[0])
        return [CompletionItem(incomplete, type=kind)] if kind else super().shell_complete(ctx, incomplete)


_PATHS = {"FILE": "file", "PATH": "file", "DIR": "dir"}


def _restore(name: str, value: str | None) -> None:
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
    """Return `click.option` with the mirrored variable, which the help shows."""
    mirrored = {"cls": MirroredOption, "envvar": variable(flags), "show_envvar": True}
    return click.option(*flags, **{**mirrored, **attributes})


def add_all(function: F, options: Sequence[Callable[[Any], Any]]) -> F:
    """Add *options* to a command, in the order of its help."""
    for add in reversed(options):
        function = add(function)
    return function


def pack(
    function: Callable[..., int], name: str, into: type[Any], options: Sequence[Callable[[Any], Any]]
) -> Callable[..., int]:
    """Add *options*, which arrive as one parameter *name*: a dataclass with a field for each option."""

    @wraps(function)
    def packed(**values: Any) -> int:  # noqa: ANN401  (the values of all options)
        packed_values = {field.name: values.pop(field.name) for field in fields(into)}
        return function(**{name: into(**packed_values)}, **values)

    return add_all(packed, options)
