"""`gupshupctl schema`: the JSON Schema of a kind, or of the document that a verb prints."""

import click

from controller.doors.cli.exits import OK
from controller.doors.cli.options.values import Word
from controller.edges.source import schemas

_NAMES = (*sorted(schemas.KINDS), *schemas.OUTPUTS)


@click.command()
@click.argument("name", type=Word(_NAMES, case_sensitive=False))
def command(name: str) -> int:
    """Print a JSON Schema (2020-12), for editors and other checkers.

    NAME is a kind (App, Partner or Subscription), or a verb that prints with -o json what its schema
    describes. That of show is about KIND/NAME: a saved plan has the schema of plan.
    """
    click.echo(schemas.text(name), nl=False)
    return OK
