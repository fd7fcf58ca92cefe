"""Plans, for machines and for people."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from controller.core.planning.actions import verb_of
from controller.core.planning.changes.causes import Caused, cause
from controller.core.planning.forecast import Forecast, forecast, total
from controller.core.planning.guard import held_digest
from controller.core.render import plan_lines
from controller.core.render.foreign import foreign_row
from controller.core.render.held import option
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
from controller.model.plan import Plan, Verb
from controller.model.text import escape

EntryT = TypeVar("EntryT", bound=Caused)


def plan_document(
    plans: Sequence[Plan], revision: str, since: Mapping[str, str] | None = None
) -> dict[str, object]:
    """Return the plans of all partners as one document (docs/cli.md, JSON).

    *since* is the revision that the plans compare with, None if they are about everything.
    """
    cost = total(forecast(plan) for plan in plans)
    return {
        **head(revision),
        "since": since,
        "actions": _rows(plans, lambda plan: plan.actions, action_row),
        "waiting": _rows(plans, lambda plan: plan.waiting, waiting_row),
        "blocked": _rows(plans, lambda plan: plan.blocked, blocked_row),
        "held": _rows(plans, lambda plan: plan.held, held_row),
        "unmanaged": [unmanaged_row(each) for plan in plans for each in plan.unmanaged],
        "foreign": [foreign_row(each) for plan in plans for each in plan.foreign],
        "heldDigest": digests(held_digest(plan) for plan in plans),
        "unverifiable": [row(item) for plan in plans for item in plan.unverifiable],
        "warnings": [warning_row(plan.partner.name, each) for plan in plans for each in plan.warnings],
        "summary": summary(plans),
        "forecast": {"calls": {str(name): n for name, n in cost.calls.items()}, "seconds": cost.seconds},
    }


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


def plan_text(plans: Sequence[Plan], revision: str, release: Callable[[str], str] = option) -> str:
    """Return the plans as a person reads them; phone numbers are masked.

    *release* returns what releases a digest.
    """
    text = [line for plan in plans for line in _plan(plan)]
    counted = summary(plans)
    changes = ", ".join(f"{counted[verb]} to {verb}" for verb in Verb)
    rest = ", ".join(f"{counted[name]} {name}" for name in list(counted)[len(Verb) :])
    text.append(f"Plan: {changes}; {rest}.")
    text.extend(_footer(plans, total(forecast(plan) for plan in plans), release))
    return "\n".join([*text, f"Revision {escape(revision)}"])


def _plan(plan: Plan) -> Iterator[str]:
    yield escape(f"Partner {plan.partner.name} at {plan.partner.url}")
    body = [
        *(line for action in plan.actions for line in plan_lines.of_action(action)),
        *(plan_lines.of_waiting(each) for each in plan.waiting),
        *(plan_lines.of_blocked(each) for each in plan.blocked),
        *(line for each in plan.held for line in plan_lines.of_held(each)),
        *(plan_lines.of_unmanaged(each) for each in plan.unmanaged),
        *(plan_lines.of_foreign(each) for each in plan.foreign),
        *(plan_lines.of_provisioning(item) for item in plan.provisioning),
        *(plan_lines.of_unverifiable(item) for item in plan.unverifiable),
    ]
    yield from body or ["  nothing to do: everything is as declared"]
    yield ""


def _footer(plans: Sequence[Plan], cost: Forecast, release: Callable[[str], str]) -> Iterator[str]:
    calls = sum(cost.calls.values())
    if calls:
        spent = ", ".join(f"{count} {name}" for name, count in cost.calls.items())
        duration = plan_lines.duration(cost.seconds)
        yield f"Forecast: {calls} calls ({spent}), at least {duration} at Gupshup's limits."
    if held := digests(held_digest(plan) for plan in plans):
        yield f"Held by a guard. To let exactly this through: {release(held)}"
        if any(plan.touched is not None for plan in plans):
            yield "`apply` takes this digest only if it holds exactly these changes then, and no others."
