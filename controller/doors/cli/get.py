"""`gupshupctl get`: how every declared resource stood when it was last looked at, from the store alone."""

import json
from typing import TYPE_CHECKING

import click

from controller.doors.cli.options import output
from controller.doors.cli.reach import store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from controller.doors.cli.stored import Known
    from controller.model.status import Status

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
    else:
        table = tables.status_table if KINDS[kind.lower()] == "App" else tables.subscription_table
        click.echo("\n\n".join(_by_upstream(found, table)) or table([]))
    return 0


def _by_upstream(found: "list[Known]", table: "Callable[[Iterable[Status]], str]") -> "Iterator[str]":
    """Yield a table for each upstream, named where there are several: a rehearsal is not the real account."""
    upstreams = sorted({each.upstream for each in found})
    for upstream in upstreams:
        heading = f"Upstream {upstream}\n" if len(upstreams) > 1 else ""
        yield heading + table(each.status for each in found if each.upstream == upstream)
