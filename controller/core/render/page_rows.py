"""A line of the status page: how one app stands, in the words of kstatus, and for how long."""

from collections.abc import Iterable
from dataclasses import dataclass

from controller.model.status import Condition, Status, Truth

STATES = ("Stalled", "Reconciling", "Unknown", "Ready")
"""What needs a person first."""

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


@dataclass(frozen=True, slots=True)
class AppRow:
    """*age* is how long *state* has been so, *seen* how long ago the app was looked at."""

    name: str
    partner: str
    upstream: str
    app_id: str
    state: str
    stage: str
    reason: str
    message: str
    age: str
    seen: str


def row(status: Status, upstream: str, now: float) -> AppRow:
    state, why = _state(status)
    return AppRow(
        name=status.item.name,
        partner=status.item.partner,
        upstream=upstream,
        app_id=status.app_id or "",
        state=state,
        stage=status.stage,
        reason=why.reason if why else "",
        message=why.message if why else "",
        age=age(now - why.since) if why else "",
        seen=age(now - status.at),
    )


def chosen(rows: Iterable[AppRow], text: str, state: str) -> list[AppRow]:
    """Return the rows that *text* is found in, and of *state* where one is named; the worst come first."""
    wanted = text.casefold()
    found = (each for each in rows if not state or each.state == state)
    matching = [each for each in found if wanted in _searched(each)]
    return sorted(matching, key=lambda each: (STATES.index(each.state), each.name, each.upstream))


def age(seconds: float) -> str:
    """Return how long ago as a person says it, in its one or two greatest units."""
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


def _searched(of: AppRow) -> str:
    return f"{of.name}\n{of.partner}\n{of.app_id}\n{of.stage}\n{of.reason}\n{of.message}".casefold()


def _state(status: Status) -> tuple[str, Condition | None]:
    """Return the state, and the condition that says since when and why."""
    for word in ("Stalled", "Reconciling"):
        condition = status.condition(word)
        if condition is not None and condition.status is Truth.TRUE:
            return word, condition
    ready = status.condition("Ready")
    is_ready = ready is not None and ready.status is Truth.TRUE
    return ("Ready" if is_ready else "Unknown"), ready
