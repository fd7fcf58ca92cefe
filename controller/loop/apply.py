"""Passes over one partner, one after the other, until nothing is left that this run could wait for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from controller.core.planning.changes.approval import Approval, overtaken
from controller.core.planning.guard import Change, held_sets
from controller.core.render.statuses import document, read_documents
from controller.core.schedule.intervals import poll
from controller.core.schedule.next_pass import RunContext, next_pass
from controller.core.schedule.quiet_passes import QuietPasses
from controller.core.status.conditions import statuses
from controller.core.status.partner_status import partner_item, partner_status
from controller.core.status.renamed import follow, renamed_items
from controller.core.status.run_report import Report, report
from controller.core.status.unmanaged import unmanaged
from controller.errors import Busy, ControllerError, Denied, OutOfTime, Unclear
from controller.loop.ports import Account, Reader, Writer
from controller.loop.reconcile.observe import listed
from controller.loop.reconcile.reconcile import decide, reconcile
from controller.loop.reconcile.search import searched
from controller.loop.reconcile.state import PassRequest, PassState
from controller.model.plan import Plan, Result, WaitFor
from controller.model.status import Status
from controller.model.upstream import Listing

MOST_FAILED_PASSES = 5
"""Passes in a row that may fail before a run without `--wait` gives up."""

TRIES = 3
"""Observations that a plan tries before it gives up."""

LEAST = 0.001
"""Seconds that a wait takes at least: a moment between two ticks of a clock must not repeat for ever."""


@dataclass(slots=True)
class PartnerRun:
    """One partner's part of a run, filled while the run goes on, so that a run cut short still reports.

    *results* holds the last result of each change. *error* ended the last pass; None after a good pass.
    *failures*, *denials* and *quiet* passes are counted in a row. *statuses* are the last of every declared
    resource, *pause* the seconds until the next pass.
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
        """Return the report of this run for the partner *name*, also before the run is over."""
        self.absorb()
        error = "" if self.error is None else str(self.error)
        if self.state.plan is None:
            return Report(name, error=error)
        ids = {status.item: status.app_id for status in self.statuses}
        results = {**self.results, **dict(self._overtaken())}
        return replace(report(self.state.plan, self.state.outcomes, results, ids), error=error)

    def _overtaken(self) -> Iterator[tuple[Change, Result]]:
        """Yield the results of approved actions that were not sent, because the world moved."""
        approval, due = self.request.approval, self.state.due
        if approval is not None and due is not None:
            found = overtaken(approval, due, self.results)
            yield from (((each.verb, each.item), each) for each in found)

    def absorb(self) -> None:
        """Copy the results of the pass that is under way or just ended."""
        for key, outcome in self.state.outcomes.items():
            if isinstance(outcome, Result):
                self.results[key] = outcome


def partner_run(request: PassRequest, approval: Approval | None = None) -> PartnerRun:
    """Return a run that is yet to begin. What a person approved, no guard holds again."""
    released = frozenset() if approval is None else approval.released
    return PartnerRun(replace(request, approval=approval), PassState(released=released))


OnProgress = Callable[[PartnerRun], None]


async def apply_until_settled(
    account: Account[Writer], run: PartnerRun, *, wait: bool, until: float, on_progress: OnProgress
) -> None:
    """Repeat passes until only others can finish what is left; with *wait*, until every app is live.

    *until* (epoch seconds) ends the waiting, and the reading of a list without an end. Any other pass under
    way is completed. Raises Denied if credentials are refused for good; other errors end up in *run.error*.
    Only for the holder of the writer lock.
    """
    await account.store.intents.adopt_orphans(account.upstream)
    while True:
        pause = await _pass(account, run, wait=wait, until=until)
        left = until - account.clock.now()
        run.pause = 0.0 if pause is None else max(min(pause, left), 0.0)
        on_progress(run)
        if pause is None or left <= 0:
            return
        await account.clock.sleep(max(run.pause, LEAST))


def _ignore_progress(_: PartnerRun) -> None:
    return


async def plan_when_observed(
    account: Account[Reader], run: PartnerRun, *, until: float, on_progress: OnProgress = _ignore_progress
) -> Plan:
    """Observe and plan until the budgets allowed every read; nothing is written.

    After Busy the observation is tried a few more times, up to *until* (epoch seconds); then Busy is raised.
    A read that has to wait longer than *until* stays waiting.
    """
    while True:
        try:
            _, plan = await decide(account, run.request, run.state, await _rows(account, run.request, until))
        except OutOfTime:
            if run.state.plan is None:
                raise
            return run.state.plan
        except Busy as error:
            run.failures += 1
            pause = poll(run.failures, 0) if error.until is None else error.until - account.clock.now()
            if run.failures >= TRIES or account.clock.now() + pause > until:
                raise
            await _rest(account, run, pause, on_progress)
            continue
        waits = [
            entry.until
            for entry in plan.waiting
            if entry.wait_for is WaitFor.BUDGET and entry.until is not None
        ]
        now = account.clock.now()
        if not waits or min(waits) > until:
            return plan
        await _rest(account, run, min(waits) - now, on_progress)


async def _rows(account: Account[Reader], request: PassRequest, until: float) -> Listing:
    """Read the rows of the apps that a change is about, or the whole list."""
    if request.request.touched is None:
        return await listed(account, until)
    apps = [app for app in request.desired.apps if app.partner == account.partner.name]
    return await searched(account, apps, until)


async def _rest(account: Account[Reader], run: PartnerRun, seconds: float, on_progress: OnProgress) -> None:
    run.pause = max(seconds, LEAST)
    on_progress(run)
    await account.clock.sleep(run.pause)


async def _pass(account: Account[Writer], run: PartnerRun, *, wait: bool, until: float) -> float | None:
    """Do one pass and return the seconds until the next one is worthwhile, None if none is."""
    try:
        plan = await reconcile(account, run.request, run.state, await _rows(account, run.request, until))
    except (Busy, Unclear) as error:
        if isinstance(error, OutOfTime) and run.state.plan is not None:
            return None  # the last pass shows how far the run came
        return _after_error(run, error, account.clock.now(), wait=wait)
    except Denied as error:
        run.denials += 1
        run.error = error
        if run.denials > 1 or run.state.denied is None:
            raise
        return 0.0
    finally:
        run.absorb()
    run.error, run.failures, run.denials = None, 0, 0
    await _store_statuses(account, run)
    run.quiet = run.quiet.after(plan, frozenset(run.results))
    rows = len(run.state.observed.rows) if run.state.observed else 0
    moment = RunContext(account.clock.now(), run.quiet.count, wait, rows)
    return next_pass(plan, run.state.outcomes.values(), moment)


def _after_error(run: PartnerRun, error: Busy | Unclear, now: float, *, wait: bool) -> float | None:
    run.error, run.failures = error, run.failures + 1
    until = error.until if isinstance(error, Busy) else None
    if until is not None:
        return max(until - now, 0.0)
    return poll(run.failures, 0) if wait or run.failures < MOST_FAILED_PASSES else None


async def _store_statuses(account: Account[Writer], run: PartnerRun) -> None:
    """Store the status of every declared resource, for `get` and `describe`. None stays under an old name."""
    plan, matches = run.state.due, run.state.matches
    if plan is not None and matches is not None:
        known = read_documents(await account.store.statuses.read(account.upstream))
        before = {status.item: status for status in known}
        renamed = renamed_items(before, matches)
        before = follow(before, renamed)
        run.statuses = statuses(matches, plan, before)
        only = run.request.request.only
        run.statuses = tuple(status for status in run.statuses if only is None or status.item in only)
        last = before.get(partner_item(plan.partner.name))
        narrowed = only is not None and last is not None
        held = last.held if narrowed and last is not None else held_sets(plan)
        complete = run.request.desired.complete
        if complete:
            others = tuple(unmanaged(matches, run.statuses, before))
        else:
            others = tuple(before.values()) if renamed else ()
        kept = (*others, *run.statuses, partner_status(matches, before, held))
        documents = {str(status.item): document(status) for status in kept}
        await account.store.statuses.save(account.upstream, documents, whole=complete or bool(renamed))
