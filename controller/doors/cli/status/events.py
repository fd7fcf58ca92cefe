"""`gupshupctl events`: every write that went to Gupshup, with its outcome, from the store alone."""

import json

import click

from controller.core.render.history import event, events_table
from controller.doors.cli.exits import OK
from controller.doors.cli.options.arguments import output_option
from controller.doors.cli.options.connection import store_option
from controller.doors.cli.options.mirrored import option
from controller.doors.cli.options.names import names_of
from controller.doors.stored import read_store, writes_of_app
from controller.model.plan import Kind


@click.command()
@click.argument("name", required=False, shell_complete=names_of(Kind.APP))
@option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=100,
    show_default=True,
    help="Show at most this many, the newest.",
)
@output_option("text", "json")
@store_option
def command(name: str | None, limit: int, output: str, store: str | None) -> int:
    """List the writes that went to Gupshup, newest first. Sends nothing to Gupshup.

    NAME selects one app and its subscriptions, whatever its manifest was called then. The outcome `?` (null
    in JSON) means that the process died before the outcome was known.
    """
    records = read_store(store, lambda opened: writes_of_app(opened, name, limit))
    if output == "json":
        items = [event(upstream, record) for upstream, record in records]
        click.echo(json.dumps({"formatVersion": "1.0", "items": items}, indent=2, ensure_ascii=False))
    else:
        click.echo(events_table([record for _, record in records]))
    return OK
