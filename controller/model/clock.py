"""Clocks: the interface that all layers use."""

from typing import Protocol


class Clock(Protocol):
    def now(self) -> float:
        """Return epoch seconds that never step while the process lives."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class MonotonicClock(Clock, Protocol):
    """A clock whose time other processes of the machine share.

    *boot* names the run of the machine within which processes can compare `monotonic`, "" if no comparison is
    possible.
    """

    boot: str

    def monotonic(self) -> float:
        """Return seconds that never step and go on while the machine is suspended."""
        ...
