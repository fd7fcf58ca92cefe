"""`gupshupctl get`: the status of each declared resource at its last observation, from the store alone."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import click

from controller.core.render.explanations import more_about, reasons_of
from controller.core.render.foreign import foreign_items, foreign_table
from controller.core.render.held import held_lines
from controller.core.render.kept_report import kept_fields, kept_text
from controller.core.render.listed.source import rejected_lines
from controller.core.render.listed.tables import wide_table
from controller.core.render.statuses import fields
from controller.core.render.tables import partner_table, status_table, subscription_table
from controller.core.status.state import is_retired
from controller.core.status.unmanaged import unmanaged_note
from controller.doors.cli.exits import OK
from controller.doors.cli.options.arguments import output_option
from controller.doors.cli.options.connection import store_option
from controller.doors.cli.options.names import names_of
from controller.doors.cli.options.values import Word
from controller.doors.cli.output.documents import print_document
from controller.doors.cli.output.forms import is_terminal
from controller.doors.cli.output.release import release_by
from controller.doors.stored import StoredStatus, named, read_store, statuses_and_report
from controller.edges.store import SqlStore, store_words
from controller.errors import ControllerError, Usage
from controller.model.history import KeptReport
from controller.model.plan import Kind
from controller.model.status import Status

FOREIGN = "foreign"
KINDS = {
    "apps": "App",
    "app": "App",
    "subscriptions": "Subscription",
    "subscription": "Subscription",
    "partners": "Partner",
    "partner": "Partner",
}
TABLES: Mapping[str, Callable[[Iterable[Status]], str]] = {
    "App": status_table,
    "Subscription": subscription_table,
    "Partner": partner_table,
}
REPORT = "report"
WIDE, NAME = "wide", "name"
DOCUMENTS = frozenset({"json", "yaml"})


def _complete_name(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    return names_of(Kind(KINDS.get(ctx.params["kind"], "App")))(ctx, param, incomplete)


class _Kind(Word):
    """A kind. The error about a name in its place says how to see that one."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:  # noqa: ANN401  (click's signature)
        message = super().get_invalid_choice_message(value, ctx)
        if "/" not in str(value) and "; did you mean" in message:
            return message
        return f"{str(value)!r:.80} is no kind. One resource: get KIND NAME, or describe [KIND/]NAME"


@click.command()
@click.argument(
    "kind",
    metavar="[KIND]",
    type=_Kind([*sorted(KINDS), FOREIGN, REPORT], case_sensitive=False),
    default="apps",
)
@click.argument("name", required=False, shell_complete=_complete_name)
@click.option("--all", "everything", is_flag=True, help="Also what is retired.")
@output_option("text", "wide", "json", "yaml", "name")
@store_option
def command(kind: str, name: str | None, *, everything: bool, output: str, store: str | None) -> int:
    """List the status of apps, subscriptions or partners, as of the last apply or run. Sends no call.

    KIND is apps (the default), subscriptions, partners, foreign (webhooks on declared apps that nobody
    declares), or report: the report of the last apply, if it could not be printed. NAME selects one, for
    foreign an app. Exit 1 if there is none of that name. Apps that are retired are listed with --all only.
    wide adds what Gupshup lists of each, name prints KIND/NAME, one a line.
    """
    found = _read_and_print_rejected(store)
    statuses, report = found.statuses, found.report
    if kind.lower() == REPORT:
        if output == NAME:
            raise Usage("a report has no name: use -o text, json or yaml")
        _print_report(report, output)
        return OK
    wanted = KINDS.get(kind.lower(), "App")
    selected = _selected(
        [stored for stored in statuses if stored.status.item.kind == wanted], name, everything
    )
    if kind.lower() == FOREIGN:
        _print_foreign(selected, output)
        return OK
    if output in DOCUMENTS:
        items = [{**fields(stored.status), "upstream": stored.upstream} for stored in selected]
        unprinted = {} if report is None else {"unprintedReport": kept_fields(report)}
        print_document({"formatVersion": "1.0", "items": items, **unprinted}, output)
    elif output == NAME:
        _print_names(selected)
    else:
        table = _table(wanted, output)
        click.echo("\n\n".join(_by_upstream(selected, table)) or table([]))
        for line in _notes(found, selected):
            click.echo(line)
        print_more_about(stored.status for stored in selected)
        if report is not None:
            click.echo(f"\n{kept_text(report)}")
    return OK


def _selected(statuses: list[StoredStatus], name: str | None, everything: bool) -> list[StoredStatus]:  # noqa: FBT001  (an option, as it was given)
    if name is not None:
        return named(statuses, name)
    return [stored for stored in statuses if everything or not is_retired(stored.status)]


def _notes(found: "_Found", selected: list[StoredStatus]) -> Iterator[str]:
    """Yield what is held with what releases it, and what to do about apps that nothing declares."""
    if not found.statuses:
        yield "The store holds no status yet: the first pass of `apply` or `run` writes one."
    for upstream in sorted(found.held.keys() & {stored.upstream for stored in selected}):
        yield from found.held[upstream]
    if note := unmanaged_note([each.status for each in selected if not is_retired(each.status)]):
        yield f"\n{note}"


def print_more_about(statuses: Iterable[Status]) -> None:
    """Print, on a terminal, the command that explains why a resource needs a person, if one does."""
    if is_terminal(sys.stdout) and (line := more_about(reasons_of(statuses))):
        click.echo(f"\n{line}")


class _Found(NamedTuple):
    """What the store has: *held* is by upstream what guards hold, with what releases it."""

    statuses: list[StoredStatus]
    report: KeptReport | None
    held: dict[str, list[str]]


def _read_and_print_rejected(given: str | None) -> _Found:
    """Return what the store has, and print a line for each source whose newest revision is not in force."""
    found, rejected = read_store(given, lambda opened: _read(opened, given))
    for line in rejected:
        click.echo(line, err=True)
    return found


async def _read(store: SqlStore, given: str | None) -> tuple[_Found, list[str]]:
    statuses, report = await statuses_and_report(store)
    held = {
        stored.upstream: [
            "",
            *held_lines(stored.status.held, await release_by(store, stored.upstream, given)),
        ]
        for stored in statuses
        if stored.status.held
    }
    reads, upstreams = await store.source_reads.last(), {stored.upstream for stored in statuses}
    about = [reads[key] for key in sorted(reads.keys() & upstreams)] or list(reads.values())
    return _Found(statuses, report, held), list(rejected_lines(about, store_words(given)))


def _print_foreign(selected: list[StoredStatus], output: str) -> None:
    having = [stored for stored in selected if stored.status.foreign]
    if output == NAME:
        _print_names(having)
    elif output in DOCUMENTS:
        items = [
            {**row, "upstream": stored.upstream} for stored in having for row in foreign_items(stored.status)
        ]
        print_document({"formatVersion": "1.0", "items": items}, output)
    else:
        table = partial(foreign_table, ids=output == WIDE)
        click.echo("\n\n".join(_by_upstream(having, table)) or table([]))


def _print_report(report: KeptReport | None, output: str) -> None:
    if report is None:
        raise ControllerError("no report is kept: the last one was printed")
    if output in DOCUMENTS:
        document = {"formatVersion": "1.0", "report": {**kept_fields(report), "text": report.text}}
        print_document(document, output)
    else:
        click.echo(report.text)


def _table(kind: str, output: str) -> Callable[[Iterable[Status]], str]:
    return partial(wide_table, Kind(kind), now=time.time()) if output == WIDE else TABLES[kind]


def _print_names(selected: Iterable[StoredStatus]) -> None:
    """Print KIND/NAME, as other verbs take it, each once."""
    for name in dict.fromkeys(f"{each.status.item.kind}/{each.status.item.name}" for each in selected):
        click.echo(name)


def _by_upstream(statuses: list[StoredStatus], table: Callable[[Iterable[Status]], str]) -> Iterator[str]:
    """Yield a table for each upstream. If there are several, each has its name above it."""
    upstreams = sorted({stored.upstream for stored in statuses})
    for upstream in upstreams:
        heading = f"Upstream {upstream}\n" if len(upstreams) > 1 else ""
        yield heading + table(stored.status for stored in statuses if stored.upstream == upstream)
