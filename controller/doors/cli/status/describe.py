"""`gupshupctl describe`: everything that the store knows of one resource, with its last writes."""

import json

import click

from controller.core.render.descriptions import Described, description, description_text
from controller.doors.cli.options.arguments import output_option
from controller.doors.cli.options.connection import store_option
from controller.doors.cli.output.release import release_by
from controller.doors.cli.status.get import KINDS
from controller.doors.stored import all_statuses, held_of, last_writes, named, use_store
from controller.edges.store import SqlStore

_MOST_WORDS = 2
"""A kind and a name."""


@click.command()
@click.argument("words", metavar="[KIND] NAME", nargs=-1, required=True)
@output_option("text", "json")
@store_option
def command(words: tuple[str, ...], output: str, store: str | None) -> int:
    """Show everything about one app or subscription, as of the last apply or run. Sends nothing to Gupshup.

    Write it as NAME, KIND NAME or KIND/NAME. Exit 1 if there is none of that name.
    """
    name = _name(words)
    resources = use_store(store, lambda opened: _describe(opened, name, store))
    if output == "json":
        items = [description(resource) for resource in resources]
        click.echo(json.dumps({"formatVersion": "1.0", "items": items}, indent=2, ensure_ascii=False))
    else:
        click.echo("\n\n".join(description_text(resource) for resource in resources))
    return 0


def _name(words: tuple[str, ...]) -> str:
    """Return NAME or KIND/NAME, the kind as manifests spell it."""
    if len(words) > _MOST_WORDS:
        raise click.UsageError(f"name one resource: these are {len(words)} words")
    kind, _, name = "/".join(words).rpartition("/")
    if not kind:
        return name
    if kind.lower() not in KINDS:
        raise click.UsageError(f"{kind!r:.40} is not a kind: write app, subscription or partner")
    return f"{KINDS[kind.lower()]}/{name}"


async def _describe(store: SqlStore, name: str, given: str | None) -> list[Described]:
    statuses = await all_statuses(store)
    return [
        Described(
            stored.status,
            stored.upstream,
            await last_writes(store, stored),
            tuple(other.status for other in statuses if stored.owns(other)),
            held_of(stored, statuses),
            await release_by(store, stored.upstream, given),
        )
        for stored in named(statuses, name)
    ]
