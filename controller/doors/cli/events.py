"""`gupshupctl events`: every write that went to Gupshup and what came of it, from the store alone."""

import json

import click

from controller.doors.cli.options import option, output
from controller.doors.cli.reach import store


@click.command()
@click.argument("name", required=False)
@option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=100,
    show_default=True,
    help="At most so many, the newest.",
)
@output("text", "json")
@store
def command(name: str | None, limit: int, output: str, store: str | None) -> int:
    """List the writes that went to Gupshup, newest first. Nothing is asked of Gupshup.

    NAME narrows to one app and its subscriptions. An outcome of `?` (null) is that of a write whose process
    died before it was known.
    """
    from controller.core.render import writes  # noqa: PLC0415  (what is heavy waits for its verb)
    from controller.doors.cli.stored import events  # noqa: PLC0415  (likewise)

    found = events(store, name, limit)
    if output == "json":
        items = [writes.event(upstream, entry) for upstream, entry in found]
        click.echo(json.dumps({"formatVersion": "1.0", "items": items}, indent=2, ensure_ascii=False))
    else:
        click.echo(writes.events_table([entry for _, entry in found]))
    return 0
