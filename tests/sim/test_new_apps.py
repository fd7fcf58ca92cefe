"""What is new goes first, right after a start, whatever sweep is under way and however large a fleet is.

`FLEET_LARGEST=10000` measures a larger one, for minutes.
"""

import os

import pytest

from tests.sim.new_apps import Fleet, late, onboard

LARGEST = int(os.environ.get("FLEET_LARGEST", "1000"))
SIZES = tuple(size for size in (10, 100, 1_000, 10_000) if size <= LARGEST)


@pytest.mark.parametrize("size", SIZES)
def test_a_new_app_is_served_at_once_during_the_first_sweep(size: int) -> None:
    waited = onboard(Fleet(size))
    assert [*late(waited), *waited.found] == []


@pytest.mark.parametrize("size", SIZES[:2])
def test_a_new_app_is_served_at_once_after_a_later_start(size: int) -> None:
    waited = onboard(Fleet(size), starts=2)
    assert [*late(waited), *waited.found] == []


@pytest.mark.parametrize("size", SIZES[:2])
def test_a_new_app_does_not_wait_for_a_mass_of_changes(size: int) -> None:
    """Each app gets one more webhook with the same commit, which no guard counts."""
    waited = onboard(Fleet(size, more=True))
    assert [*late(waited), *waited.found] == []


def test_new_apps_do_not_wait_for_each_other() -> None:
    waited = onboard(Fleet(100, news=5))
    assert [*late(waited), *waited.found] == []
