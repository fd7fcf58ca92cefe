"""`gupshupctl store`: work on the store itself."""

import asyncio

import click

from controller.core.render.tables import table
from controller.doors.cli.exits import OK
from controller.doors.cli.guidance.group import VerbGroup
from controller.doors.cli.options.connection import lock_timeout_option
from controller.edges.clock import SystemClock
from controller.edges.store import copy_store


@click.group(cls=VerbGroup, subcommand_metavar="WORK [ARGUMENTS]...")
def command() -> None:
    """Work on the store itself."""


@command.command()
@click.argument("source", metavar="FROM", type=click.Path())
@click.argument("target", metavar="TO", type=click.Path())
@lock_timeout_option
def copy(source: str, target: str, lock_timeout: float) -> int:
    """Copy the store FROM into a new one, TO: a file or a PostgreSQL database, either way.

    Each is a path, sqlite:///path or postgresql://user@host/database. Exit 1 if anything is at TO, 8 if a
    process writes to FROM. TO is made whole or not at all, and FROM keeps all it has; if an older release
    wrote it, it is upgraded first.
    """
    done = asyncio.run(copy_store(source, target, SystemClock(), lock_timeout))
    click.echo(table(("TABLE", "ROWS"), [(name, str(count)) for name, count in sorted(done.rows.items())]))
    click.echo(f"Copied {done.source} to {done.target}: every table, with the key that opens its tokens.")
    click.echo("Next: give --store TO to every process, and use FROM no more: both hold the same tokens.")
    return OK
