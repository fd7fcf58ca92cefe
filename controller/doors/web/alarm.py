"""Who was turned away: told in the log at most once a minute: a flood is a line and not a million."""

from collections.abc import Callable

from controller.edges import log

EVERY = 60.0


class Alarm:
    """*event* is the constant word of the log line, *now* the clock (epoch seconds)."""

    def __init__(self, event: str, now: Callable[[], float]) -> None:
        self._event = event
        self._now = now
        self._count = 0
        self._told: float | None = None

    def ring(self) -> None:
        """Count one more, and tell how many there were where nothing was told for a minute."""
        self._count += 1
        now = self._now()
        if self._told is None or now - self._told >= EVERY:
            log.logger().warning(self._event, times=self._count)
            self._told, self._count = now, 0
