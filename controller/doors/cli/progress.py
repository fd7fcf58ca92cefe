"""What a run shows on stderr meanwhile: a table that moves on a terminal, a line a change elsewhere."""

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

SILENCE = 15.0
"""Seconds that nobody wonders about."""

AROUND = 4
"""Lines of a terminal that the moving table does not get: its head, the count, and what stands around it."""


@contextmanager
def display(*, live: bool, timeout: float) -> Iterator[OnProgress]:
    """Yield what a run calls after each pass; *timeout* is for how many seconds the run may go on."""
    logged, late = Logged(log.logger()), Late(timeout)
    with _screen() if live else nullcontext(Lines()) as shown:

        def tell(run: PartnerRun) -> None:
            logged(run)
            late(run)
            shown(run)

        yield tell


class Logged:
    """One event a pass, one an action; levels decide what is seen."""

    def __init__(self, logger: FilteringBoundLogger) -> None:
        self._log = logger
        self._told: set[Result] = set()

    def __call__(self, run: PartnerRun) -> None:
        plan = run.state.plan
        if plan is None:
            return
        log_ = self._log.bind(partner=plan.partner.name, revision=plan.revision)
        for result in run.results.values():
            if result not in self._told:
                self._told.add(result)
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
            done=sum(isinstance(said, Result) for said in run.state.outcomes.values()),
            **counted,
        )


class Late:
    """Warns, once for each partner, where Gupshup's limits alone make the work last longer than the run."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._judged: set[str] = set()

    def __call__(self, run: PartnerRun) -> None:
        plan = run.state.plan
        if plan is None or plan.partner.name in self._judged:
            return
        self._judged.add(plan.partner.name)
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
    from rich.console import Console  # noqa: PLC0415  (only where a terminal sees it)
    from rich.live import Live  # noqa: PLC0415  (likewise)
    from rich.text import Text  # noqa: PLC0415  (likewise)

    with Live(console=Console(stderr=True), transient=True, auto_refresh=False) as screen:
        runs: dict[int, PartnerRun] = {}

        def tell(run: PartnerRun) -> None:
            runs[id(run)] = run
            rows = max(screen.console.height - AROUND, 1)
            shown = Text(picture(list(runs.values()), rows), no_wrap=True, overflow="ellipsis")
            screen.update(shown, refresh=True)

        yield tell


def picture(runs: list[PartnerRun], rows: int) -> str:
    """Return the moving table, of at most so many *rows*: what is not ready first, and a count."""
    apps = [each for run in runs for each in run.statuses if each.item.kind is Kind.APP]
    ready = sum(_is(each, "Ready") for each in apps)
    shown = sorted(apps, key=lambda each: (_is(each, "Ready"), each.item))[:rows]
    more = f", {len(apps) - len(shown)} not shown" if len(shown) < len(apps) else ""
    return f"{status_table(shown, ids=False)}\n\n{ready} of {len(apps)} apps ready{more}"


class Lines:
    """Tells each change once."""

    def __init__(self) -> None:
        self._told: set[str] = set()
        self._known: set[int] = set()

    def __call__(self, run: PartnerRun) -> None:
        """Print what is new since the last pass; what was so before the run is not."""
        if id(run) not in self._known:
            self._known.add(id(run))
            self._told.update(_standings(run))
        done = tuple(map(plan_lines.of_result, run.results.values()))
        for line in (*_standings(run), *done, *_trouble(run)):  # an app is live before it is subscribed
            if line not in self._told:
                self._told.add(line)
                click.echo(line, err=True)
        for line in waits(run):
            click.echo(line, err=True)


def _standings(run: PartnerRun) -> Iterator[str]:
    for status in run.statuses:
        if status.item.kind is Kind.APP and status.app_id is not None:
            if _is(status, "Ready"):
                yield f"  ✓ ready        {status.item}  app {status.app_id}"
            elif _is(status, "Live"):
                yield f"  ✓ live         {status.item}"
            elif status.stage:
                yield f"  … provisioning {status.item}  {escape(status.stage)}"


def waits(run: PartnerRun) -> Iterator[str]:
    """Yield a line where the next look is a while away, so that silence is no riddle."""
    if run.pause > SILENCE:
        whole = run.state.plan.waiting if run.state.plan is not None else ()
        why = (
            "Gupshup's limits" if any(each.wait_for is WaitFor.BUDGET for each in whole) else "the next look"
        )
        yield f"  … waiting      {run.pause:.0f} s for {why}"


def _trouble(run: PartnerRun) -> Iterator[str]:
    if run.error is not None:
        yield f"  ! trouble      {escape(str(run.error))}"


def _is(status: Status, type_: str) -> bool:
    condition = status.condition(type_)
    return condition is not None and condition.status is Truth.TRUE
