"""Waits: one row for each thing that can be waited for, and what follows from it (docs/reasons.md)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from controller.model.plan import WaitFor
from controller.model.status import Truth


class EndedBy(Enum):
    """The cause that ends a wait."""

    GUPSHUP = auto()
    """Gupshup, in its own time: minutes to days."""
    LIMITS = auto()
    """Gupshup's limits: there is room again at a moment that is known."""
    TIME = auto()
    """A pause, at a moment that is known."""
    LIST = auto()
    """The next list of the partner's apps, or enough of them."""
    APP = auto()
    """The next read of this app."""
    FULL_PASS = auto()
    """The next pass that sees all apps of the partner."""
    PERSON = auto()
    """A person, who changes the manifest."""


class AlertWhen(Enum):
    """When an app that was ready, and waits now, is worth an alert."""

    SOON = auto()
    LATE = auto()
    """The next pass may end the wait, so a short one is worth none."""
    NEVER = auto()
    """A person wants the app to wait, or another alert is about it."""


@dataclass(frozen=True, slots=True)
class Wait:
    """One row. *reason* is the reason of the conditions, *truth* their status.

    *converging*: a run that ends now is still converging (exit 6). *reread*: another read may end the wait,
    so a run repeats reads for it. *with_app*: if the link of an app waits so, its subscriptions wait for the
    same thing.
    """

    ended_by: EndedBy
    reason: str
    truth: Truth = Truth.FALSE
    alert: AlertWhen = AlertWhen.SOON
    converging: bool = False
    reread: bool = False
    with_app: bool = False

    @property
    def untried(self) -> bool:
        """Return whether the action was not tried, however willing the pass was."""
        return self.ended_by in {EndedBy.LIMITS, EndedBy.APP, EndedBy.FULL_PASS}


WAITS: Mapping[WaitFor, Wait] = {
    WaitFor.LIVE: Wait(EndedBy.GUPSHUP, "AwaitingLive"),
    WaitFor.LINK: Wait(EndedBy.GUPSHUP, "AwaitingLink"),
    WaitFor.BUDGET: Wait(EndedBy.LIMITS, "RateLimited", Truth.UNKNOWN, AlertWhen.LATE, converging=True),
    WaitFor.OUTCOME: Wait(EndedBy.LIST, "LinkOutcomePending", converging=True, reread=True),
    WaitFor.LIST: Wait(EndedBy.LIST, "AwaitingList", converging=True, reread=True),
    WaitFor.PHONE: Wait(EndedBy.LIST, "AwaitingPhone", converging=True, reread=True),
    WaitFor.OBSERVATION: Wait(
        EndedBy.APP, "NotObserved", Truth.UNKNOWN, AlertWhen.LATE, converging=True, reread=True
    ),
    WaitFor.BACKOFF: Wait(EndedBy.TIME, "BackingOff", alert=AlertWhen.LATE, converging=True, reread=True),
    WaitFor.SUSPENSION: Wait(EndedBy.PERSON, "Suspended", alert=AlertWhen.NEVER, with_app=True),
    WaitFor.POLICY: Wait(EndedBy.PERSON, "NotAllowedByPolicy", alert=AlertWhen.NEVER, with_app=True),
    WaitFor.COOLDOWN: Wait(
        EndedBy.TIME, "LinksCoolingDown", alert=AlertWhen.LATE, converging=True, with_app=True
    ),
    WaitFor.FULL_PASS: Wait(EndedBy.FULL_PASS, "AwaitingFullPass", alert=AlertWhen.LATE),
    WaitFor.ROOM: Wait(EndedBy.APP, "AwaitingRoom", alert=AlertWhen.LATE, converging=True),
    WaitFor.SENDABLE: Wait(EndedBy.GUPSHUP, "NotSendable", alert=AlertWhen.NEVER),
}

BY_REASON: Mapping[str, Wait] = {row.reason: row for row in WAITS.values()}
"""The rows by the reason that a condition carries."""
