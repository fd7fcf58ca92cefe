"""`gupshupctl completion`: the script by which a shell completes a command line, and what answers it."""

from contextlib import suppress

import click
from click.shell_completion import ShellComplete, get_completion_class

from controller.doors.cli.exits import OK
from controller.doors.cli.options.values import Word

VARIABLE = "_GUPSHUPCTL_COMPLETE"
"""The variable by which the script asks for what can follow, instead of a run of the command line."""

PROGRAM = "gupshupctl"


@click.command()
@click.argument("shell", type=Word(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> int:
    """Print the script that lets a shell complete verbs, options, kinds and names from the store.

    For bash: eval "$(gupshupctl completion bash)", in ~/.bashrc to keep it. It needs bash 4.4 or newer.
    """
    click.echo(_of(shell, ctx.find_root().command).source(), nl=False)
    return OK


def complete(group: click.Command, instruction: str) -> int:
    """Print what can follow the words that the script passes. What goes wrong completes nothing, silently.

    *instruction* is what the script sets `VARIABLE` to, `bash_complete` or the like.
    """
    with suppress(Exception):  # whatever is printed here stands in the middle of what somebody types
        click.echo(_of(instruction.partition("_")[0], group).complete())
    return OK


def _of(shell: str, group: click.Command) -> ShellComplete:
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101  (click knows the three)
    return kind(group, {}, PROGRAM, VARIABLE)
