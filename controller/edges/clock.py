"""The system's clock: epoch seconds that never step while the process lives, and a sleep."""

import asyncio
import ctypes
import sys
import time
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_TIME_NAMESPACE = Path("/proc/self/ns/time")


class SystemClock:
    """The wall clock at the start of the process, continued by the monotonic clock.

    *boot* identifies the run of the machine: within one run, `monotonic` can be compared between processes.
    *boot* is "" if the system does not have such a name.
    """

    def __init__(self) -> None:
        self._offset = time.time() - _steady()
        self.boot = _boot()

    def now(self) -> float:
        """Return epoch seconds. If the wall clock is set later, the result does not change."""
        return self._offset + _steady()

    def monotonic(self) -> float:
        """Return seconds that never step. Time in which the machine is suspended counts on Linux."""
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
    """Return the time namespace: a container may have another monotonic time than its machine."""
    try:
        return str(_TIME_NAMESPACE.readlink())
    except OSError:
        return ""


def _session() -> str:
    """Return macOS's name for this run of the machine, "" if there is none."""
    answer, size = ctypes.create_string_buffer(64), ctypes.c_size_t(64)
    sysctl = ctypes.CDLL(None).sysctlbyname
    if sysctl(b"kern.bootsessionuuid", answer, ctypes.byref(size), None, ctypes.c_size_t(0)):
        return ""
    return answer.value.decode("ascii", "replace")
