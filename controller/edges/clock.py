"""The system's clock: epoch seconds that never step while the process lives, and a sleep."""

import asyncio
import sys
import time
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class SystemClock:
    """The wall clock as it was at the start, carried on by the monotonic one.

    *boot* names the run of the machine within which `monotonic` can be compared between processes; it is
    "" where the system does not tell.
    """

    def __init__(self) -> None:
        self._offset = time.time() - _steady()
        self.boot = _boot()

    def now(self) -> float:
        """Return epoch seconds. A wall clock that is set later is not noticed."""
        return self._offset + _steady()

    def monotonic(self) -> float:
        """Return seconds that never step and, where the system can tell, go on while it is suspended."""
        return _steady()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))


def _steady() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME) if sys.platform == "linux" else time.monotonic()


def _boot() -> str:
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except OSError:
        return ""
