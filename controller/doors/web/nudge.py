"""A changed source is told to the loop at once, and then at most every few seconds, the last one included."""

import asyncio

from controller.loop.run.control import LoopControl

EVERY = 5.0


class Nudge:
    """*every* is the least number of seconds between two readings of the source that are asked for."""

    def __init__(self, board: LoopControl, every: float = EVERY) -> None:
        self._board = board
        self._every = every
        self._last = float("-inf")
        self._due: asyncio.TimerHandle | None = None

    def ask(self) -> None:
        """Have the source read soon; what is asked meanwhile is asked once, when the time is over."""
        loop = asyncio.get_running_loop()
        wait = self._last + self._every - loop.time()
        if self._due is None and wait > 0:
            self._due = loop.call_later(wait, self._pass_on)
        elif self._due is None:
            self._pass_on()

    def _pass_on(self) -> None:
        self._due = None
        self._last = asyncio.get_running_loop().time()
        self._board.source_changed()
