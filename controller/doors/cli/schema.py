"""`gupshupctl schema`: the JSON Schema of a kind, for editors and other checkers."""

import click

from controller.doors.cli.exits import OK
from controller.edges.source import schemas

_KINDS = ("App", "Partner", "Subscription")


@click.command()
@click.argument("kind", type=click.Choice(_KINDS, case_sensitive=False))
def command(kind: str) -> int:
    """Print the JSON Schema (2020-12) of KIND: App, Partner or Subscription."""
    click.echo(schemas.text(kind), nl=False)
    return OK
