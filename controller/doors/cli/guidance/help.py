"""`gupshupctl help`: the help of a verb by its name, as `VERB --help` prints it."""

import click
from click.shell_completion import CompletionItem

from controller.doors.cli.exits import OK


def _complete(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    root = ctx.find_root()
    return root.command.shell_complete(root, incomplete) if not ctx.params.get("words") else []


@click.command()
@click.argument("words", metavar="[VERB [WORD]]", nargs=-1, shell_complete=_complete)
@click.pass_context
def command(ctx: click.Context, words: tuple[str, ...]) -> int:
    """Show the help of a verb, as VERB --help does. Without a VERB: that of gupshupctl."""
    about = ctx.find_root()
    for word in words:
        if not isinstance(about.command, click.Group):
            raise click.UsageError(f"{about.command_path} has no verbs below it, such as {word!r:.40}")
        _, found, _ = about.command.resolve_command(about, [word])
        about = click.Context(found or about.command, parent=about, info_name=word)
    click.echo(about.get_help())
    return OK
