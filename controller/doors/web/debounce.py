"""The debounce: the first request acts at once, and later ones together, some seconds apart."""

import asyncio
from collections.abc import Callable

EVERY = 5.0


class Debounce:
    """Calls *action*. Two calls are at least *every* seconds apart."""

    def __init__(self, action: Callable[[], None], every: float = EVERY) -> None:
        self._action = action
        self._every = every
        self._last = float("-inf")
        self._due: asyncio.TimerHandle | None = None

    def request(self) -> None:
        """Call the action soon. All requests before that call are one call."""
        loop = asyncio.get_running_loop()
        wait = self._last + self._every - loop.time()
        if self._due is None and wait > 0:
            self._due = loop.call_later(wait, self._call)
        elif self._due is None:
            self._call()

    def _call(self) -> None:
        self._due = None
        self._last = asyncio.get_running_loop().time()
        self._action()
