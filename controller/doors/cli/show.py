"""`gupshupctl show`: a saved plan from its file, or one resource as it is declared and as it was observed."""

import time
from collections.abc import Iterator
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from controller.core.saved.saved_plan import SavedPlan
from controller.core.timestamp import timestamp
from controller.doors.cli.exits import OK
from controller.doors.cli.options.arguments import is_plan_file, paths_argument
from controller.doors.cli.options.connection import store_option
from controller.doors.cli.options.names import items_of
from controller.doors.cli.options.output import OutputOptions, output_options
from controller.doors.cli.output.forms import Command, print_forms
from controller.doors.cli.output.plan_forms import PlanForms
from controller.doors.cli.output.release import plan_of_file
from controller.doors.cli.saved.plan_file import load_plan
from controller.doors.cli.status.compare import named_item, no_item, show_item
from controller.errors import ControllerError, Usage
from controller.model.plan import Kind
from controller.model.text import escape

DAY = 86_400.0


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the name of a file, or a KIND/NAME."""
    items = items_of(Kind.APP, Kind.SUBSCRIPTION)(ctx, param, incomplete)
    return [CompletionItem(incomplete, type="file"), *(CompletionItem(item) for item in items)]


@click.command()
@click.argument("what", metavar="FILE|KIND/NAME", type=click.Path(), shell_complete=_complete)
@paths_argument
@output_options("text", "json", "markdown")
@store_option
def command(*, what: str, paths: tuple[str, ...], printing: OutputOptions, store: str | None) -> int:
    """Show the plan in FILE, as `apply FILE` would do it, or an app or a subscription field by field.

    What is shown of a plan follows from the manifests in its file, which are checked like others. KIND/NAME
    shows what the manifests in PATHS declare beside what the last apply or run observed, and the last write:
    `=` is the same, `~` differs, `+` is not listed at Gupshup, `?` cannot be read or is not known.
    Nothing is sent to Gupshup.
    """
    is_file = Path(what).exists() or is_plan_file(what)
    named = None if is_file else named_item(what)
    if named is not None:
        show_item(named, paths, printing, store)
        return OK
    if paths:
        raise Usage(f"{what} is taken for a saved plan, and a plan holds its manifests: name no other file")
    if not is_file:
        raise ControllerError(no_item(what))
    _show_plan(what, printing)
    return OK


def _show_plan(file: str, printing: OutputOptions) -> None:
    printing.empty_files(file)
    saved, loaded = load_plan(file)
    shown = PlanForms(
        saved.plans,
        saved.revision,
        loaded.desired,
        since=dict(saved.since) or None,
        notes=tuple(_notes(saved)),
        about=_about(saved),
    )
    print_forms(printing, Command(plan_of_file(file, saved.since), (file,)), shown.render)
    if time.time() - saved.created > DAY:
        click.echo("Note: it is older than a day; `apply` refuses it without a larger --max-age.", err=True)


def _notes(saved: SavedPlan) -> Iterator[str]:
    yield f"Plan {saved.digest}, made at {timestamp(saved.created)}"
    if saved.since:
        yield escape(f"Since {saved.since['ref']} ({saved.since['commit'][:12]})")


def _about(saved: SavedPlan) -> dict[str, object]:
    return {"digest": saved.digest, "created": timestamp(saved.created), "upstreams": dict(saved.upstreams)}
