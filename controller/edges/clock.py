"""The system's clock: epoch seconds that never step while the process lives, and a sleep."""

import asyncio
import ctypes
import sys
import time
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_TIME_NAMESPACE = Path("/proc/self/ns/time")


class SystemClock:
    """The wall clock as it was at the start, carried on by the monotonic one.

    *boot* names the run of the machine within which `monotonic` can be compared between processes; it is
    "" if the system does not tell.
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
    if sys.platform == "darwin":
        return _session()
    try:
        boot = _BOOT_ID.read_text("ascii").strip()
    except OSError:
        return ""
    return f"{boot} {_namespace()}".strip()


def _namespace() -> str:
    """Name what a container may have of its own: another monotonic time than its machine's."""
    try:
        return str(_TIME_NAMESPACE.readlink())
    except OSError:
        return ""


def _session() -> str:
    """Ask macOS for the name of this run of the machine."""
    answer, size = ctypes.create_string_buffer(64), ctypes.c_size_t(64)
    asked = ctypes.CDLL(None).sysctlbyname
    if asked(b"kern.bootsessionuuid", answer, ctypes.byref(size), None, ctypes.c_size_t(0)):
        return ""
    return answer.value.decode("ascii", "replace")
