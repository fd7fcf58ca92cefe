"""The queue of hints, between an event and its look: few, each once, at the pace of an allowance."""

import asyncio
import contextlib
from typing import NoReturn

from controller.core.schedule.throttle import Names, Throttle
from controller.edges import log
from controller.errors import ControllerError
from controller.loop.run.control import LoopControl

MOST = 64
"""How many hints may wait. What finds no place is forgotten: the next poll sees what it was about."""


class HintQueue:
    """Hints on their way to the board."""

    def __init__(self, control: LoopControl, allowance: Throttle) -> None:
        self._control = control
        self._allowance = allowance
        self._waiting: dict[Names, None] = {}
        self._rung = asyncio.Event()

    def put(self, names: Names) -> None:
        """Take a hint, at once; one that waits already is not taken twice."""
        if names in self._waiting or not self._full(names):
            self._waiting.setdefault(names)
            self._rung.set()

    async def carry(self) -> NoReturn:
        """Pass the hints on, each as soon as the allowance lets it go, until cancelled."""
        while True:
            names = await self._next()
            try:
                known = await self._control.hint(names)
            except ControllerError as error:
                log.logger().warning("hint not passed on", error=str(error))
                continue
            if known and not self._control.awaits(names):
                self._allowance = self._allowance.after(names, self._control.now())

    async def _next(self) -> Names:
        while True:
            self._rung.clear()
            now = self._control.now()
            due = [(self._earliest(names, now), names) for names in self._waiting]
            first, names = min(due, key=lambda each: each[0], default=(None, ()))
            if first is not None and first <= now:
                del self._waiting[names]
                return names
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._rung.wait(), None if first is None else first - now)

    def _full(self, names: Names) -> bool:
        """Return whether there is no room; what is under way has as much again, and no flood takes it."""
        return len(self._waiting) >= (2 * MOST if self._control.awaits(names) else MOST)

    def _earliest(self, names: Names, now: float) -> float:
        """Return when a hint may go on; one about an app under way at once: the loop keeps count of those."""
        return now if self._control.awaits(names) else self._allowance.earliest(names, now)
