"""The progress of a run, on stderr: a table that moves on a terminal, a line for each change elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import click
from structlog.typing import FilteringBoundLogger

from controller.core.planning.forecast import forecast
from controller.core.render import plan_lines
from controller.core.render.tables import status_table
from controller.edges import log
from controller.loop.apply import OnProgress, PartnerRun
from controller.model.plan import Kind, Result, WaitFor
from controller.model.status import Status, Truth
from controller.model.text import escape

SHORT_PAUSE = 15.0
"""Seconds of silence that need no explanation."""

ROWS_AROUND = 4
"""Rows of a terminal that the table does not get: its head, the count, and the empty ones around it."""


@contextmanager
def display(*, live: bool, timeout: float) -> Iterator[OnProgress]:
    """Yield the callback for a run, which calls it after each pass. The run may take *timeout* seconds."""
    write_log, warn = ProgressLog(log.logger()), DeadlineWarning(timeout)
    with _screen() if live else nullcontext(ChangeLines()) as show:

        def on_progress(run: PartnerRun) -> None:
            write_log(run)
            warn(run)
            show(run)

        yield on_progress


class ProgressLog:
    """Logs one event for each pass, and one for each action."""

    def __init__(self, logger: FilteringBoundLogger) -> None:
        self._log = logger
        self._logged: set[Result] = set()

    def __call__(self, run: PartnerRun) -> None:
        plan = run.state.plan
        if plan is None:
            return
        log_ = self._log.bind(partner=plan.partner.name, revision=plan.revision)
        for result in run.results.values():
            if result not in self._logged:
                self._logged.add(result)
                log_.info(
                    "action",
                    verb=result.verb,
                    item=str(result.item),
                    outcome=result.outcome,
                    reason=result.reason,
                )
        counted = {name: len(getattr(plan, name)) for name in ("waiting", "blocked", "held", "unchanged")}
        log_.info(
            "pass done",
            error=str(run.error or ""),
            done=sum(isinstance(outcome, Result) for outcome in run.state.outcomes.values()),
            **counted,
        )


class DeadlineWarning:
    """Warns, once for each partner, if the work takes longer than the run at Gupshup's limits alone."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._checked: set[str] = set()

    def __call__(self, run: PartnerRun) -> None:
        plan = run.state.plan
        if plan is None or plan.partner.name in self._checked:
            return
        self._checked.add(plan.partner.name)
        least = forecast(plan).seconds
        if least > self._timeout:
            click.echo(
                f"Warning: partner {plan.partner.name}: at Gupshup's limits this takes at least "
                f"{plan_lines.duration(least)}, and --timeout is {plan_lines.duration(self._timeout)}; "
                "run it again for the rest, or raise --timeout",
                err=True,
            )


@contextmanager
def _screen() -> Iterator[OnProgress]:
    from rich.console import Console  # noqa: PLC0415  (slow to import, and only a terminal needs it)
    from rich.live import Live  # noqa: PLC0415  (likewise)
    from rich.text import Text  # noqa: PLC0415  (likewise)

    with Live(console=Console(stderr=True), transient=True, auto_refresh=False) as screen:
        runs: dict[int, PartnerRun] = {}

        def on_progress(run: PartnerRun) -> None:
            runs[id(run)] = run
            rows = max(screen.console.height - ROWS_AROUND, 1)
            text = Text(table(list(runs.values()), rows), no_wrap=True, overflow="ellipsis")
            screen.update(text, refresh=True)

        yield on_progress


def table(runs: list[PartnerRun], rows: int) -> str:
    """Return a table of at most *rows* apps, those that are not ready first, and a count."""
    apps = [status for run in runs for status in run.statuses if status.item.kind is Kind.APP]
    ready = sum(_is(status, "Ready") for status in apps)
    shown = sorted(apps, key=lambda status: (_is(status, "Ready"), status.item))[:rows]
    more = f", {len(apps) - len(shown)} not shown" if len(shown) < len(apps) else ""
    return f"{status_table(shown, ids=False)}\n\n{ready} of {len(apps)} apps ready{more}"


class ChangeLines:
    """Prints each change once."""

    def __init__(self) -> None:
        self._printed: set[str] = set()
        self._known: set[int] = set()

    def __call__(self, run: PartnerRun) -> None:
        """Print the changes since the last pass. On the first pass, statuses from before are no changes."""
        if id(run) not in self._known:
            self._known.add(id(run))
            self._printed.update(_status_lines(run))
        done = tuple(map(plan_lines.of_result, run.results.values()))
        for line in (
            *_status_lines(run),
            *done,
            *_error_lines(run),
        ):  # an app is live before it is subscribed
            if line not in self._printed:
                self._printed.add(line)
                click.echo(line, err=True)
        for line in wait_lines(run):
            click.echo(line, err=True)


def _status_lines(run: PartnerRun) -> Iterator[str]:
    for status in run.statuses:
        if status.item.kind is Kind.APP and status.app_id is not None:
            if _is(status, "Ready"):
                yield f"  ✓ ready        {status.item}  app {status.app_id}"
            elif _is(status, "Live"):
                yield f"  ✓ live         {status.item}"
            elif status.stage:
                yield f"  … provisioning {status.item}  {escape(status.stage)}"


def wait_lines(run: PartnerRun) -> Iterator[str]:
    """Yield a line if the next pass is not soon, so that the silence is explained."""
    if run.pause > SHORT_PAUSE:
        waiting = run.state.plan.waiting if run.state.plan is not None else ()
        limited = any(entry.wait_for is WaitFor.BUDGET for entry in waiting)
        why = "Gupshup's limits" if limited else "the next check"
        yield f"  … waiting      {run.pause:.0f} s for {why}"


def _error_lines(run: PartnerRun) -> Iterator[str]:
    if run.error is not None:
        yield f"  ! error        {escape(str(run.error))}"


def _is(status: Status, type_: str) -> bool:
    condition = status.condition(type_)
    return condition is not None and condition.status is Truth.TRUE
