"""Outcome of one pass of a process that never stops, for the schedule, the statuses and whoever observes."""

from dataclasses import dataclass

from controller.core.planning.matched_app import Matches
from controller.errors import Busy, ControllerError
from controller.model.passes import Lane
from controller.model.plan import Plan, Request, Result, Waiting


@dataclass(frozen=True, slots=True)
class PassOutcome:
    """Outcome of a pass over *name*, an app or WHOLE_PARTNER.

    *asked* is what was asked of the pass, and *outcomes* what came of its actions. *plan* is what is left,
    None if *error* ended the pass. *rows* is the length of the list. *calls* counts the calls that reading
    one app took, without those for the token.
    """

    name: str
    lane: Lane
    asked: Request
    plan: Plan | None
    outcomes: tuple[Result | Waiting, ...] = ()
    rows: int = 0
    calls: int = 0
    revision: str = ""
    matches: Matches | None = None
    error: ControllerError | None = None

    @property
    def results(self) -> tuple[Result, ...]:
        return tuple(outcome for outcome in self.outcomes if isinstance(outcome, Result))

    @property
    def retry_at(self) -> float | None:
        """Return when another pass is worth it (epoch seconds), None if the error does not say."""
        return self.error.until if isinstance(self.error, Busy) else None
