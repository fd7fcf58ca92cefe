"""`gupshupctl describe`: everything the store knows of one resource, its last writes included."""

import json

import click

from controller.doors.cli.get import KINDS
from controller.doors.cli.options import output
from controller.doors.cli.reach import store

_MOST = 2
"""Words: a kind and a name."""


@click.command()
@click.argument("words", metavar="[KIND] NAME", nargs=-1, required=True)
@output("text", "json")
@store
def command(words: tuple[str, ...], output: str, store: str | None) -> int:
    """Tell everything about one app or subscription, as of the last apply. Nothing is asked of Gupshup.

    Written as NAME, KIND NAME or KIND/NAME. Exit 1 where there is none of that name.
    """
    from controller.core.render import descriptions  # noqa: PLC0415  (what is heavy waits for its verb)
    from controller.doors.cli.stored import known, named, writes  # noqa: PLC0415  (likewise)

    name = _name(words)
    everything = known(store)
    found = [
        descriptions.Described(
            each.status,
            each.upstream,
            writes(store, each.upstream, str(each.status.item)),
            tuple(other.status for other in everything if each.owns(other)),
        )
        for each in named(everything, name)
    ]
    if output == "json":
        items = [descriptions.description(each) for each in found]
        click.echo(json.dumps({"formatVersion": "1.0", "items": items}, indent=2, ensure_ascii=False))
    else:
        click.echo("\n\n".join(descriptions.description_text(each) for each in found))
    return 0


def _name(words: tuple[str, ...]) -> str:
    """Return NAME or KIND/NAME, the kind as manifests spell it."""
    if len(words) > _MOST:
        raise click.UsageError(f"one object at a time; not {len(words)} words")
    kind, _, name = "/".join(words).rpartition("/")
    if not kind:
        return name
    if kind.lower() not in KINDS:
        raise click.UsageError(f"{kind!r:.40} is no kind: it is app or subscription")
    return f"{KINDS[kind.lower()]}/{name}"
