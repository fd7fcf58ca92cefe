"""Apply to every partner: what one request asks for, one pass after the other, and the report of it."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from controller.core.planning.changes.approval import AS_PLANNED, Approval
from controller.core.saved.saved_plan import SavedPlan
from controller.core.status.run_report import Report, converging, unfinished, with_left_out
from controller.doors.app import Runtime, open_session, open_writer
from controller.doors.cli.exits import CONVERGING, FAILED, HELD, INTERRUPTED, code_of, worst
from controller.doors.cli.output.partner_warnings import print_partner_warnings
from controller.doors.cli.output.report import Applied, AppliedPlan
from controller.doors.cli.partners import (
    Selection,
    decide_resend,
    for_each_partner,
    partners_of,
    pass_request,
)
from controller.doors.cli.saved.apply_plan import resume, saved_request, spend, spent
from controller.doors.cli.signals import on_end_signal
from controller.doors.cli.source.checks import Acceptance, refuse_source, refused_partners
from controller.doors.cli.source.load import Loaded
from controller.edges import streams
from controller.loop.admission import refuse_loss
from controller.loop.apply import OnProgress, PartnerRun, apply_until_settled, partner_run
from controller.loop.reconcile.state import PassRequest
from controller.loop.run.sign_ins import SignIns
from controller.model.manifest import Partner
from controller.model.plan import Outcome


@dataclass(frozen=True, slots=True)
class ApplyRequest:
    """What a person asked for. With *approvals* (by partner), only what they cover is done.

    *saved* is the plan whose file they are from.
    """

    loaded: Loaded
    selection: Selection
    approvals: Mapping[str, Approval] = field(default_factory=dict)
    saved: SavedPlan | None = None

    def pass_request(self, now: float, *, wait: bool) -> PassRequest:
        if self.saved is None:
            return pass_request(self.loaded, self.selection, now, wait=wait)
        return saved_request(self.saved, self.loaded.desired, now, wait=wait)


@dataclass(frozen=True, slots=True)
class WaitOptions:
    """The duration of a run, in seconds. *wait*: until everything is live and subscribed."""

    wait: bool
    timeout: float
    lock_timeout: float


async def apply_all(
    asked: ApplyRequest,
    runtime: Runtime,
    options: WaitOptions,
    on_progress: OnProgress,
    sign_ins: SignIns | None = None,
) -> Applied:
    """Apply to every partner, and close the store. An interruption ends the run early, with its report.

    *sign_ins* were made before. Raises Usage, PlanRefused or SourceError before anything is sent.
    """
    loaded, selection = asked.loaded, asked.selection
    accept, revisions = Acceptance(loaded, selection.released), runtime.store.revisions
    request = replace(asked.pass_request(runtime.clock.now(), wait=options.wait), accept=accept)
    runs = {each.name: partner_run(request, asked.approvals.get(each.name)) for each in partners_of(request)}
    before: Mapping[str, float] = {}
    sign_ins = sign_ins or SignIns(partial(open_session, runtime))
    interrupted = False

    async def apply_one(partner: Partner) -> None:
        timeout, sign_in = options.lock_timeout, sign_ins.sign_in
        async with open_writer(runtime, partner, lock_timeout=timeout, sign_in=sign_in) as account:
            run = runs[partner.name]
            if asked.saved is not None:
                await resume(runtime, asked.saved, account, run)
            if run.request.approval is None or asked.saved is not None:  # others saw them with the plan
                await print_partner_warnings(account)
            await refuse_loss(revisions, account.upstream, partner, loaded.desired, selection.released)
            run.request = await decide_resend(account, run.request, selection, runtime.environ)
            until = runtime.clock.now() + options.timeout
            await apply_until_settled(account, run, wait=options.wait, until=until, on_progress=on_progress)
            await accept(account)
            if asked.saved is not None:
                await spend(runtime, asked.saved, run, partner.name)

    async with cancelled_by_signals(), runtime.store, sign_ins:
        if asked.saved is not None:
            before = await spent(runtime, asked.saved)
            runs = {name: run for name, run in runs.items() if name not in before}
        await refuse_source(loaded, revisions, selection.released, sign_ins.account_of)
        try:
            partners = [each for each in partners_of(request) if each.name in runs]
            errors = await refused_partners(loaded, partners, sign_ins, revisions, selection.released)
            errors = errors or await for_each_partner(partners, apply_one)
            for name, error in errors.items():
                runs[name].error = error
        except asyncio.CancelledError:
            interrupted = True
    return _applied(asked, runs, before, wait=options.wait, interrupted=interrupted)


def _applied(
    asked: ApplyRequest,
    runs: Mapping[str, PartnerRun],
    before: Mapping[str, float],
    *,
    wait: bool,
    interrupted: bool,
) -> Applied:
    saved, parts = asked.saved, {name: run.report(name) for name, run in sorted(runs.items())}
    for plan in () if saved is None else saved.plans:
        if (name := plan.partner.name) not in before:
            parts[name] = with_left_out(parts.get(name, Report(name, looked=True)), plan)
    codes = {code for part in parts.values() for code in _codes(part, wait=wait)}
    codes |= {code_of(run.error) for run in runs.values() if run.error is not None}
    code = worst(codes | ({INTERRUPTED} if interrupted else set()))
    applied = Applied(asked.loaded.desired, tuple(parts.values()), runs, interrupted, code)
    return applied if saved is None else replace(applied, plan=AppliedPlan(saved.digest, before))


def _codes(part: Report, *, wait: bool) -> Iterable[int]:
    """Return every exit code that what one partner's run did calls for."""
    if part.held:
        yield HELD
    outcomes = {result.outcome for result in part.results if result.reason != AS_PLANNED}
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
