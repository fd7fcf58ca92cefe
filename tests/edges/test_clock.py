"""The system's clock returns epoch seconds, and never goes back."""

import subprocess
import sys
import time

import pytest

from controller.edges.clock import SystemClock


def test_the_system_clock_returns_the_time_of_the_wall_clock() -> None:
    before = time.time()
    assert before - 1 <= SystemClock().now() <= time.time() + 1


async def test_a_sleep_takes_at_least_as_long_as_it_was_asked_to() -> None:
    clock = SystemClock()
    before, monotonic = clock.now(), clock.monotonic()
    await clock.sleep(-1)
    await clock.sleep(0.01)
    assert clock.now() - before >= 0.009
    assert clock.monotonic() - monotonic >= 0.009


def test_processes_of_one_machine_see_one_boot() -> None:
    assert SystemClock().boot == SystemClock().boot


def test_a_container_with_a_monotonic_time_of_its_own_is_another_machine() -> None:
    """The name of the machine's run is the same in both: the two times are not."""
    asking = "from controller.edges.clock import SystemClock; print(SystemClock().boot)"
    command = ["unshare", "--time", "--boottime", "5000", "--fork", sys.executable, "-c", asking]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no time namespace can be made here: {error}")
    mine = SystemClock().boot
    assert done.stdout.strip() not in {"", mine}
    assert done.stdout.split()[0] == mine.split()[0]
