"""Moments and pauses of a process that never stops, from counts."""

import pytest

from controller.core.schedule import intervals
from controller.core.schedule.intervals import FIRST_POLL, LONGEST_POLL

NOW = 1_000.0


@pytest.mark.parametrize(
    ("chosen", "live", "expected"),
    [
        pytest.param(None, 0, 900.0, id="never more often than every quarter of an hour"),
        pytest.param(None, 3_825, 900.0, id="as many as fit into that"),
        pytest.param(None, 5_100, 1_200.0, id="a large fleet takes what half a budget takes"),
        pytest.param(60.0, 5_000, 60.0, id="or as chosen"),
    ],
)
def test_the_drift_interval_grows_with_the_fleet(chosen: float | None, live: int, expected: float) -> None:
    assert intervals.drift_interval(chosen, live) == expected


def test_the_drift_sweep_takes_half_of_the_budget() -> None:
    assert [intervals.pause(calls) for calls in (1, 3)] == pytest.approx([1 / 5, 3 / 5])


@pytest.mark.parametrize(
    ("quiet", "rows", "interval", "expected"),
    [
        pytest.param(0, 10, 60.0, FIRST_POLL, id="soon at first"),
        pytest.param(1, 10, 60.0, FIRST_POLL * 1.5, id="then later"),
        pytest.param(99, 10, 60.0, LONGEST_POLL, id="never very late"),
        pytest.param(0, 5_000, 60.0, 10.0, id="a long list is read less often"),
        pytest.param(99, 10, 5.0, 5.0, id="never later than the list is read anyway"),
    ],
)
def test_the_poll_of_the_list_slows_with_quiet_passes_and_its_length(
    quiet: int, rows: int, interval: float, expected: float
) -> None:
    assert intervals.list_poll(quiet, rows, interval) == expected


@pytest.mark.parametrize(
    ("in_flight", "rows", "expected"),
    [
        pytest.param(0, 0, True, id="nothing at all"),
        pytest.param(1, 50, False, id="one page costs no more than one app"),
        pytest.param(1, 100, True, id="two pages do"),
        pytest.param(50, 5_000, True, id="fewer apps than pages"),
        pytest.param(51, 5_000, False, id="as many apps as pages"),
    ],
)
def test_apps_in_flight_are_polled_by_whichever_way_takes_fewer_calls(
    *, in_flight: int, rows: int, expected: bool
) -> None:
    assert intervals.one_by_one(in_flight, rows) is expected


@pytest.mark.parametrize(
    ("quiet", "in_flight", "interval", "expected"),
    [
        pytest.param(0, 1, 60.0, FIRST_POLL, id="one app soon"),
        pytest.param(0, 50, 60.0, 20.0, id="many apps share half of the budget"),
        pytest.param(99, 1, 60.0, LONGEST_POLL, id="later where nothing happens"),
        pytest.param(99, 500, 60.0, 60.0, id="never later than the list"),
    ],
)
def test_the_poll_of_apps_in_flight_slows_with_their_number_and_quiet_passes(
    quiet: int, in_flight: int, interval: float, expected: float
) -> None:
    assert intervals.app_poll(quiet, in_flight, interval) == expected


@pytest.mark.parametrize(
    ("quiet", "rows", "expected"),
    [
        pytest.param(0, 0, FIRST_POLL, id="soon at first"),
        pytest.param(2, 0, 4.5, id="then more slowly"),
        pytest.param(9, 0, LONGEST_POLL, id="up to half a minute"),
        pytest.param(10**9, 0, LONGEST_POLL, id="however long it lasts"),
        pytest.param(0, 10_000, 20.0, id="a long list slows it"),
        pytest.param(9, 50_000, 100.0, id="beyond half a minute, too"),
    ],
)
def test_polls_slow_down_with_quiet_passes_and_long_lists(quiet: int, rows: int, expected: float) -> None:
    assert intervals.poll(quiet, rows) == expected
