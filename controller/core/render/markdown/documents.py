"""Plans and reports as Markdown, for a comment or a summary of a run: a marker, a title, and the parts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from controller.core.planning.forecast import forecast, total
from controller.core.render.entries.entry import Entry
from controller.core.render.entries.parts import Part, joined, parts_of_plan, parts_of_report
from controller.core.render.entries.view import PLAIN, View
from controller.core.render.markdown.escaping import code, comment, inert
from controller.core.render.markdown.tables import tables
from controller.core.render.plan_json import digests
from controller.core.render.plans import forecast_words, held_digests, limits_of_release, summary_words
from controller.core.render.reports import ended_early, next_steps, outcome
from controller.core.status.run_report import Report
from controller.errors import PlanRefused
from controller.model.plan import Item, Kind, PartnerWarning, Plan

LONGEST = 60_000
"""Characters of a document. A comment at GitHub may have 65,536."""

LONGEST_COMMAND = 4_000
"""Characters of a command that is shown. A cut one would be wrong."""

_ERRORS, _WARNINGS = "Errors", "Warnings"


def plan_markdown(
    plans: Sequence[Plan],
    revision: str,
    view: View = PLAIN,
    *,
    errors: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    refusal: PlanRefused | None = None,
) -> str:
    """Return the plans of all partners. *errors* are those of partners without a plan, by name.

    *notes* say what the plans are about, *refusal* is why nothing of them is done.
    """
    errors = errors or {}
    parts = [part for plan in plans for part in parts_of_plan(plan, view.phones)]
    warnings = [(plan.partner.name, each) for plan in plans for each in plan.warnings]
    words = forecast_words(total(forecast(plan) for plan in plans))
    calls = [words] if words else []
    return _document(
        ("plan", f"Gupshup plan: {'the source is refused, ' if refusal else ''}{_title(plans, errors)}"),
        [
            *map(inert, notes),
            *_refused(refusal, view),
            f"Plan: {inert(summary_words(plans))}.",
            *map(inert, [*calls, *limits_of_release(plans)]),
        ],
        [_errors(errors, view), *joined(parts), _warnings(warnings)],
        (_both(refusal, held_digests(plans)), revision),
        view,
        partners=len(plans) > 1,
    )


def report_markdown(
    reports: Sequence[Report],
    revision: str,
    view: View = PLAIN,
    *,
    interrupted: bool = False,
    notes: Sequence[str] = (),
) -> str:
    """Return the outcome of a run for all partners. *notes* come first, or alone."""
    errors = {each.partner: why for each in reports if (why := ended_early(each))}
    parts = [part for each in reports for part in parts_of_report(each, view.phones)]
    warnings = [(each.partner, warning) for each in reports for warning in each.warnings]
    return _document(
        ("apply", f"Gupshup apply — {_ending(reports, notes, interrupted=interrupted)}"),
        [inert(each) for each in (*notes, *next_steps(reports))],
        [_errors(errors, view), *joined(parts), _warnings(warnings)],
        (digests(each.held_digest for each in reports), revision),
        view,
        partners=len(reports) > 1,
    )


def _ending(reports: Sequence[Report], notes: Sequence[str], *, interrupted: bool) -> str:
    return outcome(reports, interrupted=interrupted) if reports or not notes else "Applied before"


def _document(
    named: tuple[str, str],
    words: Sequence[str],
    parts: Iterable[Part],
    ends: tuple[str | None, str],
    view: View,
    *,
    partners: bool,
) -> str:
    """Return the whole. *named* is the verb and the title, *ends* are the held digests and the revision."""
    (verb, title), (held, revision) = named, ends
    first = [
        f"{comment('gupshupctl', verb, *view.scope)}\n### {inert(title)}",
        *words,
        *_held(held, view),
    ]
    last = f"<sub>Revision {code(revision)}</sub>"
    room = LONGEST - sum(len(each) + 2 for each in (*first, last))
    shown = tables([part for part in parts if part.entries], room, partners=partners)
    return "\n\n".join((*first, *shown, last))


def _title(plans: Sequence[Plan], errors: Mapping[str, str]) -> str:
    """Return what the plan is: never *nothing to do* beside an error, or what is held or blocked."""
    changes = sum(len(plan.actions) for plan in plans)
    counted = {
        "not planned": len(errors),
        "change" if changes == 1 else "changes": changes,
        "held by a guard": sum(len(plan.held) for plan in plans),
        "blocked": sum(len(plan.blocked) for plan in plans),
    }
    waiting = sum(len(plan.waiting) for plan in plans)
    said = [f"{count} {name}" for name, count in counted.items() if count]
    said = said or ["nothing to do now" if waiting else "nothing to do"]
    return ", ".join([*said, *([f"{waiting} waiting"] if waiting else [])])


def _errors(errors: Mapping[str, str], view: View) -> Part:
    entries = (Entry("!", "error", _partner(name), view.phones.words(why)) for name, why in errors.items())
    return Part(_ERRORS, tuple(entries))


def _warnings(warnings: Iterable[tuple[str, PartnerWarning]]) -> Part:
    entries = (
        Entry("!", "warning", _partner(name), f"{each.reason}: {each.message}") for name, each in warnings
    )
    return Part(_WARNINGS, tuple(entries))


def _partner(name: str) -> Item:
    return Item(Kind.PARTNER, name, "", name)


def _refused(refusal: PlanRefused | None, view: View) -> Iterator[str]:
    if refusal is not None:
        yield f"{inert(f'The source is refused, and nothing is done: {refusal.why}')}."
        if refusal.digest:
            yield f"What follows is what its release would mean: {_command(refusal.digest, view)}"


def _both(refusal: PlanRefused | None, held: str | None) -> str | None:
    """Return what releases what is *held* of a source, which is perhaps refused as well."""
    return f"{refusal.digest},{held}" if refusal is not None and refusal.digest and held else held


def _command(digest: str, view: View) -> str:
    command = view.release(digest)
    return code(command, len(command)) if len(command) <= LONGEST_COMMAND else "see the text of the plan"


def _held(digest: str | None, view: View) -> Iterator[str]:
    if digest:
        yield f"A guard holds changes. To let exactly these through: {_command(digest, view)}"
