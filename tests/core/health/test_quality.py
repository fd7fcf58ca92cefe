"""Quality: when it dropped, when it is as before again, and what an unknown word says: nothing."""

from dataclasses import replace

import pytest

from controller.core.health.quality import LASTING, drop, next_health, quality_label
from controller.model.health import AppHealth, WabaInfo
from tests.builders.health import FINE
from tests.builders.memory import NOW

DAY = 86_400.0
FELL = "the quality of the phone number fell from "


def after(*colours: str, days: float = 1.0) -> AppHealth:
    """Return the health after one answer a day, or after so many *days*."""
    health = None
    for number, colour in enumerate(colours):
        health = next_health(health, replace(FINE, quality=colour), NOW + number * days * DAY)
    assert health is not None
    return health


@pytest.mark.parametrize(
    ("colours", "dropped"),
    [
        pytest.param(["GREEN"], None, id="green from the start"),
        pytest.param(["YELLOW"], None, id="yellow from the start: nothing better is known"),
        pytest.param(["RED"], "the quality of the phone number is RED", id="red from the start"),
        pytest.param(["GREEN", "YELLOW"], FELL + "GREEN to YELLOW", id="one step down"),
        pytest.param(["GREEN", "RED"], FELL + "GREEN to RED", id="two steps down"),
        pytest.param(["GREEN", "YELLOW", "RED"], FELL + "GREEN to RED", id="step by step"),
        pytest.param(["GREEN", "RED", "YELLOW"], FELL + "GREEN to YELLOW", id="better, and not as before"),
        pytest.param(["GREEN", "RED", "GREEN"], None, id="as before"),
        pytest.param(["YELLOW", "RED", "YELLOW"], None, id="as before, which was yellow"),
        pytest.param(["RED", "YELLOW"], None, id="better than anything known"),
        pytest.param(["YELLOW", "GREEN"], None, id="better"),
        pytest.param(["GREEN", "UNKNOWN"], None, id="unknown is no fall"),
        pytest.param(["", "GREEN"], None, id="nothing was known before"),
        pytest.param(["UNKNOWN", "YELLOW"], None, id="unknown is not better"),
        pytest.param(["GREEN", "", "YELLOW"], FELL + "GREEN to YELLOW", id="what was known before counts"),
        pytest.param(["GREEN", "YELLOW", ""], FELL + "GREEN to YELLOW", id="unknown ends no fall"),
        pytest.param(["green", "Yellow"], FELL + "GREEN to YELLOW", id="any case"),
    ],
)
def test_the_quality_dropped_until_it_is_as_before(colours: list[str], dropped: str | None) -> None:
    health = after(*colours)
    assert drop(health, health.at) == (
        None if dropped is None else (f"Quality{health.colour.capitalize()}", dropped)
    )


@pytest.mark.parametrize(
    ("colours", "days", "lasts"),
    [
        pytest.param(["GREEN", "YELLOW"], 6.9, True, id="a yellow week"),
        pytest.param(["GREEN", "YELLOW"], 7.0, False, id="then yellow is usual"),
        pytest.param(["GREEN", "RED"], 30.0, True, id="red never is"),
        pytest.param(["GREEN", "RED", ""], 6.9 - 1, True, id="red, and unknown since"),
        pytest.param(["GREEN", "RED", ""], 7.0 - 1, False, id="for a week"),
    ],
)
def test_a_fall_is_an_alarm_for_a_week_and_red_for_as_long_as_it_lasts(
    *, colours: list[str], days: float, lasts: bool
) -> None:
    health = after(*colours)
    assert (drop(health, health.at + days * DAY) is not None) is lasts


def test_a_fall_keeps_its_beginning_and_a_further_one_has_its_own() -> None:
    assert after("GREEN", "YELLOW", "YELLOW").fell_at == NOW + DAY
    assert after("GREEN", "RED", "YELLOW").fell_at == NOW + DAY
    assert after("GREEN", "YELLOW", "RED").fell_at == NOW + 2 * DAY


def test_what_lasted_for_a_week_is_what_the_next_fall_begins_from() -> None:
    usual = after("GREEN", "YELLOW", "YELLOW", days=LASTING / DAY)
    assert (usual.colour, usual.fell_at) == ("YELLOW", None)
    fallen = after("GREEN", "YELLOW", "RED", days=LASTING / DAY)
    assert (fallen.fell_from, fallen.fell_at) == ("YELLOW", fallen.at)
    red = after("GREEN", "RED", "RED", days=LASTING / DAY)
    assert (red.fell_from, red.fell_at) == ("GREEN", NOW + LASTING)
    assert after("GREEN", "RED", "RED", "YELLOW", days=LASTING / DAY).fell_at is None


@pytest.mark.parametrize(
    ("word", "label"),
    [("GREEN", "green"), ("red", "red"), ("", "unknown"), ("UNKNOWN", "unknown"), ("PURPLE", "other")],
)
def test_a_metric_has_few_colours(word: str, label: str) -> None:
    assert quality_label(WabaInfo(quality=word)) == label
