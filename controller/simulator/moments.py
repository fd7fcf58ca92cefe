"""Moments: a date, an epoch second, or a number of seconds after the start, as people write them."""

import math
from datetime import UTC, datetime

_WORDS = {"never": math.inf, "always": -math.inf}
_EPOCH = 1e8  # three years: a smaller number counts from the start


def read_moment(text: str) -> float:
    """Return the seconds that *text* names: `never`, `always`, a number, or a date as in `2027-04-01`.

    Raises ValueError.
    """
    if text in _WORDS:
        return _WORDS[text]
    try:
        number = float(text)
    except ValueError:
        date = datetime.fromisoformat(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    if not 0 <= number < math.inf:
        raise ValueError(text)
    return number


def since(start: float, moment: float) -> float:
    """Return the second of the clock that *moment* means for a simulator that began at *start*."""
    return start + moment if moment < _EPOCH else moment
