"""Rate limiting: budgets, calls that count in them, and the rule for the next call."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from controller.model.manifest import Bucket, Limit

DEADLINE = 60.0
"""Seconds that one call may take from its reservation to its end: the client gives up before that."""

ACCOUNT = "account"
"""The trait of a way to sign in that names the account. Its sign-ins are counted under that account."""

LONGEST_COOL_DOWN = 900.0
"""Seconds that a budget rests at most, whatever a 429 asks for."""


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit that Gupshup keeps, and the name under which our calls are counted against it."""

    key: str
    limit: Limit


@dataclass(frozen=True, slots=True)
class CallSpan:
    """One call, from its reservation to its end (epoch seconds). Gupshup got it at some moment in between.

    *end* is None while the call goes on, and for ever if its process died.
    """

    start: float
    end: float | None = None


@dataclass(frozen=True, slots=True)
class UsedBudget:
    """The calls that the log has of one budget, and until when it rests (epoch seconds)."""

    spans: tuple[CallSpan, ...] = ()
    rest_until: float = 0.0


Rule: TypeAlias = Callable[[Sequence[CallSpan], float, Limit, float], float]
"""From the spans in a budget, now, its limit and the end of its rest to the earliest moment of a call."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """The right to send one call now. *rows* are its lines in the log, one a budget."""

    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One finished call. *waited* is how long the rate limiter delayed it, *seconds* how long it took then.

    *route* is a route's name, never a path. *status* is None without an answer.
    """

    bucket: Bucket
    route: str
    waited: float
    seconds: float
    status: int | None


OnCall: TypeAlias = Callable[[CallRecord], None]
"""Called with each finished call. Returns at once and never raises."""


def ignore_call(_: CallRecord) -> None:
    """Ignore every call."""


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """One line of the log of calls, which keeps the last minutes. Moments are epoch seconds.

    *ended* is None while the call goes on. *status* is None without an answer.
    """

    budget: str
    route: str
    at: float
    ended: float | None
    status: int | None
