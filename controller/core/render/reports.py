"""Reports of a run, for machines and for people."""

from collections.abc import Callable, Iterator, Sequence

from controller.core.render import plan_lines
from controller.core.render.held import option
from controller.core.render.plan_json import digests, head, lists, row, warning_row
from controller.core.status.run_report import Report, converging, total
from controller.model.passes import SourceState
from controller.model.plan import Result
from controller.model.text import escape

SHORT = ("blocked", "held", "failed", "stale", "unclear")
"""Counts that keep a run from being done: a person has to act, or the outcome is not known."""


def report_document(
    parts: Sequence[Report], revision: str, *, interrupted: bool = False, source: SourceState | None = None
) -> dict[str, object]:
    """Return the outcome of a run for all partners as one document (docs/cli.md, JSON).

    *source* shows why *revision* is not the newest one.
    """
    return {
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


def report_text(
    parts: Sequence[Report],
    revision: str,
    *,
    interrupted: bool = False,
    release: Callable[[str], str] = option,
) -> str:
    """Return the outcome of a run as text: *done* only if no error ended the run and no change is held up.

    *release* returns what releases a digest.
    """
    text = [line for part in parts for line in _part(part)]
    counted = ", ".join(f"{count} {name}" for name, count in total(parts).items() if count)
    if interrupted:
        text.append(f"Interrupted: {counted or 'nothing was done'}. Run it again: it goes on from there.")
    elif any(part.error or not part.looked for part in parts):
        text.append(f"Not finished: {counted or 'nothing was done'}.")
    elif any(total(parts)[name] for name in SHORT) or any(converging(part) for part in parts):
        text.append(f"Not all done: {counted}.")
    else:
        text.append(f"Done: {counted or 'nothing to do'}.")
    text.extend(_next_steps(parts, release))
    return "\n".join([*text, f"Revision {escape(revision)}"])


def _rejected_source(source: SourceState) -> dict[str, object]:
    return {
        "identity": source.identity,
        "error": source.error,
        "rejected": source.rejected or None,
        "digest": source.digest or None,
    }


def _next_steps(parts: Sequence[Report], release: Callable[[str], str]) -> Iterator[str]:
    if any(part.provisioning for part in parts):
        yield "Not live yet: run apply again, or with --wait, and they are subscribed once they are."
    if held := digests(part.held_digest for part in parts):
        yield f"Held by a guard. To let exactly this through: {release(held)}"


def _part(part: Report) -> Iterator[str]:
    yield escape(f"Partner {part.partner}")
    body = [
        *(plan_lines.of_result(result) for result in part.results),
        *(plan_lines.of_waiting(each) for each in part.waiting),
        *(plan_lines.of_blocked(each) for each in part.blocked),
        *(line for each in part.held for line in plan_lines.of_held(each)),
        *(plan_lines.of_unmanaged(each) for each in part.unmanaged),
        *(plan_lines.of_foreign(each) for each in part.foreign),
        *(plan_lines.of_provisioning(item) for item in part.provisioning),
        *(plan_lines.of_unverifiable(item) for item in part.unverifiable),
    ]
    if part.error:
        body.append(escape(f"  ! ended early   {part.error}"))
    elif not part.looked:
        body.append("  ! ended early   before anything was looked at")
    yield from body or ["  nothing to do: everything is as declared"]
    yield ""


def _result(result: Result) -> dict[str, object]:
    return {
        **row(result.item, result.verb),
        "outcome": str(result.outcome),
        "reason": result.reason,
        "message": result.message,
        "appId": result.app_id,
    }
