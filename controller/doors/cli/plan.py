"""`gupshupctl plan`: what apply would do. GET and sign-in calls only: its client cannot write."""

import asyncio
import json
from typing import TYPE_CHECKING

import click

from controller.doors.cli.exits import CHANGES, FAILED, HELD, OK
from controller.doors.cli.options import chosen, option, output, paths
from controller.doors.cli.reach import Duration, Reach, narrows, reaches

if TYPE_CHECKING:
    from controller.doors.cli.fleet import Wish
    from controller.doors.cli.load import Loaded
    from controller.doors.cli.surveying import Surveyed


@click.command()
@paths
@output("text", "json")
@narrows
@option(
    "--resend", is_flag=True, help="In CI, over a new store: plan to write what cannot be read back, too."
)
@option("--detailed-exitcode", is_flag=True, help="Exit 2 where there is something to do.")
@option("--timeout", type=Duration(), default="5m", show_default=True, help="How long to wait for budgets.")
@reaches
def command(  # noqa: PLR0913  (one parameter an option, all by keyword)
    *,
    paths: tuple[str, ...],
    output: str,
    only: tuple[str, ...],
    labels: dict[str, str],
    resend: bool,
    detailed_exitcode: bool,
    timeout: float,
    reach: Reach,
) -> int:
    """Show what apply would do, without doing it.

    Exit 0 with or without changes, 2 for changes with --detailed-exitcode, 3 for invalid manifests, 4 where
    a guard holds changes or refuses the source, 5 where a header's value cannot be had, 7 for refused
    credentials. What is blocked for any other reason is shown, and is no failure of a plan.
    """
    from controller.doors.cli.fleet import Wish  # noqa: PLC0415  (what is heavy waits for its verb)
    from controller.doors.cli.load import load  # noqa: PLC0415  (likewise)

    loaded = load(chosen(paths))
    found = _survey(loaded, Wish(only, labels, resend), reach, timeout)
    _show(found, output)
    if found.code != OK:
        return found.code
    return _code(found, detailed=detailed_exitcode)


def _code(found: "Surveyed", *, detailed: bool) -> int:
    """Return what a plan ends with: what is blocked at Gupshup is told, and fails nobody's change."""
    from controller.core.planning.subscriptions import UNAVAILABLE  # noqa: PLC0415  (what is heavy waits for its verb)

    if any(plan.held for plan in found.plans):
        return HELD
    if any(each.reason == UNAVAILABLE for plan in found.plans for each in plan.blocked):
        return FAILED
    return CHANGES if detailed and any(plan.actions for plan in found.plans) else OK


def _survey(loaded: "Loaded", wish: "Wish", reach: Reach, timeout: float) -> "Surveyed":
    from controller.doors.cli.surveying import survey_all  # noqa: PLC0415  (what is heavy waits for its verb)

    house = reach.open("plan", loaded.desired.revision, looks=True)
    return asyncio.run(survey_all(loaded, wish, house, timeout=timeout))


def _show(found: "Surveyed", output: str) -> None:
    from controller.core.render.plans import plan_document, plan_text  # noqa: PLC0415  (likewise)

    if output == "json":
        errors = [{"partner": name, "message": str(error)} for name, error in found.errors.items()]
        document = {**plan_document(found.plans, found.revision), "errors": errors}
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    elif found.plans or not found.errors:
        click.echo(plan_text(found.plans, found.revision))
    for name, error in found.errors.items():
        click.echo(f"Error: partner {name}: {error}", err=True)
