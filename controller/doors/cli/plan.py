"""`gupshupctl plan`: what apply would do. Its client sends GET requests and sign-ins, and cannot write."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

import click

from controller.core.account.facts import LINK_OBSTACLES
from controller.core.decode.files import FileMemo
from controller.core.planning.actions import TOO_MANY_SUBSCRIPTIONS
from controller.core.planning.changes.findings import PlanFinding, blocked_by_change, findings, unread
from controller.core.planning.foreign import FOREIGN_WEBHOOK
from controller.core.planning.source_guard import join_refusals, noted
from controller.core.planning.subscriptions import UNAVAILABLE
from controller.core.render.held import path_word
from controller.core.render.plans import summary_words
from controller.doors.app import Runtime, open_reader
from controller.doors.cli.exits import ERROR, code_of, worst
from controller.doors.cli.options.arguments import paths_argument, paths_or_default
from controller.doors.cli.options.connection import ConnectionOptions, connection_options
from controller.doors.cli.options.failures import code_for, detailed_option, fail_on_option, failing
from controller.doors.cli.options.mirrored import option
from controller.doors.cli.options.output import OutputOptions, output_options
from controller.doors.cli.options.selection import scope_words, selection_options
from controller.doors.cli.options.since import chosen, since_option
from controller.doors.cli.options.values import Duration, digests
from controller.doors.cli.output.forms import Command, print_forms
from controller.doors.cli.output.partner_warnings import print_partner_warnings
from controller.doors.cli.output.plan_forms import PlanForms
from controller.doors.cli.output.progress import wait_lines
from controller.doors.cli.output.release import plan_again, print_unknown
from controller.doors.cli.partners import (
    Selection,
    decide_resend,
    for_each_partner,
    partners_of,
    pass_request,
)
from controller.doors.cli.saved.plan_file import prepare_plan_file, save_plan, saved_plan
from controller.doors.cli.source.changed import SourceChange, change_since
from controller.doors.cli.source.checks import refuse_source
from controller.doors.cli.source.load import Loaded, load
from controller.errors import ControllerError, PlanRefused
from controller.loop.admission import refuse_loss
from controller.loop.apply import PartnerRun, plan_when_observed
from controller.model.manifest import Partner
from controller.model.plan import Plan

_FAILING = frozenset({UNAVAILABLE, FOREIGN_WEBHOOK, TOO_MANY_SUBSCRIPTIONS, *map(str, LINK_OBSTACLES)})
"""Reasons that fail a plan: what is declared, the account, or the operator's own policy blocks the change."""


@click.command()
@paths_argument
@output_options("text", "json", "markdown", "github")
@selection_options
@since_option
@option("--out", metavar="FILE", help="Save the plan, for `apply FILE`. Its name ends in .json.")
@option("--release", multiple=True, metavar="DIGEST", help="Plan as if DIGEST were released.")
@option("--resend", is_flag=True, help="In CI with a new store: also plan to write what cannot be read back.")
@detailed_option
@fail_on_option
@option(
    "--timeout",
    type=Duration(),
    default="5m",
    show_default=True,
    help="Stop waiting for Gupshup's limits after this long.",
)
@connection_options
def command(  # noqa: PLR0913  (one parameter an option, all by keyword)
    *,
    paths: tuple[str, ...],
    printing: OutputOptions,
    only: tuple[str, ...],
    labels: dict[str, str],
    since: str | None,
    out: str | None,
    release: tuple[str, ...],
    resend: bool,
    detailed_exitcode: bool,
    fail_on: frozenset[PlanFinding] | None,
    timeout: float,
    connection: ConnectionOptions,
) -> int:
    """Show what apply would do, without doing it.

    Exit 0 with or without changes, 2 for changes with --detailed-exitcode, 3 for invalid manifests, 4 if a
    guard holds changes or refuses the source, 5 if the value of a header is not available, the account may
    not link apps, an app has no room for a subscription, or a foreign webhook blocks its changes, 7 for
    refused credentials. What is blocked for any other reason is shown, and fails the plan (5) only with
    --detailed-exitcode or --fail-on.
    """
    named = paths_or_default(paths)
    printing.empty_files(*named, out)
    if out is not None:
        prepare_plan_file(out)
    memo: FileMemo = {}
    loaded, revision = load(named, memo), chosen(since, os.environ)
    change = None if revision is None else asyncio.run(change_since(revision, named, loaded, memo))
    runtime = connection.open("plan", loaded.desired.revision, read_only=True)
    selection = Selection(only, labels, resend, digests(release))
    planned = asyncio.run(plan_all(loaded, selection, runtime, seconds=timeout, change=change))
    again = plan_again(selection.released, since or (None if change is None else change.ref))
    _print(planned, printing, Command(again, scope_words(paths, only, labels)), loaded)
    if out is not None:
        _save(out, planned, loaded, runtime.clock.now(), whole=not (only or labels))
    found = _findings(planned.plans, anything=detailed_exitcode or fail_on is not None)
    return planned.code or code_for(found & failing(fail_on, detailed=detailed_exitcode))


@dataclass(frozen=True, slots=True)
class PartnerPlans:
    """The plans of all partners that could be observed, and the *errors* of the others, by name.

    *refusal* is why nothing of them is done, None if the source is not refused. *cancelled*: a person saw
    them and said no. *change* is what they are about, None for everything. *upstreams* are the accounts.
    """

    revision: str
    plans: tuple[Plan, ...]
    errors: Mapping[str, ControllerError]
    cancelled: bool = False
    change: SourceChange | None = None
    upstreams: Mapping[str, str] = field(default_factory=dict)
    refusal: PlanRefused | None = None

    @property
    def code(self) -> int:
        if self.cancelled:
            return ERROR
        refused = () if self.refusal is None else (self.refusal,)
        return worst(code_of(error) for error in (*refused, *self.errors.values()))


async def plan_all(
    loaded: Loaded,
    selection: Selection,
    runtime: Runtime,
    *,
    seconds: float,
    change: SourceChange | None = None,
) -> PartnerPlans:
    """Plan for every partner that *change* is about, within *seconds*, and close the store.

    A source that lost too much is planned as if it were released. Raises Usage, PlanRefused or SourceError if
    no plan can be shown at all.
    """
    touched = None if change is None else change.touched
    request = pass_request(loaded, selection, runtime.clock.now(), touched=touched)
    plans: dict[str, Plan] = {}
    upstreams: dict[str, str] = {}
    refusals: list[PlanRefused] = []

    async def plan_one(partner: Partner) -> None:
        async with open_reader(runtime, partner) as account:
            await print_partner_warnings(account)
            revisions, desired = runtime.store.revisions, loaded.desired
            upstreams[partner.name] = account.upstream
            with noted(refusals):
                await refuse_loss(revisions, account.upstream, partner, desired, selection.released)
            run = PartnerRun(await decide_resend(account, request, selection, runtime.environ))
            until = runtime.clock.now() + seconds
            plans[partner.name] = await plan_when_observed(
                account, run, until=until, on_progress=_print_waits
            )

    async with runtime.store:
        account_of = partial(_account_of, runtime)
        with noted(refusals):
            await refuse_source(loaded, runtime.store.revisions, selection.released, account_of)
        errors = await for_each_partner(partners_of(request), plan_one)
    await asyncio.to_thread(loaded.refuse_changed)
    if not errors:
        print_unknown(selection.released)
    shown = tuple(plans[name] for name in sorted(plans))
    change = None if change is None else change.selected(request.request.only)
    planned = PartnerPlans(loaded.desired.revision, shown, errors, change=change, upstreams=upstreams)
    return replace(planned, refusal=join_refusals(refusals) if refusals else None)


async def _account_of(runtime: Runtime, partner: Partner) -> str | None:
    """Sign in, and return the account of *partner*; None if that fails now."""
    with suppress(ControllerError):
        async with open_reader(runtime, partner) as account:
            return account.upstream
    return None


def _save(path: str, planned: PartnerPlans, loaded: Loaded, now: float, *, whole: bool) -> None:
    """Save the plan, if it is one of every partner. Raises ControllerError if it cannot be written."""
    if planned.errors or planned.refusal:
        why = "only a plan of every partner is" if planned.errors else "its source is refused"
        click.echo(f"Not saved as {path}: {why}.", err=True)
        return
    since = {} if planned.change is None else planned.change.document
    saved = saved_plan(planned.plans, loaded, planned.upstreams, now, whole=whole)
    digest = save_plan(path, replace(saved, since=since))
    click.echo(f"Saved as {path}, {digest}. To do exactly this: gupshupctl apply {path_word(path)}", err=True)


def _print_waits(run: PartnerRun) -> None:
    for line in wait_lines(run):
        click.echo(line, err=True)


def _print(planned: PartnerPlans, printing: OutputOptions, command: Command, loaded: Loaded) -> None:
    change, errors = planned.change, {name: str(error) for name, error in planned.errors.items()}
    shown = PlanForms(
        planned.plans,
        planned.revision,
        loaded.desired,
        errors,
        since=None if change is None else change.document,
        notes=() if change is None else (str(change),),
        refusal=planned.refusal,
    )
    print_forms(printing, command, shown.render)
    if printing.output == "github":
        click.echo(f"Plan: {summary_words(planned.plans)}.", err=True)
    _print_unread(planned.plans)
    print_plan_errors(planned)


def _print_unread(plans: Sequence[Plan]) -> None:
    counts = unread(plans)
    if counts:
        listed = ", ".join(f"{count} {word}" for word, count in sorted(counts.items()))
        known = (
            "the state of 1 item is" if counts.total() == 1 else f"the states of {counts.total()} items are"
        )
        click.echo(f"Note: {known} not known, so the plan may lack changes: {listed}", err=True)


def print_plan_errors(planned: PartnerPlans) -> None:
    if planned.refusal is not None:
        click.echo(f"Error: {planned.refusal}", err=True)
    for name, error in planned.errors.items():
        click.echo(f"Error: partner {name}: {error}", err=True)


def _findings(plans: Sequence[Plan], *, anything: bool) -> frozenset[PlanFinding]:
    """Return the findings. What Gupshup itself blocks counts only if *anything* that is blocked counts."""
    found = findings(plans)
    reasons = {each.reason for plan in plans for each in blocked_by_change(plan)}
    return found if anything or reasons & _FAILING else found - {PlanFinding.BLOCKED}
