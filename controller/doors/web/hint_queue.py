"""The queue of hints between events and the loop: few hints, each once, at the pace of a throttle."""

import asyncio
import contextlib
from typing import NoReturn

from controller.core.schedule.throttle import Names, Throttle
from controller.edges import log
from controller.errors import ControllerError
from controller.loop.run.control import LoopControl

MOST = 64
"""Hints that may wait. Further ones are dropped: the next poll sees the same change."""


class HintQueue:
    """Hints that wait to be handed to *control*, each for as long as *throttle* requires."""

    def __init__(self, control: LoopControl, throttle: Throttle) -> None:
        self._control = control
        self._throttle = throttle
        self._waiting: dict[Names, None] = {}
        self._arrived = asyncio.Event()

    def put(self, names: Names) -> None:
        """Queue a hint and return at once. A hint that waits already is not queued twice."""
        if names in self._waiting or not self._full(names):
            self._waiting.setdefault(names)
            self._arrived.set()

    async def run(self) -> NoReturn:
        """Hand on the hints, each as soon as the throttle allows it, until cancelled."""
        while True:
            names = await self._next()
            try:
                known = await self._control.hint(names)
            except ControllerError as error:
                log.logger().warning("hint dropped", error=str(error))
                continue
            if known and not self._control.awaits(names):
                self._throttle = self._throttle.after(names, self._control.now())

    async def _next(self) -> Names:
        while True:
            self._arrived.clear()
            now = self._control.now()
            due = [(self._earliest(names, now), names) for names in self._waiting]
            first, names = min(due, key=lambda pair: pair[0], default=(None, ()))
            if first is not None and first <= now:
                del self._waiting[names]
                return names
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._arrived.wait(), None if first is None else first - now)

    def _full(self, names: Names) -> bool:
        """Return whether the queue is full for *names*. Apps under way have as many places of their own."""
        return len(self._waiting) >= (2 * MOST if self._control.awaits(names) else MOST)

    def _earliest(self, names: Names, now: float) -> float:
        """Return when a hint may go. For an app under way that is now: the loop limits those itself."""
        return now if self._control.awaits(names) else self._throttle.earliest(names, now)
