"""Reading of health: once a day an app, a fleet spread over the day, and a restart costs nothing."""

from collections import Counter

import pytest

from controller.core.health.reading import (
    DAY,
    HOUR,
    LATELY,
    MINUTE,
    KnownHealth,
    is_doubtful,
    is_due,
    is_wanted,
    next_due,
)
from controller.model.health import WabaInfo
from controller.model.manifest import AppId
from tests.builders.health import BANNED, BLOCKED, FINE, health
from tests.builders.memory import NOW
from tests.builders.upstream import app_id

ID = app_id()
MINE = next_due(ID, NOW)
"""The next moment of the day of this app's own."""


def known(at: float | None, **more: object) -> KnownHealth:
    return KnownHealth(ID, None if at is None else health(at=at), checked=True, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("read", "now", "due"),
    [
        pytest.param(MINE - DAY, MINE - 1, False, id="not before its moment"),
        pytest.param(MINE - DAY, MINE, True, id="at its moment"),
        pytest.param(MINE - 60, MINE, True, id="however lately it was read for another cause"),
        pytest.param(MINE, MINE, False, id="once"),
        pytest.param(MINE + 5, MINE + DAY - 1, False, id="until the next day"),
        pytest.param(MINE + 5, MINE + DAY, True, id="and then again"),
        pytest.param(MINE - 3 * DAY, MINE + 5 * HOUR, True, id="also after a pause of the process"),
        pytest.param(MINE + DAY, MINE, True, id="a read in the future does not count"),
        pytest.param(MINE + HOUR, MINE, False, id="clocks may differ a little"),
        pytest.param(
            None, MINE + HOUR - 1, True, id="read by an older release: in the hour after its moment"
        ),
        pytest.param(None, MINE + HOUR, False, id="and not later that day"),
    ],
)
def test_each_app_is_due_once_a_day_at_its_own_moment(*, read: float | None, now: float, due: bool) -> None:
    assert is_due(known(read), now) is due


def test_an_awaited_app_that_was_never_read_is_due_at_once() -> None:
    assert is_due(known(None, awaited=True), MINE - 1)
    assert not is_due(known(MINE - 60, awaited=True), MINE - 1)


def test_a_fleet_is_spread_over_the_day() -> None:
    moments = [next_due(AppId(f"app-{number}"), NOW) - NOW for number in range(5_000)]
    by_hour = Counter(int(moment // HOUR) for moment in moments)
    assert 0 < min(moments) <= max(moments) <= DAY
    assert set(by_hour) == set(range(24))
    assert max(by_hour.values()) < 2 * 5_000 / 24


@pytest.mark.parametrize(
    ("at", "doubt", "doubtful"),
    [
        pytest.param(NOW - 9, None, False, id="nothing happened"),
        pytest.param(NOW - 9, NOW - 5, True, id="something happened since the read"),
        pytest.param(NOW - 5, NOW - 9, False, id="it was read since"),
        pytest.param(None, NOW - 5, True, id="it was never read"),
        pytest.param(NOW - 2 * LATELY, NOW - LATELY, False, id="long ago"),
        pytest.param(NOW, NOW + 5, False, id="a clock that was set back does not read twice"),
    ],
)
def test_what_happened_since_the_last_read_makes_it_doubtful(
    *, at: float | None, doubt: float | None, doubtful: bool
) -> None:
    assert is_doubtful(known(at, doubt=doubt), NOW) is doubtful


@pytest.mark.parametrize(
    ("info", "age", "waiting", "wanted"),
    [
        pytest.param(FINE, DAY, True, False, id="what can send is known"),
        pytest.param(None, 0, False, True, id="never read"),
        pytest.param(WabaInfo(), MINUTE, False, True, id="unknown"),
        pytest.param(WabaInfo(), MINUTE - 1, True, False, id="never within a minute"),
        pytest.param(WabaInfo(), -5, False, True, id="a moment that is still to come does not count"),
        pytest.param(BLOCKED, DAY, False, False, id="blocked is known"),
        pytest.param(BLOCKED, MINUTE, True, True, id="who waits wants to know"),
        pytest.param(BANNED, MINUTE, True, True, id="a ban may have ended since the last run"),
    ],
)
def test_a_run_by_hand_reads_what_its_apps_wait_for(
    *, info: WabaInfo | None, age: float, waiting: bool, wanted: bool
) -> None:
    read = None if info is None else health(info, NOW - age)
    assert is_wanted(KnownHealth(ID, read, checked=True, awaited=True), NOW, waiting=waiting) is wanted
    assert not is_wanted(KnownHealth(ID, read, checked=True), NOW, waiting=waiting)
