"""`gupshupctl apply`: the calls that close the gap between the manifests and Gupshup, and their report."""

import asyncio
import sys
import time
from contextlib import suppress
from dataclasses import replace

import click

from controller.core.planning.changes.approval import approval_of
from controller.core.render.entries.view import View
from controller.core.render.plans import plan_text
from controller.core.saved.document import refuse_age
from controller.core.saved.saved_plan import SavedPlan
from controller.doors.app import Runtime
from controller.doors.cli.apply_all import ApplyRequest, WaitOptions, apply_all
from controller.doors.cli.options.arguments import is_plan_file, paths_argument, paths_or_default
from controller.doors.cli.options.connection import (
    ConnectionOptions,
    connection_options,
    lock_timeout_option,
)
from controller.doors.cli.options.mirrored import option
from controller.doors.cli.options.output import OutputOptions, output_options
from controller.doors.cli.options.selection import scope_words, selection_options
from controller.doors.cli.options.values import Duration, digests
from controller.doors.cli.output.forms import Command, is_terminal
from controller.doors.cli.output.progress import display
from controller.doors.cli.output.release import apply_again, plan_of_file, print_unknown
from controller.doors.cli.output.report import Applied, ReportOptions, print_report
from controller.doors.cli.partners import Selection
from controller.doors.cli.plan import PartnerPlans, plan_all, print_plan_errors
from controller.doors.cli.saved.apply_plan import approvals_of, verb_of_run
from controller.doors.cli.saved.plan_file import load_plan
from controller.doors.cli.signals import on_end_signal
from controller.doors.cli.source.load import Loaded, load
from controller.edges import streams
from controller.errors import PlanFileError, StoreError, Usage
from controller.loop.apply import OnProgress


@click.command()
@paths_argument
@output_options("text", "json", "markdown", "github")
@selection_options
@option("--yes", is_flag=True, help="Do not ask. Needed without a terminal.")
@option("--wait", is_flag=True, help="Wait until everything is live and subscribed.")
@option("--timeout", type=Duration(), default="45m", show_default=True, help="Stop waiting after this long.")
@option(
    "--release",
    multiple=True,
    metavar="DIGEST",
    help="Allow exactly the changes that a guard held as DIGEST.",
)
@option("--resend", is_flag=True, help="In CI with a new store: also write once what cannot be read back.")
@lock_timeout_option
@option(
    "--max-age",
    type=Duration(),
    default="24h",
    show_default=True,
    help="Refuse a saved plan that is older.",
)
@connection_options
def command(  # noqa: PLR0913  (one parameter an option, all by keyword)
    *,
    paths: tuple[str, ...],
    printing: OutputOptions,
    only: tuple[str, ...],
    labels: dict[str, str],
    yes: bool,
    wait: bool,
    timeout: float,
    release: tuple[str, ...],
    resend: bool,
    lock_timeout: float,
    max_age: float,
    connection: ConnectionOptions,
) -> int:
    """Make the calls that close the gap between the manifests and Gupshup.

    PATHS may be one file that `plan --out` saved: then exactly that plan is done, without a question.

    Exit 0 if all is done (without --wait, provisioning may go on), 4 if a guard holds changes, 5 if something
    failed or is blocked, 6 if it still converges, 7 for refused credentials, 8 if another writer is at work.
    The report is printed however the run ends.
    """
    printing.empty_files(*paths)
    options = WaitOptions(wait, timeout, lock_timeout)
    selection = Selection(only, labels, resend, digests(release))
    if len(paths) == 1 and is_plan_file(paths[0]):
        if selection != Selection():
            raise Usage(
                "a saved plan holds what is done: --only, -l, --release and --resend belong to `plan`"
            )
        saved, asked = _saved(paths[0], max_age)
        report = ReportOptions(printing, Command(plan_of_file(paths[0], saved.since)))
        return run(asked, connection, options, report)
    loaded = load(paths_or_default(paths))
    asked = ApplyRequest(loaded, selection)
    command = Command(apply_again(selection.released), scope_words(paths, only, labels))
    report = ReportOptions(printing, command)
    if not yes:
        planned = _ask(loaded, selection, connection, report.view_of(sys.stderr))
        if planned.code:
            return planned.code
        approvals = {plan.partner.name: approval_of(plan) for plan in planned.plans}
        asked = replace(asked, approvals=approvals)
    return run(asked, connection, options, report)


def _saved(path: str, max_age: float) -> tuple[SavedPlan, ApplyRequest]:
    """Return the plan in the file and the request to do it.

    Raises PlanFileError if it is older than *max_age* seconds.
    """
    saved, loaded = load_plan(path)
    try:
        refuse_age(saved.created, time.time(), max_age)
    except PlanFileError as error:
        raise PlanFileError(f"{path}: {error}") from None
    return saved, ApplyRequest(loaded, Selection(resend=True), approvals_of(saved), saved)


def run(
    asked: ApplyRequest, connection: ConnectionOptions, options: WaitOptions, report: ReportOptions
) -> int:
    """Apply, with the progress on stderr and the report on stdout, and return the exit code."""
    verb = "apply" if asked.saved is None else verb_of_run(asked.saved)
    runtime = connection.open(verb, asked.loaded.desired.revision)
    if runtime.store.new and runtime.environ.get("CI"):
        click.echo("Note: the store is new: this run knows nothing of earlier runs.", err=True)
    with on_end_signal(streams.hurry):
        with display(live=is_terminal(sys.stderr), timeout=options.timeout) as on_progress:
            applied = asyncio.run(_apply(asked, runtime, options, on_progress))
        if applied.whole and not asked.approvals:  # whoever approved was told with the plan
            print_unknown(asked.selection.released)
        print_report(applied, report, runtime, connection.store)
    return applied.code


async def _apply(
    asked: ApplyRequest, runtime: Runtime, options: WaitOptions, on_progress: OnProgress
) -> Applied:
    with suppress(StoreError):  # if it matters, the run itself meets the same error
        await runtime.store.reports.forget()
    return await apply_all(asked, runtime, options, on_progress)


def _ask(loaded: Loaded, selection: Selection, connection: ConnectionOptions, view: View) -> PartnerPlans:
    """Show the plan on stderr and ask. Return the plan, whose code is OK only for a yes.

    Raises Usage if there is no terminal, where a person could answer.
    """
    if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        raise Usage("apply asks before it writes, and there is no terminal to answer on: use --yes")
    runtime = connection.open("apply", loaded.desired.revision)
    planned = asyncio.run(plan_all(loaded, selection, runtime, seconds=300))
    if planned.errors or planned.refusal:
        print_plan_errors(planned)
        click.echo("Nothing was changed: apply asks only about a plan of every partner.", err=True)
        return planned
    click.echo(plan_text(planned.plans, planned.revision, view), err=True)
    if not any(plan.actions or plan.waiting for plan in planned.plans) or _says_yes():
        return planned
    click.echo("Cancelled; nothing was changed.", err=True)
    return replace(planned, cancelled=True)


def _says_yes() -> bool:
    click.echo("Apply this? [y/N]: ", nl=False, err=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
