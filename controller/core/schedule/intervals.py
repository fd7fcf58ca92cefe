"""When to look again, in a process that never stops: moments and pauses in seconds, from counts."""

from controller.core.schedule.next_pass import poll

QUIET = 5.0
"""An app that was just looked at is not looked at again before: hints within it wait for its end."""

SHARE = 5.0
"""Calls a second that looking may take by itself: half of what Gupshup allows, so that changes find room."""

LEAST_DRIFT = 900.0

FIRST_BACKOFF, LONGEST_BACKOFF = 2.0, 300.0

_PAGE = 100


def drift_interval(chosen: float | None, live: int) -> float:
    """Return how often each live app is looked at: as chosen, or what half a budget takes."""
    return max(LEAST_DRIFT, live / SHARE) if chosen is None else chosen


def pause(calls: int) -> float:
    """Return the seconds until the next look that nobody waits for, after one that took so many calls."""
    return calls / SHARE


def list_poll(quiet: int, rows: int, interval: float) -> float:
    """Return the seconds until the next list while something is under way: never longer than *interval*.

    It grows with the passes in a row that changed nothing, and a long list slows it.
    """
    return min(poll(quiet, rows), interval)


def one_by_one(in_flight: int, rows: int) -> bool:
    """Say whether looking at each app that is under way takes fewer calls than a list of all."""
    return in_flight < rows // _PAGE + 1


def app_poll(quiet: int, in_flight: int, interval: float) -> float:
    """Return the seconds until the next look at each of *in_flight* apps, two calls each."""
    return min(max(poll(quiet, 0), 2 * in_flight / SHARE), interval)


def backoff(failures: int, chance: float) -> float:
    """Return the seconds to rest after *failures* in a row; *chance* (0 to 1) spreads what failed alike."""
    whole = min(FIRST_BACKOFF * 2.0 ** min(failures - 1, 20), LONGEST_BACKOFF)
    return whole * (0.5 + chance / 2)
