"""Intervals of a process that never stops: moments and pauses in seconds, from counts."""

FIRST_POLL, LONGEST_POLL = 2.0, 30.0
"""Seconds between two reads of what is under way: at first, and after many that showed no change."""

QUIET = 5.0
"""Seconds after a read of an app in which events cause no other: they wait for the end of that time."""

SHARE = 5.0
"""Calls a second that observing may take: half of what Gupshup allows, so that changes find room."""

LEAST_DRIFT = 900.0

SOONEST, LATEST = 0.85, 0.95
"""Shares of a drift interval after which an app is read again. The rest is for reads that go before it."""

_PAGE = 100


def drift_interval(chosen: float | None, live: int) -> float:
    """Return the seconds between two reads of each live app: as chosen, or what half a budget takes."""
    return max(LEAST_DRIFT, live / (SHARE * SOONEST)) if chosen is None else chosen


def pause(calls: int) -> float:
    """Return the seconds until the next background read, after one that took so many calls."""
    return calls / SHARE


def poll(quiet: int, rows: int) -> float:
    """Return the seconds between two reads of what is under way. Quiet passes and long lists extend it."""
    return max(min(FIRST_POLL * 1.5 ** min(quiet, 20), LONGEST_POLL), rows / 500)


def list_poll(quiet: int, rows: int, interval: float) -> float:
    """Return the seconds until the next list while something is under way, at most *interval*.

    The pause grows with the passes in a row that changed nothing. A long list slows it, too.
    """
    return min(poll(quiet, rows), interval)


def one_by_one(in_flight: int, rows: int) -> bool:
    """Return whether reading each app that is under way takes fewer calls than a list of all."""
    return in_flight < rows // _PAGE + 1


def app_poll(quiet: int, in_flight: int, interval: float) -> float:
    """Return the seconds until the next read of each of *in_flight* apps, two calls each."""
    return min(max(poll(quiet, 0), 2 * in_flight / SHARE), interval)
