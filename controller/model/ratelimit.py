"""What the pace speaks of: budgets, calls that count in them, and when the next one may go."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from controller.model.manifest import Bucket, Limit

DEADLINE = 60.0
"""Seconds that one call may take from its reservation to its end: the client gives up before that."""

ACCOUNT = "account"
"""The trait that tells, of a way to sign in, which account it opens: its sign-ins are counted there."""

LONGEST_COOL_DOWN = 900.0
"""Seconds that a budget rests at most, whatever a 429 asks for."""


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit that Gupshup keeps, and the name under which our calls are counted against it."""

    key: str
    limit: Limit


@dataclass(frozen=True, slots=True)
class CallSpan:
    """One call, from its reservation to its end (epoch seconds): it reached Gupshup somewhere in between.

    *end* is None while the call goes on, and for ever where its process died.
    """

    start: float
    end: float | None = None


Rule: TypeAlias = Callable[[Sequence[CallSpan], float, Limit, float], float]
"""From the stays in a budget, now, its limit and the end of its rest to the earliest moment of a call."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """The right to send one call now. *rows* are its lines in the log, one a budget."""

    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call that is over. *waited* is how long it stood at the gate, *seconds* how long it took then.

    *route* is a route's name, never a path. *status* is None where no answer came.
    """

    bucket: Bucket
    route: str
    waited: float
    seconds: float
    status: int | None


OnCall: TypeAlias = Callable[[CallRecord], None]
"""Told of each call when it is over; it returns at once and never raises."""


def ignore_call(_: CallRecord) -> None:
    """Listen to nothing."""
