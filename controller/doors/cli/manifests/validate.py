"""`gupshupctl validate`: every problem of the manifests at once, without a socket or credentials."""

import sys

import click

from controller import __version__
from controller.core.render import problems
from controller.doors.cli.exits import INVALID, OK
from controller.doors.cli.options.arguments import output_option, paths_argument, paths_or_default
from controller.doors.cli.options.mirrored import option
from controller.doors.cli.output.forms import is_terminal
from controller.doors.cli.source.load import check


@click.command()
@paths_argument
@option("--strict", is_flag=True, help="Treat every warning as an error.")
@output_option("text", "json", "sarif", "github")
def command(paths: tuple[str, ...], output: str, *, strict: bool) -> int:
    """Check manifests offline: their shape, their values, and how files fit together.

    PATHS are files and folders, or manifests/ if none is named. Exit 0 if they are valid (with warnings too,
    unless --strict is given), 3 if they are not, 1 if a path does not exist.
    """
    source, decoded, _ = check(paths_or_default(paths), warnings_are_errors=strict)
    summary = problems.summary(decoded, len(source.files))
    match output:
        case "json":
            click.echo(problems.as_json(decoded, source.revision), nl=False)
        case "sarif":
            click.echo(problems.sarif(decoded.problems, __version__), nl=False)
        case "github":
            click.echo(problems.github(decoded.problems), nl=False)
            click.echo(summary, err=True)
        case _:
            click.echo(problems.coloured(decoded.problems), nl=False)
            click.echo(summary)
            if is_terminal(sys.stdout):
                click.echo(problems.more_about(decoded.problems), nl=False)
    return OK if decoded.desired is not None else INVALID
