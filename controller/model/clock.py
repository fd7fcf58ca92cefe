"""The clocks: what every room asks of the clock that it is given."""

from typing import Protocol


class Clock(Protocol):
    def now(self) -> float:
        """Return epoch seconds that never step while the process lives."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class MonotonicClock(Clock, Protocol):
    """A clock whose time other processes of the machine share.

    *boot* names the run of the machine within which `monotonic` can be compared between processes. It is ""
    if it cannot be compared at all.
    """

    boot: str

    def monotonic(self) -> float:
        """Return seconds that never step and go on while the machine is suspended."""
        ...
