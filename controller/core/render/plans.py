"""Plans, for machines and for people."""

from collections.abc import Iterator, Sequence

from controller.core.planning.actions import verb_of
from controller.core.planning.forecast import Forecast, forecast, total
from controller.core.planning.guard import held_digest
from controller.core.render import plan_lines
from controller.core.render.plan_json import action_row, digests, head, lists, row, warning_row
from controller.model.plan import Plan, Verb
from controller.model.text import escape


def plan_document(plans: Sequence[Plan], revision: str) -> dict[str, object]:
    """Return the plans of all partners as one document (docs/cli.md, JSON)."""
    cost = total(forecast(plan) for plan in plans)
    return {
        **head(revision),
        "actions": [action_row(action) for plan in plans for action in plan.actions],
        **lists(
            [each for plan in plans for each in plan.waiting],
            [each for plan in plans for each in plan.blocked],
            [each for plan in plans for each in plan.held],
            [each for plan in plans for each in plan.unmanaged],
            [each for plan in plans for each in plan.foreign],
        ),
        "heldDigest": digests(held_digest(plan) for plan in plans),
        "unverifiable": [row(item) for plan in plans for item in plan.unverifiable],
        "warnings": [warning_row(plan.partner.name, each) for plan in plans for each in plan.warnings],
        "summary": summary(plans),
        "forecast": {"calls": {str(name): n for name, n in cost.calls.items()}, "seconds": cost.seconds},
    }


def summary(plans: Sequence[Plan]) -> dict[str, int]:
    verbs = [verb_of(action) for plan in plans for action in plan.actions]
    counted = {str(verb): verbs.count(verb) for verb in Verb}
    for name in ("waiting", "blocked", "held", "unmanaged", "unchanged"):
        counted[name] = sum(len(getattr(plan, name)) for plan in plans)
    return counted


def plan_text(plans: Sequence[Plan], revision: str) -> str:
    """Return the plans as a person reads them; phone numbers are masked."""
    text = [line for plan in plans for line in _plan(plan)]
    counted = summary(plans)
    changes = ", ".join(f"{counted[verb]} to {verb}" for verb in Verb)
    rest = ", ".join(f"{counted[name]} {name}" for name in list(counted)[len(Verb) :])
    text.append(f"Plan: {changes}; {rest}.")
    text.extend(_footer(plans, total(forecast(plan) for plan in plans)))
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


def _footer(plans: Sequence[Plan], cost: Forecast) -> Iterator[str]:
    calls = sum(cost.calls.values())
    if calls:
        spent = ", ".join(f"{count} {name}" for name, count in cost.calls.items())
        duration = plan_lines.duration(cost.seconds)
        yield f"Forecast: {calls} calls ({spent}), at least {duration} at Gupshup's limits."
    if held := digests(held_digest(plan) for plan in plans):
        yield f"Held by a guard. To let exactly this through: --release {held}"
