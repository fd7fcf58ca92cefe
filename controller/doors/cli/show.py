"""`gupshupctl show`: a saved plan, made anew from what its file holds. It opens no socket and no store."""

import json
import time

import click

from controller.core.render.plans import plan_document, plan_text
from controller.core.timestamp import timestamp
from controller.doors.cli.options.arguments import output_option
from controller.doors.cli.saved.plan_file import load_plan
from controller.model.saved_plan import SavedPlan
from controller.model.text import escape

DAY = 86_400.0


@click.command()
@click.argument("file", metavar="FILE", type=click.Path())
@output_option("text", "json")
def command(*, file: str, output: str) -> None:
    """Show the plan in FILE, as `apply FILE` would do it.

    What is shown follows from the manifests in the file, which are checked like others.
    """
    saved = load_plan(file).saved
    since = dict(saved.since) or None
    if output == "json":
        document = {**plan_document(saved.plans, saved.revision, since), **_about(saved)}
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    click.echo(f"Plan {saved.digest}, made at {timestamp(saved.created)}")
    if saved.since:
        click.echo(escape(f"Since {saved.since['ref']} ({saved.since['commit'][:12]})"))
    click.echo()
    click.echo(plan_text(saved.plans, saved.revision))
    if time.time() - saved.created > DAY:
        click.echo("Note: it is older than a day; `apply` refuses it without a larger --max-age.", err=True)


def _about(saved: SavedPlan) -> dict[str, object]:
    return {"digest": saved.digest, "created": timestamp(saved.created), "upstreams": dict(saved.upstreams)}
