"""`gupshupctl show`: a saved plan, made anew from what its file holds. It opens no socket and no store."""

import time
from collections.abc import Iterator

import click

from controller.core.saved.saved_plan import SavedPlan
from controller.core.timestamp import timestamp
from controller.doors.cli.exits import OK
from controller.doors.cli.options.output import OutputOptions, output_options
from controller.doors.cli.output.forms import Command, print_forms
from controller.doors.cli.output.plan_forms import PlanForms
from controller.doors.cli.output.release import plan_of_file
from controller.doors.cli.saved.plan_file import load_plan
from controller.model.text import escape

DAY = 86_400.0


@click.command()
@click.argument("file", metavar="FILE", type=click.Path())
@output_options("text", "json", "markdown")
def command(*, file: str, printing: OutputOptions) -> int:
    """Show the plan in FILE, as `apply FILE` would do it.

    What is shown follows from the manifests in the file, which are checked like others.
    """
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
    return OK


def _notes(saved: SavedPlan) -> Iterator[str]:
    yield f"Plan {saved.digest}, made at {timestamp(saved.created)}"
    if saved.since:
        yield escape(f"Since {saved.since['ref']} ({saved.since['commit'][:12]})")


def _about(saved: SavedPlan) -> dict[str, object]:
    return {"digest": saved.digest, "created": timestamp(saved.created), "upstreams": dict(saved.upstreams)}
