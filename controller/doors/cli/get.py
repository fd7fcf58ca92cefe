"""`gupshupctl get`: how every declared resource stood when it was last looked at, from the store alone."""

import json

import click

from controller.doors.cli.options import output
from controller.doors.cli.reach import store

KINDS = {"apps": "App", "app": "App", "subscriptions": "Subscription", "subscription": "Subscription"}


@click.command()
@click.argument("kind", type=click.Choice(sorted(KINDS), case_sensitive=False), default="apps")
@click.argument("name", required=False)
@output("text", "json")
@store
def command(kind: str, name: str | None, output: str, store: str | None) -> int:
    """List where apps or subscriptions stand, as of the last apply. Nothing is asked of Gupshup.

    KIND is apps (the default) or subscriptions; NAME narrows to one. Exit 1 where there is none of that name.
    """
    from controller.core.render import statuses, tables  # noqa: PLC0415  (what is heavy waits for its verb)
    from controller.doors.cli.stored import known, named  # noqa: PLC0415  (likewise)

    found = [each for each in known(store) if each.status.item.kind == KINDS[kind.lower()]]
    found = found if name is None else named(found, name)
    if output == "json":
        items = [{**statuses.fields(each.status), "upstream": each.upstream} for each in found]
        click.echo(json.dumps({"formatVersion": "1.0", "items": items}, indent=2, ensure_ascii=False))
    elif KINDS[kind.lower()] == "App":
        click.echo(tables.status_table(each.status for each in found))
    else:
        click.echo(tables.subscription_table(each.status for each in found))
    return 0
