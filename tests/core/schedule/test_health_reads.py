"""Reads of health in the schedule: in the drift lane, spread over the day, and soon after an event."""

from dataclasses import replace

from controller.core.health.reading import DAY, LATELY, next_due
from controller.core.planning.matched_app import Matches, match_apps
from controller.core.schedule.health_reads import doubts_left, health_reads
from controller.core.schedule.pass_outcome import PassOutcome
from controller.core.schedule.schedule import Schedule
from controller.core.schedule.throttle import Throttle
from controller.model.health import AppHealth
from controller.model.manifest import AppId
from controller.model.passes import WHOLE_PARTNER, Lane, Timing
from controller.model.plan import HealthReads, Plan, Request
from tests.builders.health import health
from tests.builders.manifest import PARTNER, app, desired
from tests.builders.memory import NOW, memory
from tests.builders.plan import NOBODY, observed
from tests.builders.upstream import app_id, live, row

DAILY = Request(health_reads=HealthReads.DAILY)
ONE, TWO, GONE = app(1).name, app(2).name, app(3).name


def matches(read: dict[AppId, AppHealth], *, at: float = NOW) -> Matches:
    """Return two live apps and one that is not linked."""
    seen = observed(live(1), live(2), row(9), known=replace(memory(), health=read), at=at)
    return match_apps(desired(app(1), app(2), app(3)), PARTNER, seen, DAILY)


def read(*numbers: int, at: float = NOW) -> dict[AppId, AppHealth]:
    return {app_id(number): health(at=at) for number in numbers}


def ended(name: str, found: Matches | None, *, plan: bool = True) -> PassOutcome:
    left = Plan(PARTNER, "r1") if plan else None
    return PassOutcome(name, Lane.DRIFT, NOBODY, left, matches=found)


def agenda() -> Schedule:
    made = Schedule(Timing(), lambda: 1.0)
    made.declare([ONE, TWO, GONE], (), NOW)
    made.take(NOW)
    return made


def test_live_apps_are_read_at_their_moments() -> None:
    assert dict(health_reads(matches(read(1, 2)))) == {
        ONE: next_due(app_id(1), NOW),
        TWO: next_due(app_id(2), NOW),
    }
    assert dict(health_reads(matches(read(1)))) == {ONE: next_due(app_id(1), NOW), TWO: NOW}
    assert list(health_reads(None)) == []


def due(made: Schedule, now: float) -> set[tuple[str, Lane]]:
    found = set()
    while (each := made.take(now)) is not None:
        found.add(each)
    return found


def test_a_list_queues_the_reads_in_the_drift_lane() -> None:
    made = agenda()
    made.done(ended(WHOLE_PARTNER, matches(read(1, 2))), NOW)
    for name, at in sorted(health_reads(matches(read(1, 2))), key=lambda pair: pair[1]):
        assert due(made, at - 1) <= {(WHOLE_PARTNER, Lane.IN_FLIGHT)}
        assert due(made, at) == {(name, Lane.DRIFT)}
        assert NOW < at <= NOW + DAY


def test_an_event_puts_the_health_in_doubt_until_it_was_read() -> None:
    made = agenda()
    made.event(ONE, NOW)
    made.event("stranger", NOW)
    assert made.asked(ONE, NOW + 1).doubts == {ONE: NOW}
    assert made.asked(TWO, NOW + 1).doubts == {}
    assert made.asked(WHOLE_PARTNER, NOW + 1).doubts == {ONE: NOW}
    made.done(ended(ONE, None, plan=False), NOW + 1)
    made.done(ended(ONE, matches(read(1, at=NOW - 9))), NOW + 1)
    assert made.asked(ONE, NOW + 1).doubts == {ONE: NOW}, "no read settled it"
    made.done(ended(ONE, matches(read(1, at=NOW + 1), at=NOW + 1)), NOW + 1)
    assert made.asked(ONE, NOW + 1).doubts == {}


def test_a_flood_of_events_reads_no_more_than_the_throttle_lets_through() -> None:
    made = Schedule(Timing(), lambda: 1.0)
    names = [f"app-{number:04d}" for number in range(100)]
    made.declare(names, (), NOW)
    for name in names:
        made.event(name, NOW)
    assert len(made.asked(WHOLE_PARTNER, NOW).doubts) <= 2 * Throttle().reads


def test_doubts_end_with_a_read_with_their_app_or_with_time() -> None:
    doubts = {ONE: NOW, TWO: NOW, GONE: NOW}
    assert doubts_left(doubts, None, NOW) == doubts
    assert doubts_left({}, matches({}), NOW) == {}
    assert doubts_left(doubts, matches({**read(1), **read(2, at=NOW - 1)}), NOW) == {TWO: NOW, GONE: NOW}
    assert doubts_left(doubts, None, NOW + LATELY) == {}
    made = agenda()
    made.ask(ONE, NOW)
    made.declare([TWO], (), NOW)
    assert made.asked(WHOLE_PARTNER, NOW).doubts == {}
