"""Back-offs: the seconds to wait after failures in a row, doubling up to a longest pause."""

FIRST_PASS_BACKOFF, LONGEST_PASS_BACKOFF = 2.0, 300.0
"""Seconds between two passes over a name that fails."""

FIRST_WRITE_BACKOFF, LONGEST_WRITE_BACKOFF = 30.0, 3600.0
"""Seconds between two tries of a write without a good answer."""


def pass_backoff(failures: int, chance: float) -> float:
    """Return the seconds to wait after *failures* in a row. *chance* (0 to 1) spreads equal failures."""
    return _doubled(FIRST_PASS_BACKOFF, failures, LONGEST_PASS_BACKOFF) * (0.5 + chance / 2)


def write_backoff(tries: int) -> float:
    """Return the seconds to wait after the *tries*th refusal in a row."""
    return _doubled(FIRST_WRITE_BACKOFF, tries, LONGEST_WRITE_BACKOFF)


def _doubled(first: float, times: int, longest: float) -> float:
    return min(first * 2.0 ** min(times - 1, 20), longest)
