"""`gupshupctl new`: manifests of new apps and subscriptions, without writing YAML."""

import click

from controller.doors.cli.guidance.group import VerbGroup
from controller.doors.cli.manifests.new.app import app
from controller.doors.cli.manifests.new.subscription import subscription


@click.group(cls=VerbGroup, subcommand_metavar="KIND [ARGUMENTS]...")
def command() -> None:
    """Write manifests of new apps and subscriptions.

    The same input gives the same bytes. No file is overwritten, and nothing is written unless all manifests
    together are valid.
    """


command.add_command(app)
command.add_command(subscription)
