"""Reading of health: which app is due, so that each app is read once a day and a fleet all day long.

Each app has a moment of the day of its own, which its id decides. So nothing has to be remembered but the
moment of the last read, and a restart neither repeats a read nor brings many apps together.
"""

import hashlib
from dataclasses import dataclass

from controller.core.health.sending import sendability
from controller.model.health import AppHealth
from controller.model.manifest import AppId
from controller.model.status import Truth

DAY, HOUR, MINUTE = 86_400.0, 3_600.0, 60.0

LATELY = HOUR
"""Seconds for which an event makes a health doubtful. Reads that fail are repeated no longer than that."""


@dataclass(frozen=True, slots=True)
class KnownHealth:
    """What is known of a live app's health. *health* is None if it was never read whole.

    *checked*: its WABA id was asked for, perhaps by an older release. *doubt* is when somebody said that the
    health changed (epoch seconds), None if nobody did. *awaited*: the app is ready only once it can send.
    """

    app_id: AppId
    health: AppHealth | None
    checked: bool
    doubt: float | None = None
    awaited: bool = False


def is_doubtful(known: KnownHealth, now: float) -> bool:
    """Return whether something happened since the last read that may have changed the health."""
    if known.doubt is None or now - known.doubt >= LATELY:
        return False
    return known.health is None or known.health.at < min(known.doubt, now)


def is_due(known: KnownHealth, now: float) -> bool:
    """Return whether the app's moment of the day has passed since the last read.

    An app that only an older release read is due in the hour after its moment, or at once if it is awaited.
    """
    last = next_due(known.app_id, now) - DAY
    if known.health is None:
        return known.awaited or now - last < HOUR
    ahead = known.health.at > now + HOUR  # the clock of the process that read it was wrong
    return ahead or known.health.at < last


def next_due(app_id: AppId, now: float) -> float:
    """Return the app's next moment of the day after *now* (epoch seconds), a whole second."""
    return float(round(now + DAY - (now - _own_moment(app_id)) % DAY))


def is_wanted(known: KnownHealth, now: float, *, waiting: bool) -> bool:
    """Return whether a run by hand reads the health again, because the app's readiness depends on it.

    An unknown health is read again, with *waiting* one that cannot send as well; never within a minute.
    """
    status = sendability(known.health).status
    is_open = status is Truth.UNKNOWN or (waiting and status is Truth.FALSE)
    rested = known.health is None or not 0 <= now - known.health.at < MINUTE
    return known.awaited and is_open and rested


def _own_moment(app_id: AppId) -> int:
    """Return the app's own moment of the day, in seconds from the day's beginning."""
    return int.from_bytes(hashlib.sha256(app_id.encode()).digest()[:8]) % int(DAY)
