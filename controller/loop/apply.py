"""Pass after pass over one partner, until nothing is left that this run could wait for."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from controller.core.planning.guard import Change
from controller.core.render.statuses import document, read_documents
from controller.core.schedule.next_pass import RunContext, next_pass, poll
from controller.core.schedule.quiet import QuietPasses
from controller.core.status.conditions import statuses
from controller.core.status.run_report import Report, report
from controller.errors import Busy, ControllerError, Denied, OutOfTime, Unclear
from controller.loop.ports import Account, Reader, Writer
from controller.loop.reconcile.observe import listed
from controller.loop.reconcile.reconcile import decide, reconcile
from controller.loop.reconcile.state import PassRequest, PassState
from controller.model.plan import Plan, Result, WaitFor
from controller.model.status import Status

MOST_FAILED_PASSES = 5
"""Passes in a row that may fail before a run without `--wait` gives up."""

TRIES = 3
"""Looks that a plan tries before it gives up."""

LEAST = 0.001
"""Seconds that a wait takes at least, so that a moment between two ticks of a clock is not asked for ever."""


@dataclass(slots=True)
class PartnerRun:
    """One partner's part of a run, filled while it goes on, so that a run cut short still tells.

    *results* holds the last result of each change; *error* what ended the last pass, None after a good one;
    *failures*, *denials* and *quiet* passes are counted in a row. *statuses* show every declared resource
    after the last pass, *pause* is for how many seconds the next pass waits.
    """

    request: PassRequest
    state: PassState = field(default_factory=PassState)
    results: dict[Change, Result] = field(default_factory=dict)
    error: ControllerError | None = None
    failures: int = 0
    denials: int = 0
    quiet: QuietPasses = field(default_factory=QuietPasses)
    pause: float = 0.0
    statuses: tuple[Status, ...] = ()

    def report(self, name: str) -> Report:
        """Return what this run came to for the partner *name*, at whatever point it is."""
        self.absorb()
        error = "" if self.error is None else str(self.error)
        if self.state.plan is None:
            return Report(name, error=error)
        ids = {status.item: status.app_id for status in self.statuses}
        return replace(report(self.state.plan, self.state.outcomes, self.results, ids), error=error)

    def absorb(self) -> None:
        """Take over the results of the pass that is under way or just ended."""
        for key, said in self.state.outcomes.items():
            if isinstance(said, Result):
                self.results[key] = said


OnProgress = Callable[[PartnerRun], None]


async def apply_until_settled(
    account: Account[Writer], run: PartnerRun, *, wait: bool, until: float, tell: OnProgress
) -> None:
    """Repeat passes until only time outside our hands holds anything back; with *wait*, until live.

    *until* (epoch seconds) ends the waiting, and a list that has no end; no other pass that is under way.
    Raises Denied where credentials are refused for good; other trouble ends up in *run.error*. Only for the
    holder of the writer lock.
    """
    await account.store.intents.adopt_orphans(account.upstream)
    while True:
        pause = await _pass(account, run, wait=wait, until=until)
        left = until - account.clock.now()
        run.pause = 0.0 if pause is None else max(min(pause, left), 0.0)
        tell(run)
        if pause is None or left <= 0:
            return
        await account.clock.sleep(max(run.pause, LEAST))


def _quiet(_: PartnerRun) -> None:
    return


async def plan_when_observed(
    account: Account[Reader], run: PartnerRun, *, until: float, tell: OnProgress = _quiet
) -> Plan:
    """Look and plan until every look had its turn in the budgets; nothing is written.

    Trouble is met with a few more tries, and then raised. A look that has to wait longer than *until* (epoch
    seconds) stays waiting.
    """
    while True:
        try:
            _, plan = await decide(account, run.request, run.state, await listed(account, until))
        except OutOfTime:
            if run.state.plan is None:
                raise
            return run.state.plan
        except Busy as error:
            run.failures += 1
            pause = poll(run.failures, 0) if error.until is None else error.until - account.clock.now()
            if run.failures >= TRIES or account.clock.now() + pause > until:
                raise
            await _rest(account, run, pause, tell)
            continue
        waits = [
            each.until for each in plan.waiting if each.wait_for is WaitFor.BUDGET and each.until is not None
        ]
        now = account.clock.now()
        if not waits or min(waits) > until:
            return plan
        await _rest(account, run, min(waits) - now, tell)


async def _rest(account: Account[Reader], run: PartnerRun, seconds: float, tell: OnProgress) -> None:
    run.pause = max(seconds, LEAST)
    tell(run)
    await account.clock.sleep(run.pause)


async def _pass(account: Account[Writer], run: PartnerRun, *, wait: bool, until: float) -> float | None:
    """Do one pass and return the seconds until the next one is worth it, None where none is."""
    try:
        plan = await reconcile(account, run.request, run.state, await listed(account, until))
    except (Busy, Unclear) as error:
        if isinstance(error, OutOfTime) and run.state.plan is not None:
            return None  # the last pass tells how far it came
        return _after_trouble(run, error, account.clock.now(), wait=wait)
    except Denied as error:
        run.denials += 1
        run.error = error
        if run.denials > 1 or run.state.denied is None:
            raise
        return 0.0
    finally:
        run.absorb()
    run.error, run.failures, run.denials = None, 0, 0
    await _note_status(account, run)
    run.quiet = run.quiet.after(plan, frozenset(run.results))
    rows = len(run.state.observed.rows) if run.state.observed else 0
    moment = RunContext(account.clock.now(), run.quiet.count, wait, rows)
    return next_pass(plan, run.state.outcomes.values(), moment)


def _after_trouble(run: PartnerRun, error: Busy | Unclear, now: float, *, wait: bool) -> float | None:
    run.error, run.failures = error, run.failures + 1
    until = error.until if isinstance(error, Busy) else None
    if until is not None:
        return max(until - now, 0.0)
    return poll(run.failures, 0) if wait or run.failures < MOST_FAILED_PASSES else None


async def _note_status(account: Account[Writer], run: PartnerRun) -> None:
    """Keep how every declared resource stands, for `get` and `describe`."""
    plan, matches = run.state.plan, run.state.matches
    if plan is not None and matches is not None:
        known = read_documents(await account.store.statuses.read(account.upstream))
        before = {each.item: each for each in known}
        run.statuses = statuses(matches, plan, before)
        only = run.request.request.only
        run.statuses = tuple(each for each in run.statuses if only is None or each.item in only)
        documents = {str(each.item): document(each) for each in run.statuses}
        await account.store.statuses.save(account.upstream, documents, whole=run.request.desired.complete)
