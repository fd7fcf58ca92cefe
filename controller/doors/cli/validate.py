"""`gupshupctl validate`: every problem of the manifests at once, without a socket or a credential."""

import click

from controller import __version__
from controller.doors.cli.exits import INVALID, OK
from controller.doors.cli.options import chosen, option, output, paths


@click.command()
@paths
@option("--strict", is_flag=True, help="Take every warning for an error.")
@output("text", "json", "sarif", "github")
def command(paths: tuple[str, ...], output: str, *, strict: bool) -> int:
    """Check manifests offline: shape, values, and everything between files.

    PATHS are files and folders, manifests/ where none is named. Exit 0 where they are valid (warnings
    included, unless --strict), 3 where they are not, 1 where a path does not exist.
    """
    from controller.core.render import problems as render  # noqa: PLC0415  (what is heavy waits for its verb)
    from controller.doors.cli.load import check  # noqa: PLC0415  (likewise)

    source, decoded, _ = check(chosen(paths), strict=strict)
    summary = render.summary(decoded, len(source.files))
    match output:
        case "json":
            click.echo(render.as_json(decoded, source.revision), nl=False)
        case "sarif":
            click.echo(render.sarif(decoded.problems, __version__), nl=False)
        case "github":
            click.echo(render.github(decoded.problems), nl=False)
            click.echo(summary, err=True)
        case _:
            click.echo(render.coloured(decoded.problems), nl=False)
            click.echo(summary)
    return OK if decoded.desired is not None else INVALID
