"""The log throttle: the same message is logged once a minute, with the number of suppressed ones."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from controller.edges import log

EVERY = 60.0
"""Seconds for which the same message is not logged again."""

MOST = 4_096
"""Messages that are remembered. Beyond them, the oldest may be logged too often."""

_NUMBER = re.compile(r"\d+")


@dataclass(slots=True)
class _Logged:
    at: float
    suppressed: int = 0


class LogThrottle:
    """Makes one line of a flood of equal messages. *now* returns seconds that never step."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._logged: dict[str, _Logged] = {}

    def due(self, *words: str) -> int | None:
        """Return how often the same *words* were suppressed since they were logged; None to suppress them.

        Numbers in *words* do not count: an error that names its seconds stays the same error.
        """
        key, now = _NUMBER.sub("0", "\0".join(words)), self._now()
        last = self._logged.pop(key, None)
        if last is not None and now - last.at < EVERY:
            last.suppressed += 1
            self._logged[key] = last
            return None
        self._logged[key] = _Logged(now)
        if len(self._logged) > MOST:
            del self._logged[next(iter(self._logged))]
        return 0 if last is None else last.suppressed

    def warn(self, event: str) -> None:
        """Log *event*, with the times that it happened since it was last logged."""
        suppressed = self.due(event)
        if suppressed is not None:
            log.logger().warning(event, times=suppressed + 1)
