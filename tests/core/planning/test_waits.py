"""Waits: each member has a row."""

from controller.core.planning.waits import BY_REASON, WAITS
from controller.model.plan import WaitFor


def test_each_wait_has_a_row() -> None:
    assert WAITS.keys() == set(WaitFor)


def test_each_wait_has_a_reason_of_its_own() -> None:
    assert len(BY_REASON) == len(WAITS)
