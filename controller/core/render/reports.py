"""Reports of a run, for machines and for people."""

from collections.abc import Iterator, Sequence

from controller.core.render.entries.parts import parts_of_report
from controller.core.render.entries.phones import MASKED, Phones
from controller.core.render.entries.view import PLAIN, View
from controller.core.render.plan_json import diff_row, digests, head, lists, row, warning_row
from controller.core.render.plan_lines import explain_lines, held_lines, lines_of_parts, revision_lines
from controller.core.render.plans import NOTHING
from controller.core.render.wrapping import wrapped
from controller.core.status.run_report import Report, converging, total
from controller.model.passes import SourceState
from controller.model.plan import Outcome, Result
from controller.model.text import escape

SHORT = ("blocked", "held", "failed", "stale", "unclear")
"""Counts that keep a run from being done: a person has to act, or the outcome is not known."""


def report_document(
    parts: Sequence[Report],
    revision: str,
    *,
    interrupted: bool = False,
    source: SourceState | None = None,
    phones: Phones = MASKED,
) -> dict[str, object]:
    """Return the outcome of a run for all partners as one document (docs/cli.md, JSON).

    *source* shows why *revision* is not the newest one.
    """
    document = {
        **head(revision),
        **({} if source is None else {"source": _rejected_source(source)}),
        "interrupted": interrupted,
        "results": [_result(result) for part in parts for result in part.results],
        **lists(
            [each for part in parts for each in part.waiting],
            [each for part in parts for each in part.blocked],
            [each for part in parts for each in part.held],
            [each for part in parts for each in part.unmanaged],
            [each for part in parts for each in part.foreign],
        ),
        "heldDigest": digests(part.held_digest for part in parts),
        "unverifiable": [row(item) for part in parts for item in part.unverifiable],
        "warnings": [warning_row(part.partner, each) for part in parts for each in part.warnings],
        "errors": [{"partner": part.partner, "message": part.error} for part in parts if part.error],
        "summary": total(parts),
    }
    return phones.document(document)


def report_text(
    parts: Sequence[Report], revision: str, view: View = PLAIN, *, interrupted: bool = False
) -> str:
    """Return the outcome of a run as text."""
    text = [line for part in parts for line in _part(part, view)]
    text.extend(wrapped(f"{outcome(parts, interrupted=interrupted)}.", view.width, 2))
    text.extend(line for step in next_steps(parts) for line in wrapped(step, view.width, 2))
    text.extend(held_lines(digests(part.held_digest for part in parts), view))
    text.extend(explain_lines(_reasons(parts), view))
    return "\n".join([*text, *revision_lines(revision, view)])


def _reasons(parts: Sequence[Report]) -> Iterator[str]:
    """Yield why something is blocked, and why something else was not done."""
    yield from (each.reason for part in parts for each in part.blocked)
    yield from (each.reason for part in parts for each in part.results if each.outcome is not Outcome.DONE)


def outcome(parts: Sequence[Report], *, interrupted: bool = False) -> str:
    """Return how a run ended: *done* only if no error ended the run and no change is held up."""
    counted = ", ".join(f"{count} {name}" for name, count in total(parts).items() if count)
    if interrupted:
        return f"Interrupted: {counted or 'nothing was done'}. Run it again: it goes on from there"
    if any(part.error or not part.looked for part in parts):
        return f"Not finished: {counted or 'nothing was done'}"
    if any(total(parts)[name] for name in SHORT) or any(converging(part) for part in parts):
        return f"Not all done: {counted}"
    return f"Done: {counted or 'nothing to do'}"


def _rejected_source(source: SourceState) -> dict[str, object]:
    return {
        "identity": source.identity,
        "error": source.error,
        "rejected": source.rejected or None,
        "digest": source.digest or None,
    }


def next_steps(parts: Sequence[Report]) -> Iterator[str]:
    if any(part.provisioning for part in parts):
        yield "Not live yet: run apply again, or with --wait, and they are subscribed once they are."


def ended_early(part: Report) -> str:
    """Return why the passes of one partner ended early, "" if they did not."""
    return part.error or ("" if part.looked else "before anything was looked at")


def _part(part: Report, view: View) -> Iterator[str]:
    yield from wrapped(escape(f"Partner {part.partner}"), view.width, 2)
    body = list(lines_of_parts(parts_of_report(part, view.phones), view))
    if why := view.phones.words(ended_early(part)):
        body.extend(wrapped(escape(f"  ! ended early   {why}"), view.width, 18))
    yield from body or wrapped(NOTHING, view.width, 2)
    yield ""


def _result(result: Result) -> dict[str, object]:
    return {
        **row(result.item, result.verb),
        "outcome": str(result.outcome),
        "reason": result.reason,
        "message": result.message,
        "appId": result.app_id,
        **diff_row(result.effect),
    }
