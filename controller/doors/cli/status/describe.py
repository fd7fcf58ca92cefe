"""`gupshupctl describe`: everything that the store knows of one resource, with its last writes."""

import time

import click

from controller.core.closest import did_you_mean
from controller.core.render.descriptions import Described, description, description_text
from controller.doors.cli.exits import OK
from controller.doors.cli.options.arguments import output_option
from controller.doors.cli.options.connection import store_option
from controller.doors.cli.options.names import beginning, names_of, stored
from controller.doors.cli.output.documents import print_document
from controller.doors.cli.output.release import release_by
from controller.doors.cli.status.get import KINDS, print_more_about
from controller.doors.stored import all_statuses, held_of, last_writes, named, read_store
from controller.edges.store import SqlStore
from controller.model.plan import Kind

_MOST_WORDS = 2
"""A kind and a name."""


def _complete_word(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Complete a name behind its kind, else any of NAME, KIND and KIND/NAME."""
    given = ctx.params.get("words") or ()
    if given:
        return names_of(Kind(KINDS[given[0].lower()]))(ctx, param, incomplete) if len(given) == 1 else []
    words = [word for kind, name in stored(ctx) for word in (name, f"{kind}/{name}", kind.lower())]
    return beginning(incomplete, words)


@click.command()
@click.argument("words", metavar="[KIND] NAME", nargs=-1, required=True, shell_complete=_complete_word)
@output_option("text", "json", "yaml")
@store_option
def command(words: tuple[str, ...], output: str, store: str | None) -> int:
    """Show everything about one app or subscription, as of the last apply or run. Sends nothing to Gupshup.

    Write it as NAME, KIND NAME or KIND/NAME. Exit 1 if there is none of that name.
    """
    name = _name(words)
    resources = read_store(store, lambda opened: _describe(opened, name, store))
    if output == "text":
        now = time.time()
        click.echo("\n\n".join(description_text(resource, now) for resource in resources))
        print_more_about(resource.status for resource in resources)
    else:
        items = [description(resource) for resource in resources]
        print_document({"formatVersion": "1.0", "items": items}, output)
    return OK


def _name(words: tuple[str, ...]) -> str:
    """Return NAME or KIND/NAME, the kind as manifests spell it."""
    if len(words) > _MOST_WORDS:
        raise click.UsageError(f"name one resource: these are {len(words)} words")
    kind, _, name = "/".join(words).rpartition("/")
    if not kind:
        return name
    if kind.lower() not in KINDS:
        mean = did_you_mean(kind, KINDS)
        raise click.UsageError(f"{kind!r:.40} is not a kind: write app, subscription or partner{mean}")
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
