"""Plans, for machines and for people."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from controller.core.planning.actions import verb_of
from controller.core.planning.changes.causes import Caused, cause
from controller.core.planning.forecast import Forecast, forecast, total
from controller.core.planning.guard import held_digest
from controller.core.render.entries.parts import parts_of_plan
from controller.core.render.entries.phones import MASKED, Phones
from controller.core.render.entries.view import PLAIN, View
from controller.core.render.foreign import foreign_row
from controller.core.render.plan_json import (
    action_row,
    blocked_row,
    digests,
    head,
    held_row,
    row,
    unmanaged_row,
    waiting_row,
    warning_row,
)
from controller.core.render.plan_lines import (
    duration,
    explain_lines,
    held_lines,
    lines_of_parts,
    revision_lines,
)
from controller.core.render.wrapping import wrapped
from controller.model.plan import Plan, Verb
from controller.model.text import escape

EntryT = TypeVar("EntryT", bound=Caused)

NOTHING = "  nothing to do: everything is as declared"


def plan_document(
    plans: Sequence[Plan],
    revision: str,
    since: Mapping[str, str] | None = None,
    *,
    errors: Mapping[str, str] | None = None,
    phones: Phones = MASKED,
) -> dict[str, object]:
    """Return the plans of all partners as one document (docs/cli.md, JSON).

    *since* is the revision that the plans compare with, None if they are about everything. *errors* are those
    of partners without a plan, by name.
    """
    cost = total(forecast(plan) for plan in plans)
    document = {
        **head(revision),
        "since": since,
        "actions": _rows(plans, lambda plan: plan.actions, action_row),
        "waiting": _rows(plans, lambda plan: plan.waiting, waiting_row),
        "blocked": _rows(plans, lambda plan: plan.blocked, blocked_row),
        "held": _rows(plans, lambda plan: plan.held, held_row),
        "unmanaged": [unmanaged_row(each) for plan in plans for each in plan.unmanaged],
        "foreign": [foreign_row(each) for plan in plans for each in plan.foreign],
        "heldDigest": held_digests(plans),
        "unverifiable": [row(item) for plan in plans for item in plan.unverifiable],
        "warnings": [warning_row(plan.partner.name, each) for plan in plans for each in plan.warnings],
        "summary": summary(plans),
        "forecast": {"calls": {str(name): n for name, n in cost.calls.items()}, "seconds": cost.seconds},
        "errors": [{"partner": name, "message": error} for name, error in (errors or {}).items()],
    }
    return phones.document(document)


def _rows(
    plans: Sequence[Plan],
    entries: Callable[[Plan], Sequence[EntryT]],
    row_of: Callable[[EntryT], dict[str, object]],
) -> list[dict[str, object]]:
    """Return a row for each of the *entries* of the plans, with its cause."""
    return [
        {**row_of(each), "cause": str(cause(each, plan.touched))} for plan in plans for each in entries(plan)
    ]


def summary(plans: Sequence[Plan]) -> dict[str, int]:
    verbs = [verb_of(action) for plan in plans for action in plan.actions]
    counted = {str(verb): verbs.count(verb) for verb in Verb}
    for name in ("waiting", "blocked", "held", "unmanaged", "unchanged"):
        counted[name] = sum(len(getattr(plan, name)) for plan in plans)
    return counted


def summary_words(plans: Sequence[Plan]) -> str:
    """Return what there is to do, and what else there is. What there is none of is left out."""
    counted = summary(plans)
    changes = ", ".join(f"{counted[verb]} to {verb}" for verb in Verb if counted[verb])
    rest = ", ".join(f"{counted[name]} {name}" for name in list(counted)[len(Verb) :] if counted[name])
    open_items = counted["waiting"] or counted["held"] or counted["blocked"]
    nothing = "nothing to do now" if open_items else "nothing to do"
    return "; ".join(part for part in (changes or nothing, rest) if part)


def held_digests(plans: Sequence[Plan]) -> str | None:
    return digests(held_digest(plan) for plan in plans)


def plan_text(plans: Sequence[Plan], revision: str, view: View = PLAIN) -> str:
    """Return the plans as a person reads them."""
    text = [line for plan in plans for line in _plan(plan, view)]
    text.extend(wrapped(f"Plan: {summary_words(plans)}.", view.width, 2))
    if calls := forecast_words(total(forecast(plan) for plan in plans)):
        text.extend(wrapped(calls, view.width, 2))
    text.extend(held_lines(held_digests(plans), view))
    text.extend(line for words in limits_of_release(plans) for line in wrapped(words, view.width, 2))
    text.extend(explain_lines((each.reason for plan in plans for each in plan.blocked), view))
    return "\n".join([*text, *revision_lines(revision, view)])


def limits_of_release(plans: Sequence[Plan]) -> Iterator[str]:
    """Yield what a digest of only a part of what is declared does not promise."""
    if any(plan.touched is not None and plan.held for plan in plans):
        yield "`apply` takes this digest only if it holds exactly these changes then, and no others."


def _plan(plan: Plan, view: View) -> Iterator[str]:
    yield from wrapped(escape(f"Partner {plan.partner.name} at {plan.partner.url}"), view.width, 2)
    yield from list(lines_of_parts(parts_of_plan(plan, view.phones), view)) or wrapped(NOTHING, view.width, 2)
    yield ""


def forecast_words(cost: Forecast) -> str:
    """Return how many calls are to come, and how long Gupshup's limits make them take, "" if there are none.

    Calls that fit into full limits are given no time: what is used up of the limits is not known here.
    """
    spent = ", ".join(f"{count} {name}" for name, count in cost.calls.items())
    least = f", at least {duration(cost.seconds)} at Gupshup's limits" if cost.seconds >= 1 else ""
    return f"Forecast: {sum(cost.calls.values())} calls ({spent}){least}." if spent else ""
