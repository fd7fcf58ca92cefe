"""Report of a run: the last plan of each partner, beside all that was done."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from controller.core.planning.actions import item_of, verb_of
from controller.core.planning.changes.approval import AS_PLANNED, Approval
from controller.core.planning.changes.effects import subject_of
from controller.core.planning.guard import Change, change, held_digest
from controller.core.planning.waits import WAITS, EndedBy
from controller.model.manifest import AppId
from controller.model.plan import (
    Blocked,
    Foreign,
    HeldChange,
    Item,
    Outcome,
    PartnerWarning,
    Plan,
    Result,
    Unmanaged,
    Verb,
    WaitFor,
    Waiting,
)


@dataclass(frozen=True, slots=True)
class Report:
    """One partner's part. *error* is what ended or kept ending its passes, "" without an error.

    *looked*: at least one observation was complete. Without one, nothing is known of the partner.
    """

    partner: str
    looked: bool = False
    results: tuple[Result, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    blocked: tuple[Blocked, ...] = ()
    held: tuple[HeldChange, ...] = ()
    held_digest: str | None = None
    unmanaged: tuple[Unmanaged, ...] = ()
    foreign: tuple[Foreign, ...] = ()
    unverifiable: tuple[Item, ...] = ()
    provisioning: tuple[Item, ...] = ()
    warnings: tuple[PartnerWarning, ...] = ()
    unchanged: int = 0
    error: str = ""
    summary: Mapping[str, int] = field(default_factory=dict)


DONE_AS = {
    Verb.LINK: "linked",
    Verb.SUBSCRIBE: "subscribed",
    Verb.UPDATE: "updated",
    Verb.UNSUBSCRIBE: "unsubscribed",
}

KEYS = (*DONE_AS.values(), "unchanged", "waiting", "blocked", "held", "failed", "stale", "unclear")


def left(plan: Plan) -> Mapping[str, int]:
    """Count what a pass leaves, by the words of a plan."""
    return {**report(plan, {}, {}, {}).summary, "unmanaged": len(plan.unmanaged)}


def report(
    plan: Plan,
    outcomes: Mapping[Change, Result | Waiting],
    results: Mapping[Change, Result],
    ids: Mapping[Item, AppId | None],
) -> Report:
    """Report on a run: *outcomes* are those of the last plan's actions, *results* those of all passes.

    An action whose turn did not come waits for its budget. An unclear or stale result counts as done if the
    resource is as declared by now, and as unchanged if it was before this run. *ids* are the apps as last
    observed.
    """
    confirmed = tuple(sorted(_confirmed(results, _settled(plan), ids), key=_order))
    touched = {result.item for result in confirmed if result.reason != AS_PLANNED}
    waiting = (*plan.waiting, *_not_done(plan, outcomes))
    unchanged = sum(item not in touched for item in plan.unchanged)
    part = Report(
        partner=plan.partner.name,
        looked=True,
        results=confirmed,
        waiting=waiting,
        blocked=plan.blocked,
        held=plan.held,
        held_digest=held_digest(plan),
        unmanaged=plan.unmanaged,
        foreign=plan.foreign,
        unverifiable=plan.unverifiable,
        provisioning=plan.provisioning,
        warnings=plan.warnings,
        unchanged=unchanged,
    )
    return replace(part, summary=_summary(part))


def with_left_out(part: Report, plan: Plan) -> Report:
    """Return *part* with what a saved *plan* names and does not do: it was held or blocked from the start."""
    held = {item_of(each.action) for each in part.held}
    blocked = {each.item for each in part.blocked}
    whole = replace(
        part,
        held=(*part.held, *(each for each in plan.held if item_of(each.action) not in held)),
        blocked=(*part.blocked, *(each for each in plan.blocked if each.item not in blocked)),
    )
    return replace(whole, summary=_summary(whole))


def converging(part: Report) -> bool:
    """Return whether anything but provisioning and what people decide is still under way."""
    linked = {result.item for result in part.results if result.outcome is Outcome.DONE}
    return any(
        WAITS[each.wait_for].converging and not (each.wait_for is WaitFor.LIST and each.item in linked)
        for each in part.waiting
    )


def unfinished(part: Report) -> bool:
    """Return whether an app is not live yet, or a subscription waits for an app that nothing blocks."""
    lagging = (each for each in _awaited(part) if WAITS[each.wait_for].ended_by is EndedBy.GUPSHUP)
    return bool(part.provisioning) or any(lagging)


def is_finished(part: Report, approval: Approval) -> bool:
    """Return whether each approved action has an outcome, also what only waited when it was approved.

    What waits for an app that is blocked has one: it does not come before a new plan.
    """
    effects = (*approval.actions.values(), *approval.waiting.values())
    items = {subject_of(effect)[1] for effect in effects}
    unclear = any(result.outcome is Outcome.UNCLEAR for result in part.results)
    awaited = any(each.item in items for each in _awaited(part))
    return part.looked and not part.error and not unclear and not awaited


def _awaited(part: Report) -> Iterable[Waiting]:
    stuck = {blocked.item.app for blocked in part.blocked}
    return (each for each in part.waiting if each.item.app not in stuck)


def total(parts: Iterable[Report]) -> dict[str, int]:
    """Add up the summaries. Every key is present, also with 0."""
    counted: Counter[str] = Counter()
    for part in parts:
        counted.update(part.summary)
    return {key: counted[key] for key in KEYS}


def _settled(plan: Plan) -> frozenset[Change]:
    """Return the changes that the last observation confirms: listed items were made, equal ones updated."""
    updates = (item_of(action) for action in plan.actions if verb_of(action) is Verb.UPDATE)
    listed = (*plan.unchanged, *plan.provisioning, *plan.unverifiable, *updates)
    created = ((verb, item) for verb in (Verb.LINK, Verb.SUBSCRIBE) for item in listed)
    return frozenset((*created, *((Verb.UPDATE, item) for item in plan.unchanged)))


def _confirmed(
    results: Mapping[Change, Result], settled: frozenset[Change], ids: Mapping[Item, AppId | None]
) -> Iterable[Result]:
    done = {result.item for result in results.values() if result.outcome is Outcome.DONE}
    for key, result in results.items():
        if result.outcome is Outcome.DONE or result.reason == AS_PLANNED or key not in settled:
            yield result
        elif result.verb is Verb.LINK or result.item not in done:
            app_id, why = ids.get(result.item) or result.app_id, "a later read showed that it was done"
            yield replace(result, outcome=Outcome.DONE, reason="Confirmed", message=why, app_id=app_id)


_VERBS = list(Verb)


def _order(result: Result) -> tuple[int, Item]:
    return _VERBS.index(result.verb), result.item


def _not_done(plan: Plan, outcomes: Mapping[Change, Result | Waiting]) -> Iterable[Waiting]:
    for action in plan.actions:
        outcome = outcomes.get(change(action))
        if outcome is None:
            why = "the run ended before its turn"
            yield Waiting(verb_of(action), item_of(action), WaitFor.BUDGET, message=why, effect=action)
        elif isinstance(outcome, Waiting):
            yield outcome


def _summary(part: Report) -> dict[str, int]:
    outcomes = Counter(result.outcome for result in part.results if result.reason != AS_PLANNED)
    done = Counter(DONE_AS[result.verb] for result in part.results if result.outcome is Outcome.DONE)
    return {
        **{name: done[name] for name in DONE_AS.values()},
        "unchanged": part.unchanged,
        "waiting": len(part.waiting),
        "blocked": len(part.blocked),
        "held": len(part.held),
        "failed": outcomes[Outcome.FAILED],
        "stale": outcomes[Outcome.STALE],
        "unclear": outcomes[Outcome.UNCLEAR],
    }
