"""State of a resource: one word that follows from its conditions, the most urgent one first."""

from enum import StrEnum

from controller.model.status import Condition, Status, Truth

HELD = "Held"
"""The reason of what a guard holds: nothing moves until a person does."""


RETIRED = "Retired"
"""The condition of a retired app, and its reason, once no webhook of ours is on it."""

UNMANAGED = "Unmanaged"
"""The condition of an app whose manifest is gone."""


class ResourceState(StrEnum):
    """The states, with the most urgent one first."""

    STALLED = "Stalled"
    HELD = HELD
    RECONCILING = "Reconciling"
    UNKNOWN = "Unknown"
    UNMANAGED = UNMANAGED
    READY = "Ready"
    RETIRED = RETIRED


def state_of(status: Status) -> tuple[ResourceState, Condition | None]:
    """Return the state, and the condition that holds its reason and its beginning."""
    ready, stalled, reconciling = map(status.condition, ("Ready", "Stalled", "Reconciling"))
    if stalled is not None and stalled.status is Truth.TRUE:
        return ResourceState.STALLED, stalled
    if ready is not None and is_held(ready):
        return ResourceState.HELD, ready
    if reconciling is not None and reconciling.status is Truth.TRUE:
        return ResourceState.RECONCILING, reconciling
    if is_retired(status):
        return ResourceState.RETIRED, status.condition(RETIRED)
    if is_unmanaged(status):
        return ResourceState.UNMANAGED, status.condition(UNMANAGED)
    is_ready = ready is not None and ready.status is Truth.TRUE
    return (ResourceState.READY if is_ready else ResourceState.UNKNOWN), ready


def is_held(ready: Condition) -> bool:
    return ready.status is Truth.FALSE and ready.reason == HELD


def is_retired(status: Status) -> bool:
    """Return whether an app is retired, and nothing is left to do for it."""
    return _is_true(status, RETIRED)


def is_unmanaged(status: Status) -> bool:
    """Return whether an app was declared, and no manifest declares it any more."""
    return _is_true(status, UNMANAGED)


def _is_true(status: Status, type_: str) -> bool:
    condition = status.condition(type_)
    return condition is not None and condition.status is Truth.TRUE
