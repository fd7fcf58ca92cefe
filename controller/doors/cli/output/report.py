"""The report of an `apply`: printed on stdout, or kept in the store if it could not be printed."""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TextIO

import click

from controller.core.render.annotations.plans import annotations, places
from controller.core.render.entries.view import View
from controller.core.render.markdown.documents import report_markdown
from controller.core.render.reports import outcome, report_document, report_text
from controller.core.render.tables import status_table
from controller.core.status.run_report import Report
from controller.core.timestamp import timestamp
from controller.doors.app import Runtime
from controller.doors.cli.options.output import OutputOptions
from controller.doors.cli.output.forms import Command, view_of, write_files
from controller.doors.stored import use_store
from controller.edges import streams
from controller.edges.store import SqlStore
from controller.errors import ControllerError
from controller.loop.apply import PartnerRun
from controller.model.history import KeptReport
from controller.model.manifest import Desired
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
    plan that was applied, None if none was. *desired* is what was declared.
    """

    desired: Desired
    parts: tuple[Report, ...]
    runs: Mapping[str, PartnerRun]
    interrupted: bool
    code: int
    source: SourceState | None = None
    plan: AppliedPlan | None = None

    @property
    def revision(self) -> str:
        return self.desired.revision

    @property
    def whole(self) -> bool:
        """Whether all of every partner was looked at, up to the end of the run."""
        return not self.interrupted and all(part.looked and not part.error for part in self.parts)


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """How the report is printed; *command* is the one that releases what a guard held."""

    printing: OutputOptions
    command: Command

    def view_of(self, stream: TextIO | None) -> View:
        return view_of(stream, self.command, self.printing.phones)


def print_report(applied: Applied, options: ReportOptions, runtime: Runtime, location: str | None) -> None:
    """Print the report on stdout, and what ended the run on stderr. *location* is the store's.

    The work is done: a file that cannot be written is a warning, and a report that nobody read is kept.
    """
    form, render = options.printing.output, partial(_text, applied)
    try:
        write_files(options.printing, options.command, render)
    except ControllerError as error:
        click.echo(f"Warning: {error}", err=True)
    if text := render(form, options.view_of(sys.stdout)):
        click.echo(text)
    if form == "github":
        click.echo(f"{outcome(applied.parts, interrupted=applied.interrupted)}.", err=True)
    if why := streams.unprinted():
        at, who = runtime.clock.now(), runtime.who
        text = render(form, view_of(None, options.command, options.printing.phones))
        keep_report(location, KeptReport(at, who, applied.revision, applied.code, why, form, text))
    if form not in {"text", "markdown"}:
        for note in _notes(applied):
            click.echo(note, err=True)
    _print_errors(applied)


def _notes(applied: Applied) -> tuple[str, ...]:
    return () if applied.plan is None else tuple(applied.plan.notes())


def _rejected(applied: Applied, view: View) -> Iterator[str]:
    if applied.source is not None:
        why = view.phones.words(applied.source.error)
        yield f"The source is refused, and the last good revision was applied: {why}"


def _text(applied: Applied, form: str, view: View) -> str:
    view = replace(view, phones=view.phones.knowing(applied.desired))
    match form:
        case "json":
            return json.dumps(_document(applied, view), indent=2, ensure_ascii=False)
        case "markdown":
            parts, revision = applied.parts, applied.revision
            notes = (*_notes(applied), *_rejected(applied, view))
            return report_markdown(parts, revision, view, interrupted=applied.interrupted, notes=notes)
        case "github":
            refused = "" if applied.source is None else applied.source.error
            return annotations(applied.parts, places(applied.desired), refused, view.phones)
        case _:
            return _for_people(applied, view)


def _for_people(applied: Applied, view: View) -> str:
    """Return the text of the report. A saved plan that was done before is not called done now."""
    notes = _notes(applied)
    if notes and not applied.parts:
        return "\n".join(notes)
    statuses = [status for run in applied.runs.values() for status in run.statuses]
    text = report_text(applied.parts, applied.revision, view, interrupted=applied.interrupted)
    whole = "\n".join([*notes, text])
    return f"{whole}\n\n{status_table(statuses)}" if statuses else whole


def _document(applied: Applied, view: View) -> dict[str, object]:
    document = report_document(
        applied.parts,
        applied.revision,
        interrupted=applied.interrupted,
        source=applied.source,
        phones=view.phones,
    )
    return document if applied.plan is None else {**document, "plan": applied.plan.document}


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
