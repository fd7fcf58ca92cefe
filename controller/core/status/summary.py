"""A census: how many resources stand how, from their last statuses. Small, however large the fleet is."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from controller.model.plan import Item, Kind
from controller.model.status import Condition, Status, Truth

MOST_STAGES = 16
"""Gupshup's words for stages are an open set; what is counted under a name of its own is not."""

OTHER = "other"


@dataclass(frozen=True, slots=True)
class FleetSummary:
    """*conditions* counts by kind, condition and its truth, *reasons* by kind why a resource is not Ready.

    *stages* counts apps by Gupshup's stage ("" where none is known); past the commonest it says OTHER.
    *unready* holds the apps that are not Ready, each with that condition, *stalled* those of them that need
    somebody. *oldest* is the oldest look at any of them (epoch seconds), None of nothing. *ready* tells each
    resource where that was asked for.
    """

    conditions: Mapping[tuple[Kind, str, Truth], int] = field(default_factory=dict)
    reasons: Mapping[tuple[Kind, str], int] = field(default_factory=dict)
    stages: Mapping[str, int] = field(default_factory=dict)
    unready: Mapping[Item, Condition] = field(default_factory=dict)
    stalled: Mapping[Item, Condition] = field(default_factory=dict)
    oldest: float | None = None
    ready: Mapping[Item, Truth] = field(default_factory=dict)


def summarize(statuses: Iterable[Status], *, each: bool = False) -> FleetSummary:
    """Count *statuses*; with *each*, every resource is told apart as well."""
    found = tuple(statuses)
    said = [(status.item, condition) for status in found for condition in status.conditions]
    ready = {item: condition for item, condition in said if condition.type == "Ready"}
    unready = {item: condition for item, condition in ready.items() if condition.status is not Truth.TRUE}
    stalled = {item: condition for item, condition in said if condition.type == "Stalled"}
    return FleetSummary(
        conditions=Counter((item.kind, condition.type, condition.status) for item, condition in said),
        reasons=Counter((item.kind, condition.reason) for item, condition in unready.items()),
        stages=_commonest(Counter(status.stage for status in found if status.item.kind is Kind.APP)),
        unready=_apps(unready),
        stalled=_apps(stalled),
        oldest=min((status.at for status in found), default=None),
        ready={item: condition.status for item, condition in ready.items()} if each else {},
    )


def _apps(said: Mapping[Item, Condition]) -> Mapping[Item, Condition]:
    """Keep the apps: what is wrong with a subscription stands in its app's conditions too."""
    return {item: condition for item, condition in said.items() if item.kind is Kind.APP}


def _commonest(stages: Counter[str]) -> Mapping[str, int]:
    in_order = sorted(stages.items(), key=lambda pair: (-pair[1], pair[0]))
    named, rest = in_order[:MOST_STAGES], in_order[MOST_STAGES:]
    left = {OTHER: sum(count for _, count in rest)} if rest else {}
    return {**dict(named), **left}
