"""Summary of a fleet: how many resources are in which state, by their last statuses. Small for any fleet."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from controller.core.health.quality import quality_label
from controller.core.health.sending import sending_label
from controller.core.planning.foreign import FOREIGN_WEBHOOK
from controller.core.status.state import is_retired, is_unmanaged
from controller.model.health import WabaInfo
from controller.model.plan import Item, Kind
from controller.model.status import Condition, Status, Truth

MOST_STAGES = 16
"""Stages that are counted under their own names: Gupshup's words for stages are an open set."""

OTHER = "other"


@dataclass(frozen=True, slots=True)
class FleetSummary:
    """*conditions* counts by kind, condition and its truth, *reasons* by kind why a resource is not Ready.

    *stages* counts apps by Gupshup's stage ("" if none is known), all but the commonest as OTHER. *unready*
    holds the apps that are not Ready, each with that condition, *stalled* those of them that need a person.
    *oldest* is the oldest observation of any of them (epoch seconds), None of nothing. *ready* holds every
    resource if that was requested. *foreign* holds the apps with webhooks of others that are not allowed,
    each with that condition, and *foreign_webhooks* counts these webhooks.
    resource if that was requested. *unable* holds the apps that cannot send, *dropped* those whose quality
    dropped, each with that condition. *sending* and *quality* count apps by words of which there are few.
    """

    conditions: Mapping[tuple[Kind, str, Truth], int] = field(default_factory=dict)
    reasons: Mapping[tuple[Kind, str], int] = field(default_factory=dict)
    stages: Mapping[str, int] = field(default_factory=dict)
    unready: Mapping[Item, Condition] = field(default_factory=dict)
    stalled: Mapping[Item, Condition] = field(default_factory=dict)
    oldest: float | None = None
    ready: Mapping[Item, Truth] = field(default_factory=dict)
    foreign: Mapping[Item, Condition] = field(default_factory=dict)
    foreign_webhooks: int = 0
    unable: Mapping[Item, Condition] = field(default_factory=dict)
    dropped: Mapping[Item, Condition] = field(default_factory=dict)
    sending: Mapping[str, int] = field(default_factory=dict)
    quality: Mapping[str, int] = field(default_factory=dict)


def summarize(statuses: Iterable[Status], *, each: bool = False) -> FleetSummary:
    """Count *statuses*. With *each*, store the Ready condition of every resource as well.

    Of apps that are retired or unmanaged only the conditions count: nothing is expected of them any more.
    """
    given = tuple(statuses)
    all_statuses = tuple(status for status in given if not (is_retired(status) or is_unmanaged(status)))
    by_item = [(status.item, condition) for status in all_statuses for condition in status.conditions]
    ready = {item: condition for item, condition in by_item if condition.type == "Ready"}
    unready = {item: condition for item, condition in ready.items() if condition.status is not Truth.TRUE}
    stalled = {item: condition for item, condition in by_item if condition.type == "Stalled"}
    return FleetSummary(
        conditions=Counter(
            (status.item.kind, each.type, each.status) for status in given for each in status.conditions
        ),
        reasons=Counter((item.kind, condition.reason) for item, condition in unready.items()),
        stages=_commonest(Counter(status.stage for status in all_statuses if status.item.kind is Kind.APP)),
        unready=_apps(unready),
        stalled=_apps(stalled),
        oldest=min((status.at for status in all_statuses), default=None),
        ready={item: condition.status for item, condition in ready.items()} if each else {},
        foreign={item: condition for item, condition in by_item if condition.type == FOREIGN_WEBHOOK},
        foreign_webhooks=sum(not one.allowed for status in all_statuses for one in status.foreign),
        unable=_where(by_item, "Sendable", Truth.FALSE),
        dropped=_where(by_item, "QualityDropped", Truth.TRUE),
        sending=_health(all_statuses, sending_label),
        quality=_health(all_statuses, quality_label),
    )


def _where(
    conditions: Iterable[tuple[Item, Condition]], type_: str, status: Truth
) -> Mapping[Item, Condition]:
    return {item: each for item, each in conditions if (each.type, each.status) == (type_, status)}


def _health(statuses: Iterable[Status], label: Callable[[WabaInfo], str]) -> Mapping[str, int]:
    """Count the apps by a label of the last answer about them; one that was never read is unknown."""
    apps = (status for status in statuses if status.item.kind is Kind.APP)
    return Counter(label(status.health.info if status.health else WabaInfo()) for status in apps)


def _apps(conditions: Mapping[Item, Condition]) -> Mapping[Item, Condition]:
    """Keep the apps: what is wrong with a subscription is in its app's conditions, too."""
    return {item: condition for item, condition in conditions.items() if item.kind is Kind.APP}


def _commonest(stages: Counter[str]) -> Mapping[str, int]:
    in_order = sorted(stages.items(), key=lambda pair: (-pair[1], pair[0]))
    named, rest = in_order[:MOST_STAGES], in_order[MOST_STAGES:]
    left = {OTHER: sum(count for _, count in rest)} if rest else {}
    return {**dict(named), **left}
