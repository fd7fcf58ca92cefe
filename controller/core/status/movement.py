"""Movement: which resources may still change by themselves while somebody waits, and why."""

from collections.abc import Collection, Iterable, Mapping

from controller.core.planning.waits import BY_REASON, WAITS, EndedBy
from controller.core.status.state import ResourceState, state_of
from controller.model.plan import Item, Kind, WaitFor
from controller.model.status import Condition, Status

UNVERIFIABLE = "Unverifiable"
"""The reason of a value that only a person has written, by `apply --resend`."""

_NOT_SENDABLE = WAITS[WaitFor.SENDABLE].reason


def moving(statuses: Collection[Status]) -> Mapping[Item, Condition]:
    """Return what may still change, each with the condition that says why.

    What only a person ends does not move, nor what Gupshup ends for an app that needs a person itself, nor an
    app that cannot send: Gupshup and Meta take days for that.
    """
    stuck = _stuck_apps(statuses)
    return {
        status.item: condition
        for status in statuses
        if (condition := status.condition("Reconciling")) and _moves(status.item, condition.reason, stuck)
    }


def unsendable(statuses: Iterable[Status]) -> list[Item]:
    """Return the apps that are not ready only because they cannot send."""
    return [
        status.item
        for status in statuses
        if (condition := status.condition("Reconciling")) and condition.reason == _NOT_SENDABLE
    ]


def _moves(item: Item, reason: str, stuck: Collection[tuple[str, str]]) -> bool:
    wait = BY_REASON.get(reason)
    if wait is None:
        return reason != UNVERIFIABLE
    if wait.ended_by is EndedBy.GUPSHUP:
        return reason != _NOT_SENDABLE and (item.partner, item.app) not in stuck
    return wait.ended_by is not EndedBy.PERSON


def _stuck_apps(statuses: Iterable[Status]) -> frozenset[tuple[str, str]]:
    """Return the apps that are stalled themselves: none of their subscriptions is."""
    stalled = [status.item for status in statuses if state_of(status)[0] is ResourceState.STALLED]
    by_subscription = {(item.partner, item.app) for item in stalled if item.kind is Kind.SUBSCRIPTION}
    return frozenset((item.partner, item.app) for item in stalled) - by_subscription
