"""Simulated time in one thread: an event loop that jumps to its next timer, and clocks that read it."""

import asyncio
import selectors
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeVar

from controller.edges.clock import SystemClock

T = TypeVar("T")

START = 1_700_000_000.0
UPTIME = 36_000.0
"""Seconds for which the machine had been on when the simulation began."""


class Asleep(BaseException):
    """Nothing is due any more, and somebody still waits: a run would never end."""


@dataclass(frozen=True, slots=True)
class Step:
    """Somebody sets the wall clock by so many *seconds*; *reboot*: the machine is started anew with it."""

    seconds: float
    reboot: bool = False

    def __str__(self) -> str:
        return f"the clock {self.seconds / 3600:+.0f} h{' and a reboot' if self.reboot else ''}"


@dataclass(slots=True)
class Timeline:
    """Seconds since the simulation began. Everything that has a clock reads this one.

    *wall* is by how much the machine's wall clock is wrong, *booted* are the seconds at which its runs began.
    """

    seconds: float = 0.0
    wall: float = 0.0
    booted: list[float] = field(default_factory=lambda: [-UPTIME])

    def now(self) -> float:
        """Return epoch seconds as they are, whatever the machine's clock says."""
        return START + self.seconds

    def set(self, step: Step) -> None:
        self.wall += step.seconds
        if step.reboot:
            self.booted.append(self.seconds)


class Clock(SystemClock):
    """The controller's clock. All processes run on one machine, so that they agree on monotonic time."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._booted = timeline.booted[-1]
        self._offset = START + timeline.wall + self._booted
        self.boot = f"simulated {len(timeline.booted)}"

    def now(self) -> float:
        """Return epoch seconds by the wall clock as it was set when the process began."""
        return self._offset + self.monotonic()

    def monotonic(self) -> float:
        return self._timeline.seconds - self._booted

    def wall(self) -> float:
        """Return what the wall clock says now: no part of the product asks it twice."""
        return self._timeline.now() + self._timeline.wall


class _Jump(selectors.SelectSelector):
    """Sees no file become ready: where a selector would wait, time jumps."""

    def __init__(self, timeline: Timeline) -> None:
        super().__init__()
        self._timeline = timeline

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Asleep
        self._timeline.seconds += timeout
        return []


class Errand(asyncio.Task[Any]):
    """A task that sets of tasks order by its number, so that no run depends on addresses in memory."""

    numbers = count()

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  (asyncio's own signature)
        self.number = next(Errand.numbers)  # first: being born, it goes into a set already
        super().__init__(*args, **kwargs)

    def __hash__(self) -> int:
        return self.number

    def __eq__(self, other: object) -> bool:
        return self is other


class Loop(asyncio.SelectorEventLoop):
    """An event loop in simulated time."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        super().__init__(_Jump(timeline))
        self.set_task_factory(lambda loop, work, **more: Errand(work, loop=loop, **more))
        self.set_exception_handler(lambda *_: None)  # the dead leave tasks that nobody asks about

    def time(self) -> float:
        return self._timeline.seconds

    def run_in_executor(self, _: object, work: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override]  # noqa: ANN401  (the loop's own signature)
        """Work in place: simulated time has one thread, and another one could be late on a busy machine."""
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(work(*args))
        except Exception as error:  # noqa: BLE001  (raised again by the future, at its one reader)
            done.set_exception(error)
        return done

    def until(self, done: Callable[[], bool]) -> None:
        """Run until *done*, or until somebody stopped the loop."""
        if not done():
            self.run_forever()

    def bury(self) -> None:
        """End what is left of a process that is dead; no time passes meanwhile."""
        then = self._timeline.seconds
        for _ in range(20):
            left = sorted(asyncio.all_tasks(self), key=lambda request: getattr(request, "number", 0))
            if not left:
                break
            for request in left:
                request.cancel()
            with suppress(RuntimeError):  # a kill struck what they were tidying up
                self.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self.close()
        self._timeline.seconds = then
