"""Headers of answers that hold a moment or a wait."""

import re
from datetime import UTC
from email.utils import parsedate_to_datetime


def retry_after(value: str | None, now: float) -> float | None:
    """Return the seconds of a Retry-After header, at least 0; None if it cannot be read."""
    if value is None:
        return None
    if re.fullmatch(r"-?[0-9]{1,15}", value.strip(), re.ASCII):
        return max(0.0, float(value))
    until = moment(value)
    return None if until is None else max(0.0, until - now)


def moment(value: str) -> float | None:
    """Return epoch seconds of a date in a header; None if it cannot be read."""
    try:
        date = parsedate_to_datetime(value)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
