"""`gupshupctl apply`: the calls that close the gap between the manifests and Gupshup, and their report."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TextIO

import click

from controller.core.render.plans import plan_text
from controller.core.status.run_report import Report, converging, unfinished
from controller.doors.app import Runtime, open_session, open_writer
from controller.doors.cli.exits import CONVERGING, ERROR, FAILED, HELD, INTERRUPTED, OK, code_of, worst
from controller.doors.cli.options.arguments import output_option, paths_argument, paths_or_default
from controller.doors.cli.options.connection import ConnectionOptions, connection_options
from controller.doors.cli.options.mirrored import option
from controller.doors.cli.options.selection import selection_options
from controller.doors.cli.options.values import Duration, digests
from controller.doors.cli.output.partner_warnings import print_partner_warnings
from controller.doors.cli.output.progress import display
from controller.doors.cli.output.report import Applied, print_report
from controller.doors.cli.partners import (
    Selection,
    decide_resend,
    for_each_partner,
    partners_of,
    pass_request,
)
from controller.doors.cli.plan import plan_all, print_plan_errors
from controller.doors.cli.signals import on_end_signal
from controller.doors.cli.source.checks import Acceptance, refuse_source, refused_partners
from controller.doors.cli.source.load import Loaded, load
from controller.edges import streams
from controller.errors import StoreError, Usage
from controller.loop.admission import refuse_loss
from controller.loop.apply import OnProgress, PartnerRun, apply_until_settled
from controller.loop.run.sign_ins import SignIns
from controller.model.manifest import Partner
from controller.model.plan import Outcome


@click.command()
@paths_argument
@output_option("text", "json")
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
@option(
    "--lock-timeout",
    type=Duration(),
    default="0",
    show_default=True,
    help="Wait this long for another writer.",
)
@connection_options
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
    connection: ConnectionOptions,
) -> int:
    """Make the calls that close the gap between the manifests and Gupshup.

    Exit 0 if all is done (without --wait, provisioning may go on), 4 if a guard holds changes, 5 if something
    failed or is blocked, 6 if it still converges, 7 for refused credentials, 8 if another writer is at work.
    The report is printed however the run ends.
    """
    loaded = load(paths_or_default(paths))
    selection = Selection(only, labels, resend, digests(release))
    if not yes and (refused := _ask(loaded, selection, connection)):
        return refused
    return run(loaded, selection, connection, WaitOptions(wait, timeout, lock_timeout), output)


@dataclass(frozen=True, slots=True)
class WaitOptions:
    """The duration of a run, in seconds. *wait*: until everything is live and subscribed."""

    wait: bool
    timeout: float
    lock_timeout: float


def run(
    loaded: Loaded, selection: Selection, connection: ConnectionOptions, options: WaitOptions, output: str
) -> int:
    """Apply, with the progress on stderr and the report on stdout, and return the exit code."""
    runtime = connection.open("apply", loaded.desired.revision)
    if runtime.store.new and runtime.environ.get("CI"):
        click.echo("Note: the store is new: this run knows nothing of earlier runs.", err=True)
    with on_end_signal(streams.hurry):
        with display(live=_is_terminal(sys.stderr), timeout=options.timeout) as on_progress:
            applied = asyncio.run(_apply(loaded, selection, runtime, options, on_progress))
        print_report(applied, output, runtime, connection.store)
    return applied.code


async def _apply(
    loaded: Loaded, selection: Selection, runtime: Runtime, options: WaitOptions, on_progress: OnProgress
) -> Applied:
    with suppress(StoreError):  # if it matters, the run itself meets the same error
        await runtime.store.reports.forget()
    return await apply_all(loaded, selection, runtime, options, on_progress)


def _ask(loaded: Loaded, selection: Selection, connection: ConnectionOptions) -> int:
    """Show the plan on stderr and ask. Return OK for a yes, else the exit code.

    Raises Usage if there is no terminal, where a person could answer.
    """
    if not (_is_terminal(sys.stdin) and _is_terminal(sys.stderr)):
        raise Usage("apply asks before it writes, and there is no terminal to answer on: use --yes")
    runtime = connection.open("apply", loaded.desired.revision)
    planned = asyncio.run(plan_all(loaded, selection, runtime, seconds=300))
    if planned.errors:
        print_plan_errors(planned)
        click.echo("Nothing was changed: apply asks only about a plan of every partner.", err=True)
        return planned.code
    click.echo(plan_text(planned.plans, planned.revision), err=True)
    if not any(plan.actions or plan.waiting for plan in planned.plans) or _says_yes():
        return OK
    click.echo("Cancelled; nothing was changed.", err=True)
    return ERROR


def _is_terminal(stream: TextIO | None) -> bool:
    """Return whether a person can see or use *stream*, which is None if the caller closed it."""
    return stream is not None and stream.isatty()


def _says_yes() -> bool:
    click.echo("Apply this? [y/N]: ", nl=False, err=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


async def apply_all(
    loaded: Loaded,
    selection: Selection,
    runtime: Runtime,
    options: WaitOptions,
    on_progress: OnProgress,
    sign_ins: SignIns | None = None,
) -> Applied:
    """Apply to every partner, and close the store. An interruption ends the run early, with its report.

    *sign_ins* were made before. Raises Usage, PlanRefused or SourceError before anything is sent.
    """
    accept, revisions = Acceptance(loaded, selection.released), runtime.store.revisions
    asked = pass_request(loaded, selection, runtime.clock.now(), wait=options.wait)
    request = replace(asked, accept=accept)
    runs = {partner.name: PartnerRun(request) for partner in partners_of(request)}
    sign_ins = sign_ins or SignIns(partial(open_session, runtime))
    interrupted = False

    async def apply_one(partner: Partner) -> None:
        timeout, sign_in = options.lock_timeout, sign_ins.sign_in
        async with open_writer(runtime, partner, lock_timeout=timeout, sign_in=sign_in) as account:
            await print_partner_warnings(account)
            await refuse_loss(revisions, account.upstream, partner, loaded.desired, selection.released)
            run = runs[partner.name]
            run.request = await decide_resend(account, request, selection, runtime.environ)
            until = runtime.clock.now() + options.timeout
            await apply_until_settled(account, run, wait=options.wait, until=until, on_progress=on_progress)
            await accept(account)

    async with cancelled_by_signals(), runtime.store, sign_ins:
        await refuse_source(loaded, revisions, selection.released, sign_ins.account_of)
        try:
            partners = partners_of(request)
            errors = await refused_partners(loaded, partners, sign_ins, revisions, selection.released)
            errors = errors or await for_each_partner(partners, apply_one)
            for name, error in errors.items():
                runs[name].error = error
        except asyncio.CancelledError:
            interrupted = True
    return _applied(loaded.desired.revision, runs, wait=options.wait, interrupted=interrupted)


def _applied(revision: str, runs: dict[str, PartnerRun], *, wait: bool, interrupted: bool) -> Applied:
    parts = {name: run.report(name) for name, run in sorted(runs.items())}
    codes = {code for name, part in parts.items() for code in _codes(part, runs[name].error, wait=wait)}
    code = worst(codes | ({INTERRUPTED} if interrupted else set()))
    return Applied(revision, tuple(parts.values()), runs, interrupted, code)


def _codes(part: Report, error: Exception | None, *, wait: bool) -> Iterable[int]:
    """Return every exit code that one partner's part of a run calls for."""
    if error is not None:
        yield code_of(error)
    if part.held:
        yield HELD
    outcomes = {result.outcome for result in part.results}
    if part.blocked or outcomes & {Outcome.FAILED, Outcome.STALE}:
        yield FAILED
    if Outcome.UNCLEAR in outcomes or converging(part) or (wait and unfinished(part)):
        yield CONVERGING


@asynccontextmanager
async def cancelled_by_signals() -> AsyncIterator[None]:
    """Let the first end signal cancel the run, as Ctrl-C does. Later signals cut its end no shorter."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def cancel() -> None:
        if task is not None and not task.cancelling():
            task.cancel()

    def end() -> None:
        streams.hurry()
        loop.call_soon_threadsafe(cancel)

    with on_end_signal(end):
        yield
