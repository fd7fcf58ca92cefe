"""`gupshupctl get`: how every declared resource stood when it was last looked at, from the store alone."""

import json
from typing import TYPE_CHECKING

import click

from controller.doors.cli.exits import OK
from controller.doors.cli.options import output
from controller.doors.cli.reach import store
from controller.errors import ControllerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from controller.doors.cli.stored import Known
    from controller.model.history import KeptReport
    from controller.model.status import Status

KINDS = {"apps": "App", "app": "App", "subscriptions": "Subscription", "subscription": "Subscription"}


REPORT = "report"


@click.command()
@click.argument("kind", type=click.Choice([*sorted(KINDS), REPORT], case_sensitive=False), default="apps")
@click.argument("name", required=False)
@output("text", "json")
@store
def command(kind: str, name: str | None, output: str, store: str | None) -> int:
    """List where apps or subscriptions stand, as of the last apply. Nothing is asked of Gupshup.

    KIND is apps (the default), subscriptions, or report: what the last apply said, where that could not be
    printed. NAME narrows to one. Exit 1 where there is none of that name.
    """
    from controller.core.render import kept, statuses, tables  # noqa: PLC0415  (what is heavy waits for its verb)
    from controller.doors.cli.stored import named, shown  # noqa: PLC0415  (likewise)

    everything, report = shown(store)
    if kind.lower() == REPORT:
        return _report(report, output)
    found = [each for each in everything if each.status.item.kind == KINDS[kind.lower()]]
    found = found if name is None else named(found, name)
    if output == "json":
        items = [{**statuses.fields(each.status), "upstream": each.upstream} for each in found]
        untold = {} if report is None else {"unprintedReport": kept.kept_fields(report)}
        _json({"formatVersion": "1.0", "items": items, **untold})
    else:
        table = tables.status_table if KINDS[kind.lower()] == "App" else tables.subscription_table
        click.echo("\n\n".join(_by_upstream(found, table)) or table([]))
        if report is not None:
            click.echo(f"\n{kept.kept_text(report)}")
    return OK


def _report(found: "KeptReport | None", output: str) -> int:
    from controller.core.render.kept import kept_fields  # noqa: PLC0415  (what is heavy waits for its verb)

    if found is None:
        raise ControllerError("no report is kept: the last one was printed")
    if output == "json":
        _json({"formatVersion": "1.0", "report": {**kept_fields(found), "text": found.text}})
    else:
        click.echo(found.text)
    return OK


def _json(document: dict[str, object]) -> None:
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def _by_upstream(found: "list[Known]", table: "Callable[[Iterable[Status]], str]") -> "Iterator[str]":
    """Yield a table for each upstream, named where there are several: a rehearsal is not the real account."""
    upstreams = sorted({each.upstream for each in found})
    for upstream in upstreams:
        heading = f"Upstream {upstream}\n" if len(upstreams) > 1 else ""
        yield heading + table(each.status for each in found if each.upstream == upstream)
