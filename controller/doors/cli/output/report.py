"""The report of an `apply`: printed on stdout, or kept in the store if it could not be printed."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import click

from controller.core.render.reports import report_document, report_text
from controller.core.render.tables import status_table
from controller.core.status.run_report import Report
from controller.core.timestamp import timestamp
from controller.doors.app import Runtime
from controller.doors.stored import use_store
from controller.edges import streams
from controller.edges.store import SqlStore
from controller.errors import ControllerError
from controller.loop.apply import PartnerRun
from controller.model.history import KeptReport
from controller.model.passes import SourceState


@dataclass(frozen=True, slots=True)
class AppliedPlan:
    """A saved plan that was applied. *before*: when it was done for a partner already (epoch seconds)."""

    digest: str
    before: Mapping[str, float]

    def notes(self) -> Iterator[str]:
        for name, at in sorted(self.before.items()):
            yield f"Plan {self.digest} was applied to partner {name} at {timestamp(at)}; nothing was sent."

    @property
    def document(self) -> dict[str, object]:
        return {"digest": self.digest, "before": {name: timestamp(at) for name, at in self.before.items()}}


@dataclass(frozen=True, slots=True)
class Applied:
    """The outcome of a run; *runs* hold the last status of every resource.

    *source* shows why an older revision was applied, None if the newest revision was. *plan* is the saved
    plan that was applied, None if none was.
    """

    revision: str
    parts: tuple[Report, ...]
    runs: Mapping[str, PartnerRun]
    interrupted: bool
    code: int
    source: SourceState | None = None
    plan: AppliedPlan | None = None


def print_report(applied: Applied, output: str, runtime: Runtime, location: str | None) -> None:
    """Print the report on stdout, and what ended the run on stderr. *location* is the store's."""
    text = _text(applied, output)
    click.echo(text)
    if why := streams.unprinted():
        at, who = runtime.clock.now(), runtime.who
        keep_report(location, KeptReport(at, who, applied.revision, applied.code, why, output, text))
    if output == "json":
        for note in _notes(applied):
            click.echo(note, err=True)
    _print_errors(applied)


def _notes(applied: Applied) -> Sequence[str]:
    return () if applied.plan is None else tuple(applied.plan.notes())


def _text(applied: Applied, output: str) -> str:
    if output == "json":
        document = report_document(
            applied.parts, applied.revision, interrupted=applied.interrupted, source=applied.source
        )
        if applied.plan is not None:
            document["plan"] = applied.plan.document
        return json.dumps(document, indent=2, ensure_ascii=False)
    statuses = [status for run in applied.runs.values() for status in run.statuses]
    notes = _notes(applied)
    if notes and not applied.parts:
        return "\n".join(notes)
    text = report_text(applied.parts, applied.revision, interrupted=applied.interrupted)
    whole = "\n".join([*notes, text])
    return f"{whole}\n\n{status_table(statuses)}" if statuses else whole


def _print_errors(applied: Applied) -> None:
    if applied.source is not None:
        click.echo(f"Error: the source is rejected: {applied.source.error}", err=True)
    for part in applied.parts:
        if part.error:
            click.echo(f"Error: partner {part.partner}: {part.error}", err=True)
    if applied.interrupted:
        click.echo("Interrupted: run it again to continue.", err=True)


def keep_report(location: str | None, report: KeptReport) -> None:
    """Keep *report* in the store at *location* (None: the usual place), and report the outcome on stderr.

    No exit code depends on it. `get report` shows what was kept.
    """
    warning = f"Warning: the report could not be printed ({report.why})"
    try:
        use_store(location, partial(_keep, report))
    except ControllerError as error:
        click.echo(f"{warning} and not be kept: {error}", err=True)
    else:
        click.echo(f"{warning}; it is kept: gupshupctl get report", err=True)


async def _keep(report: KeptReport, store: SqlStore) -> None:
    await store.reports.keep(report)
