"""The system's clock tells epoch seconds, and never goes back."""

import time

import pytest

from controller.edges.clock import SystemClock


def test_it_tells_the_wall_clocks_time() -> None:
    assert SystemClock().now() == pytest.approx(time.time(), abs=1)


async def test_a_sleep_takes_at_least_as_long_as_it_was_asked_to() -> None:
    clock = SystemClock()
    before, monotonic = clock.now(), clock.monotonic()
    await clock.sleep(-1)
    await clock.sleep(0.01)
    assert clock.now() - before >= 0.009
    assert clock.monotonic() - monotonic >= 0.009


def test_processes_of_one_machine_see_one_boot() -> None:
    assert SystemClock().boot == SystemClock().boot
