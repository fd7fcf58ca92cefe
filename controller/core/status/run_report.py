"""What came of a run, counted honestly: the last plan of each partner beside all that was done."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from controller.core.planning.actions import item_of, verb_of
from controller.core.planning.guard import Change, change, held_digest
from controller.core.planning.waits import WAITS, EndedBy
from controller.model.manifest import AppId
from controller.model.plan import (
    Blocked,
    HeldChange,
    Item,
    Outcome,
    Plan,
    Result,
    Unmanaged,
    Verb,
    WaitFor,
    Waiting,
)


@dataclass(frozen=True, slots=True)
class Report:
    """One partner's part. *error* is what ended or kept ending its passes, "" where nothing did.

    *looked* says that at least one look was whole: without it, nothing is known of the partner.
    """

    partner: str
    looked: bool = False
    results: tuple[Result, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    blocked: tuple[Blocked, ...] = ()
    held: tuple[HeldChange, ...] = ()
    held_digest: str | None = None
    unmanaged: tuple[Unmanaged, ...] = ()
    unverifiable: tuple[Item, ...] = ()
    provisioning: tuple[Item, ...] = ()
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


def report(
    plan: Plan,
    said: Mapping[Change, Result | Waiting],
    results: Mapping[Change, Result],
    ids: Mapping[Item, AppId | None],
) -> Report:
    """Account for a run: *said* is what came of the last plan's actions, *results* all that passes did.

    An action whose turn did not come waits for its budget. What was unclear or stale and is as declared by
    now was done. *ids* are the apps as the last look found them.
    """
    told = tuple(sorted(_confirmed(results, _settled(plan), ids), key=_order))
    touched = {result.item for result in told}
    waiting = (*plan.waiting, *_not_done(plan, said))
    unchanged = sum(item not in touched for item in plan.unchanged)
    part = Report(
        partner=plan.partner.name,
        looked=True,
        results=told,
        waiting=waiting,
        blocked=plan.blocked,
        held=plan.held,
        held_digest=held_digest(plan),
        unmanaged=plan.unmanaged,
        unverifiable=plan.unverifiable,
        provisioning=plan.provisioning,
        unchanged=unchanged,
    )
    return replace(part, summary=_summary(part))


def converging(part: Report) -> bool:
    """Say whether anything but provisioning and what people decide is still under way."""
    linked = {result.item for result in part.results if result.outcome is Outcome.DONE}
    return any(
        WAITS[each.wait_for].converging and not (each.wait_for is WaitFor.LIST and each.item in linked)
        for each in part.waiting
    )


def unfinished(part: Report) -> bool:
    """Say whether an app is not live yet, or a subscription waits for one that nothing blocks."""
    stuck = {blocked.item.app for blocked in part.blocked}
    lagging = (each for each in part.waiting if WAITS[each.wait_for].ended_by is EndedBy.GUPSHUP)
    return bool(part.provisioning) or any(each.item.app not in stuck for each in lagging)


def total(parts: Iterable[Report]) -> dict[str, int]:
    """Add up the summaries; every key is there, also with 0."""
    counted: Counter[str] = Counter()
    for part in parts:
        counted.update(part.summary)
    return {key: counted[key] for key in KEYS}


def _settled(plan: Plan) -> frozenset[Change]:
    """Return the changes that the last look found made: what is there was created, what is alike updated."""
    updates = (item_of(action) for action in plan.actions if verb_of(action) is Verb.UPDATE)
    there = (*plan.unchanged, *plan.provisioning, *plan.unverifiable, *updates)
    created = ((verb, item) for verb in (Verb.LINK, Verb.SUBSCRIBE) for item in there)
    return frozenset((*created, *((Verb.UPDATE, item) for item in plan.unchanged)))


def _confirmed(
    results: Mapping[Change, Result], settled: frozenset[Change], ids: Mapping[Item, AppId | None]
) -> Iterable[Result]:
    done = {result.item for result in results.values() if result.outcome is Outcome.DONE}
    for key, result in results.items():
        if result.outcome is Outcome.DONE or key not in settled:
            yield result
        elif result.verb is Verb.LINK or result.item not in done:
            found, why = ids.get(result.item) or result.app_id, "a later look found it done"
            yield replace(result, outcome=Outcome.DONE, reason="Confirmed", message=why, app_id=found)


_VERBS = list(Verb)


def _order(result: Result) -> tuple[int, Item]:
    return _VERBS.index(result.verb), result.item


def _not_done(plan: Plan, said: Mapping[Change, Result | Waiting]) -> Iterable[Waiting]:
    for action in plan.actions:
        deed = said.get(change(action))
        if deed is None:
            why = "the run ended before its turn"
            yield Waiting(verb_of(action), item_of(action), WaitFor.BUDGET, message=why)
        elif isinstance(deed, Waiting):
            yield deed


def _summary(part: Report) -> dict[str, int]:
    outcomes = Counter(result.outcome for result in part.results)
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
