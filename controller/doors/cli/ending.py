"""How a run over several partners ends: the gravest thing that happened gives the exit code."""

from collections.abc import Iterable

from controller.core.status.run_report import Report, converging, unfinished
from controller.doors.cli.exits import (
    CONVERGING,
    DENIED,
    ERROR,
    FAILED,
    HELD,
    INTERRUPTED,
    LOCKED,
    OK,
    USAGE,
    code_of,
)
from controller.model.plan import Outcome

GRAVEST_FIRST = (INTERRUPTED, DENIED, LOCKED, USAGE, ERROR, FAILED, HELD, CONVERGING)


def gravest(codes: Iterable[int]) -> int:
    """Return the gravest of *codes*; one that has no place among them is no success either."""
    found = set(codes) - {OK}
    return next((code for code in GRAVEST_FIRST if code in found), ERROR if found else OK)


def after_refusal(refusal: Exception, code: int) -> int:
    """Return the code of a run over the last good revision: the source's own, if the run's is no graver."""
    return code if code in GRAVEST_FIRST[: GRAVEST_FIRST.index(FAILED)] else code_of(refusal)


def codes(part: Report, error: Exception | None, *, wait: bool) -> Iterable[int]:
    """Return every code that one partner's part of a run calls for."""
    if error is not None:
        yield code_of(error)
    if part.held:
        yield HELD
    if part.blocked or any(r.outcome in {Outcome.FAILED, Outcome.STALE} for r in part.results):
        yield FAILED
    unclear = any(result.outcome is Outcome.UNCLEAR for result in part.results)
    if unclear or converging(part) or (wait and unfinished(part)):
        yield CONVERGING
