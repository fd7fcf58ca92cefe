"""`gupshupctl apply`: make the calls that close the gap, and tell what came of each."""

import asyncio
import json
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from controller.doors.cli.exits import ERROR, OK
from controller.doors.cli.options import chosen, digests, option, output, paths, terminal
from controller.doors.cli.reach import Duration, Reach, narrows, reaches
from controller.doors.cli.signals import answered
from controller.edges import streams
from controller.errors import StoreError, Usage
from controller.model.history import KeptReport

if TYPE_CHECKING:
    from controller.doors.app import Runtime
    from controller.doors.cli.applying import Applied, Patience
    from controller.doors.cli.fleet import Wish
    from controller.doors.cli.load import Loaded
    from controller.loop.apply import OnProgress


@click.command()
@paths
@output("text", "json")
@narrows
@option("--yes", is_flag=True, help="Do not ask; needed off a terminal.")
@option("--wait", is_flag=True, help="Go on until everything is live and subscribed.")
@option("--timeout", type=Duration(), default="45m", show_default=True, help="How long to go on at the most.")
@option("--release", multiple=True, metavar="DIGEST", help="Let through exactly what a guard held as DIGEST.")
@option("--resend", is_flag=True, help="In CI, over a new store: write once what cannot be read back, too.")
@option("--lock-timeout", type=Duration(), default="0", show_default=True, help="Wait for another writer.")
@reaches
def command(  # noqa: PLR0913  (one parameter an option, all by keyword)
    *,
    paths: tuple[str, ...],
    output: str,
    only: tuple[str, ...],
    labels: dict[str, str],
    yes: bool,
    wait: bool,
    timeout: float,
    release: tuple[str, ...],
    resend: bool,
    lock_timeout: float,
    reach: Reach,
) -> int:
    """Make the calls that close the gap between the manifests and Gupshup.

    Exit 0 where it is done (provisioning alone is no failure without --wait), 4 where a guard holds changes,
    5 where something failed or is blocked, 6 where it still converges, 7 for refused credentials, 8 where
    another writer is at work. The report is written however the run ends.
    """
    from controller.doors.cli.applying import Patience  # noqa: PLC0415  (what is heavy waits for its verb)
    from controller.doors.cli.fleet import Wish  # noqa: PLC0415  (likewise)
    from controller.doors.cli.load import load  # noqa: PLC0415  (likewise)

    loaded = load(chosen(paths))
    wish = Wish(only, labels, resend, digests(release))
    if not yes and (refused := _asked(loaded, wish, reach)):
        return refused
    return run(loaded, wish, reach, Patience(wait, timeout, lock_timeout), output)


def run(loaded: "Loaded", wish: "Wish", reach: Reach, patience: "Patience", output: str) -> int:
    """Apply with a display on stderr, print the report on stdout, and return the exit code."""
    from controller.doors.cli.progress import display  # noqa: PLC0415  (what is heavy waits for its verb)

    house = reach.open("apply", loaded.desired.revision)
    if house.store.new and house.environ.get("CI"):
        click.echo("Note: the store is new; what this run remembers holds within it alone.", err=True)
    with answered(streams.hurry):
        with display(live=terminal(sys.stderr), timeout=patience.timeout) as tell:
            applied = asyncio.run(_apply(loaded, wish, house, patience, tell))
        show(applied, output, house, reach)
    return applied.code


async def _apply(
    loaded: "Loaded", wish: "Wish", house: "Runtime", patience: "Patience", tell: "OnProgress"
) -> "Applied":
    from controller.doors.cli.applying import apply_all  # noqa: PLC0415  (what is heavy waits for its verb)

    with suppress(StoreError):  # where it matters, the run itself says so
        await house.store.reports.forget()
    return await apply_all(loaded, wish, house, patience, tell)


def _asked(loaded: "Loaded", wish: "Wish", reach: Reach) -> int:
    """Show the plan and ask, where a run may write; return the code to end with, OK for a yes.

    All of it goes to stderr: stdout is for the report. Raises Usage where nobody is there to answer.
    """
    from controller.core.render.plans import plan_text  # noqa: PLC0415  (what is heavy waits for its verb)
    from controller.doors.cli.surveying import survey_all  # noqa: PLC0415  (likewise)

    if not (terminal(sys.stdin) and terminal(sys.stderr)):
        raise Usage("apply asks before it writes, and nobody can answer here; say --yes")
    house = reach.open("apply", loaded.desired.revision)
    found = asyncio.run(survey_all(loaded, wish, house, timeout=300))
    if found.errors:
        for name, error in found.errors.items():
            click.echo(f"Error: partner {name}: {error}", err=True)
        click.echo("Nothing was changed: what cannot be planned cannot be asked about.", err=True)
        return found.code
    click.echo(plan_text(found.plans, found.revision), err=True)
    if not any(plan.actions or plan.waiting for plan in found.plans) or _says_yes():
        return OK
    click.echo("Cancelled; nothing was changed.", err=True)
    return ERROR


def _says_yes() -> bool:
    click.echo("Apply this? [y/N]: ", nl=False, err=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def show(applied: "Applied", output: str, house: "Runtime", reach: Reach) -> None:
    """Print what came of a run: the report on stdout, or kept in the store; what ended it on stderr."""
    from controller.doors.cli.keeping import keep  # noqa: PLC0415  (what is heavy waits for its verb)

    text = _text(applied, output)
    click.echo(text)
    if why := streams.unprinted():
        revision, at = applied.revision, house.clock.now()
        keep(reach.store, KeptReport(at, house.who, revision, applied.code, why, output, text))
    _tell_errors(applied)


def _text(applied: "Applied", output: str) -> str:
    from controller.core.render.reports import report_document, report_text  # noqa: PLC0415  (heavy)
    from controller.core.render.tables import status_table  # noqa: PLC0415  (heavy)

    if output == "json":
        document = report_document(
            applied.parts, applied.revision, interrupted=applied.interrupted, source=applied.source
        )
        return json.dumps(document, indent=2, ensure_ascii=False)
    statuses = [each for run in applied.runs.values() for each in run.statuses]
    text = report_text(applied.parts, applied.revision, interrupted=applied.interrupted)
    return f"{text}\n\n{status_table(statuses)}" if statuses else text


def _tell_errors(applied: "Applied") -> None:
    if applied.source is not None:
        click.echo(f"Error: the source is rejected: {applied.source.error}", err=True)
    for part in applied.parts:
        if part.error:
            click.echo(f"Error: partner {part.partner}: {part.error}", err=True)
    if applied.interrupted:
        click.echo("Interrupted: run it again, it goes on from there.", err=True)
