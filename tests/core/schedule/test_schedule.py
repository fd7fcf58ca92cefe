"""What is due for one partner and why: declared, asked for, hinted at, failed, done."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import pytest

from controller.core.backoff import pass_backoff
from controller.core.planning.matched_app import app_item, subscription_item
from controller.core.schedule import intervals
from controller.core.schedule.intervals import FIRST_POLL
from controller.core.schedule.pass_outcome import PassOutcome
from controller.core.schedule.requeue import GATHERING
from controller.core.schedule.schedule import RESTART_PRIORITY_LIMIT, SMALL_COMMIT, Schedule
from controller.core.schedule.throttle import UNDER_WAY, Throttle
from controller.errors import Busy, ControllerError, Unclear
from controller.model.passes import WHOLE_PARTNER, Lane, Timing
from controller.model.plan import (
    HealthReads,
    HeldChange,
    Item,
    Kind,
    Link,
    NotYetObserved,
    Outcome,
    Plan,
    Request,
    Result,
    SetCallback,
    Verb,
    WaitFor,
    Waiting,
)
from tests.builders.manifest import CALLBACK, PARTNER, app, subscription
from tests.builders.memory import NOW
from tests.builders.plan import NOBODY
from tests.builders.upstream import app_id

ASKED, CHANGED, IN_FLIGHT, DRIFT = Lane
ONE, TWO, THREE = (app(n).name for n in (1, 2, 3))
NAMES = (ONE, TWO, THREE)
HOOK = subscription_item(subscription(1))
QUIET = intervals.QUIET


def agenda(*names: str, chance: float = 1.0, tempo: Timing = Timing()) -> Schedule:  # noqa: B008  (frozen)
    made = Schedule(tempo, lambda: chance)
    made.declare(names or NAMES, (), NOW)
    return made


def listed(
    *names: str, not_observed: Iterable[int] = (), differing: int = 0, chance: float = 1.0, now: float = NOW
) -> Schedule:
    """Return an agenda after its first list."""
    made = agenda(*names, chance=chance)
    made.take(now)
    made.done(whole(not_observed=not_observed, differing=differing), now)
    return made


def whole(
    *,
    not_observed: Iterable[int] = (),
    differing: int = 0,
    asked: Request = NOBODY,
    lane: Lane = CHANGED,
    rows: int = 50,
    **left: Any,  # noqa: ANN401  (fields of a plan)
) -> PassOutcome:
    apps = tuple(NotYetObserved(app_item(app(n)), differing) for n in not_observed)
    return PassOutcome(WHOLE_PARTNER, lane, asked, Plan(PARTNER, "r1", not_observed=apps, **left), (), rows)


def single(
    name: str = ONE,
    *waiting: Waiting,
    lane: Lane = CHANGED,
    asked: Request = NOBODY,
    said: Sequence[Result | Waiting] = (),
    provisioning: Sequence[Item] = (),
    rows: int = 50,
) -> PassOutcome:
    plan = Plan(PARTNER, "r1", waiting=waiting, provisioning=tuple(provisioning))
    return PassOutcome(name, lane, asked, plan, tuple(said), rows, calls=1)


def on(what: WaitFor, until: float | None = None, verb: Verb = Verb.UPDATE) -> Waiting:
    return Waiting(verb, HOOK, what, until)


def taken(made: Schedule, now: float) -> list[tuple[str, Lane]]:
    found = []
    while (each := made.take(now)) is not None:
        found.append(each)
    return found


# What is declared.


def test_a_new_schedule_begins_with_the_list() -> None:
    assert taken(agenda(), NOW) == [(WHOLE_PARTNER, CHANGED)]


def test_undeclared_names_leave_the_schedule_with_all_that_was_known_of_them() -> None:
    made = listed()
    made.event(ONE, NOW)
    made.ask(TWO, NOW)
    made.failed(ONE, CHANGED, NOW)
    made.done(single(TWO, on(WaitFor.LIVE)), NOW)
    made.declare([THREE], (), NOW)
    assert taken(made, NOW + 10_000) == [(WHOLE_PARTNER, CHANGED)]
    assert (made.errors, made.asked(WHOLE_PARTNER, NOW).again) == (0, frozenset())
    assert {*made._looked, *made._quiet, *made._asked, *made._failures} <= {WHOLE_PARTNER, THREE}


@pytest.mark.parametrize("now", [NOW, NOW + 9_000])
def test_a_renamed_app_is_due_when_it_was_and_no_earlier(now: float) -> None:
    kept, made = (listed(chance=0.5) for _ in range(2))
    for each in (kept, made):
        each.event(ONE, NOW)
        each.take(NOW)
        each.done(single(ONE, on(WaitFor.LIVE)), NOW)
    made.rename({ONE: "acme"})
    made.declare(["acme", TWO, THREE], (), NOW)
    kept.declare(NAMES, (), NOW)
    names = {ONE: "acme"}
    assert taken(made, now) == [(names.get(name, name), lane) for name, lane in taken(kept, now)]


def test_what_is_known_of_a_renamed_app_goes_with_it() -> None:
    made = listed(not_observed=[1])
    made.ask(ONE, NOW)
    made.failed(ONE, CHANGED, NOW)
    made.rename({ONE: "acme"})
    made.declare(["acme", TWO, THREE], (), NOW)
    assert (made.errors, made.asked("acme", NOW).again) == (1, frozenset({"acme"}))
    assert made.asked("acme", NOW).doubts == {"acme": NOW}
    assert {*made._looked, *made._quiet, *made._asked, *made._failures, *made._known}.isdisjoint({ONE})


@pytest.mark.parametrize(
    ("names", "left"),
    [
        pytest.param({ONE: "acme"}, {"acme"}, id="its new name"),
        pytest.param({ONE: TWO, TWO: ONE}, {TWO}, id="a name that it swaps with another"),
        pytest.param({TWO: ONE}, set(), id="its own name went to another, for it is gone"),
    ],
)
def test_an_app_under_way_is_awaited_under(names: Mapping[str, str], left: set[str]) -> None:
    made = agenda()
    made.take(NOW)
    made.done(whole(provisioning=[app_item(app(1))]), NOW)
    made.rename(names)
    assert {each for each in (*NAMES, "acme") if made.awaits(each)} == left


@pytest.mark.parametrize("ending", ["done", "failed"])
def test_an_app_undeclared_during_its_pass_is_never_due_again(ending: str) -> None:
    made = listed()
    made.event(ONE, NOW)
    assert made.take(NOW) == (ONE, CHANGED)
    made.declare([TWO], (), NOW)
    if ending == "done":
        made.done(single(ONE, on(WaitFor.BUDGET, NOW + 1), provisioning=[app_item(app(1))]), NOW)
    else:
        made.failed(ONE, CHANGED, NOW)
    assert taken(made, NOW + 100_000) == [(WHOLE_PARTNER, CHANGED)]
    assert (made.errors, ONE in made._looked, ONE in made._quiet) == (0, False, False)


def test_a_plan_about_an_undeclared_app_schedules_nothing_for_it() -> None:
    made = listed()
    made.declare([TWO], (), NOW)
    made.take(NOW)
    made.done(whole(waiting=[on(WaitFor.BUDGET, NOW + 1)], not_observed=[1, 2]), NOW)
    assert taken(made, NOW + 1) == [(TWO, CHANGED)]


@pytest.mark.parametrize(
    ("differing", "expected"),
    [
        pytest.param(0, DRIFT, id="as it was written: in its turn"),
        pytest.param(1, IN_FLIGHT, id="something else was written last: before the rest"),
    ],
)
def test_after_a_start_an_app_that_differs_goes_before_the_rest(differing: int, expected: Lane) -> None:
    assert listed(not_observed=[1], differing=differing).take(NOW) == (ONE, expected)


def test_after_a_start_more_than_a_few_differing_apps_join_the_sweep() -> None:
    names = [app(n).name for n in range(1, RESTART_PRIORITY_LIMIT + 2)]
    made = listed(*names, not_observed=range(1, RESTART_PRIORITY_LIMIT + 2), differing=1)
    assert made.depth(NOW) == {DRIFT: RESTART_PRIORITY_LIMIT + 1}


def test_a_newly_declared_app_is_due_at_once_after_the_first_list() -> None:
    made = listed()
    made.declare(NAMES, [ONE], NOW)
    made.take(NOW)
    made.done(whole(not_observed=[1]), NOW)
    assert made.take(NOW) == (ONE, CHANGED)


def test_an_app_declared_before_the_first_list_is_due_first() -> None:
    made = agenda()
    made.declare(NAMES, [TWO], NOW)
    made.take(NOW)
    made.done(whole(not_observed=[1, 2]), NOW)
    assert made.depth(NOW) == {CHANGED: 1, DRIFT: 1}
    assert made.take(NOW) == (TWO, CHANGED)


def test_apps_that_the_first_sweep_has_not_reached_are_no_change_at_the_next_list() -> None:
    names = [app(n).name for n in range(1, 1_001)]
    made = listed(*names, not_observed=range(1, 1_001), differing=1)
    made.tick(NOW + 60)
    made.take(NOW + 60)
    made.done(whole(not_observed=range(1, 1_001), differing=1, lane=IN_FLIGHT), NOW + 60)
    assert made.depth(NOW + 60) == {DRIFT: 1_000}


def test_an_app_that_a_later_list_first_shows_live_is_new() -> None:
    made = listed(not_observed=[1, 2])
    made.done(whole(not_observed=[1, 2, 3], lane=IN_FLIGHT), NOW)
    assert made.depth(NOW) == {CHANGED: 1, DRIFT: 2}
    assert made.take(NOW) == (THREE, CHANGED)


def test_apps_that_the_first_list_lacked_by_mistake_are_not_new() -> None:
    names = [app(n).name for n in range(1, RESTART_PRIORITY_LIMIT + 2)]
    made = listed(*names)
    made.done(whole(not_observed=range(1, RESTART_PRIORITY_LIMIT + 2), lane=IN_FLIGHT), NOW)
    assert made.depth(NOW) == {DRIFT: RESTART_PRIORITY_LIMIT + 1}


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        pytest.param(SMALL_COMMIT, "app-0021", id="a small commit does not wait for a large one"),
        pytest.param(SMALL_COMMIT + 1, "app-0001", id="a large one waits for its turn"),
    ],
)
def test_a_commit_waits_for_no_larger_one(count: int, expected: str) -> None:
    names = [app(n).name for n in range(1, 41)]
    made = listed(*names)
    for new in (names[:20], names[20 : 20 + count]):
        made.declare(names, new, NOW)
        made.take(NOW)
        made.done(whole(not_observed=[int(name[-4:]) for name in new]), NOW)
    assert made.take(NOW) == (expected, CHANGED)


def test_an_app_that_was_observed_and_disappeared_from_a_list_is_not_new() -> None:
    """A list may lack everything for a moment; then nothing is known of webhooks any more."""
    made = listed()
    made.done(single(ONE), NOW)
    made.done(whole(not_observed=[1], lane=IN_FLIGHT), NOW)
    assert made.depth(NOW) == {DRIFT: 1}


def test_one_new_app_goes_before_the_mass_of_changes_of_a_commit() -> None:
    names = [app(n).name for n in range(1, 501)]
    made = listed(*names)
    made.declare(names, names[:400], NOW)
    made.take(NOW)
    made.done(whole(not_observed=range(1, 401)), NOW)
    assert made.depth(NOW) == {CHANGED: 400}
    made.done(whole(not_observed=[*range(1, 401), 500], lane=IN_FLIGHT), NOW)
    assert made.take(NOW) == (names[499], CHANGED)


def test_an_event_goes_before_the_mass_of_changes_of_a_commit() -> None:
    names = [app(n).name for n in range(1, 501)]
    made = listed(*names)
    made.declare(names, names[:400], NOW)
    made.take(NOW)
    made.done(whole(not_observed=range(1, 401)), NOW)
    made.event(names[499], NOW + 1)
    assert made.take(NOW + 1) == (names[499], CHANGED)


@pytest.mark.parametrize(
    ("error", "at"),
    [
        pytest.param(Busy("full", NOW + 90), NOW + 90, id="at the moment that the error names"),
        pytest.param(Busy("full"), NOW + pass_backoff(1, 1.0), id="after a back-off"),
        pytest.param(Unclear("no reply"), NOW + pass_backoff(1, 1.0), id="whatever the error"),
    ],
)
def test_a_pass_that_an_error_ended_is_due_again(error: ControllerError, at: float) -> None:
    made = listed()
    made.done(PassOutcome(ONE, CHANGED, NOBODY, None, error=error), NOW)
    assert (made.errors, made.next_at(NOW)) == (1, at)
    assert made.take(at) == (ONE, CHANGED)


def test_a_corrected_manifest_ends_a_back_off() -> None:
    made = listed()
    made.failed(ONE, CHANGED, NOW)
    made.failed(TWO, CHANGED, NOW)
    made.declare(NAMES, [ONE, THREE], NOW)
    assert taken(made, NOW) == [(WHOLE_PARTNER, CHANGED), (ONE, CHANGED)]
    assert made.errors == 1


# The timers.


def test_a_timer_tick_makes_the_list_due() -> None:
    made = listed()
    made.tick(NOW)
    assert taken(made, NOW) == [(WHOLE_PARTNER, IN_FLIGHT)]


def test_the_list_is_due_by_itself_if_the_timers_stand_still() -> None:
    """They go by the wall's clock; somebody may set it back by an hour."""
    assert listed().next_at(NOW) == NOW + 2 * Timing().interval


# Events.


def test_an_event_makes_its_app_due_at_once() -> None:
    made = listed()
    made.event(ONE, NOW)
    assert taken(made, NOW) == [(ONE, CHANGED)]


def test_an_event_within_the_quiet_time_waits_for_its_end() -> None:
    made = listed()
    made.done(single(ONE), NOW)
    made.event(ONE, NOW + 1)
    assert made.next_at(NOW + 1) == NOW + QUIET
    assert taken(made, NOW + QUIET) == [(ONE, CHANGED)]


def test_many_events_about_one_app_cause_one_observation() -> None:
    made = listed()
    for n in range(1_000):
        made.event(ONE, NOW + n / 1_000)
    assert taken(made, NOW + 1) == [(ONE, CHANGED)]
    made.event(TWO, NOW + 1)
    assert taken(made, NOW + 1) == [(TWO, CHANGED)]


def test_a_flood_of_events_causes_no_more_observations_than_its_budget() -> None:
    names = [app(n).name for n in range(1, 1_001)]
    made = listed(*names)
    looks = list[float]()
    for tenth in range(1_800):
        now = NOW + tenth / 10
        made.event(names[tenth * 7 % 1_000], now)
        looks += [now for name, _ in taken(made, now) if name != WHOLE_PARTNER]
    assert len(looks) == pytest.approx(3 * Throttle().reads, abs=1)
    assert made.depth(NOW + 1e9)[CHANGED] <= Throttle().reads, "what is too far ahead is let go"


def under_way(*names: str, of: int) -> Schedule:
    """Return an agenda of so many apps, of which *names* are being provisioned."""
    made = agenda(*(app(n).name for n in range(1, of + 1)))
    made.take(NOW)
    items = [Item(Kind.APP, "main", name, name) for name in names]
    made.done(whole(provisioning=items, rows=of), NOW)
    return made


def test_a_flood_about_other_apps_delays_no_event_about_an_app_in_flight() -> None:
    made = under_way(THREE, of=1_000)
    for n in range(4, 1_001):
        made.event(app(n).name, NOW)
    made.event(THREE, NOW)
    assert (THREE, CHANGED) in taken(made, NOW)


def test_a_flood_about_apps_in_flight_costs_one_observation_a_second() -> None:
    names = [app(n).name for n in range(1, 1_001)]
    made, looks = under_way(*names, of=1_000), Counter[str]()
    for tenth in range(1_800):
        now = NOW + tenth / 10
        for n in range(7):
            made.event(names[(tenth * 7 + n) % 1_000], now)
        looks.update(name for name, lane in taken(made, now) if lane is CHANGED and name != WHOLE_PARTNER)
    assert looks.total() == pytest.approx(3 * UNDER_WAY, abs=1)
    assert made.depth(NOW + 1e9)[CHANGED] <= UNDER_WAY, "what is too far ahead is let go"


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        pytest.param({"provisioning": [app_item(app(1))]}, True, id="Gupshup provisions it"),
        pytest.param(
            {"waiting": [Waiting(Verb.LINK, app_item(app(1)), WaitFor.LIST)]}, True, id="just linked"
        ),
        pytest.param(
            {"waiting": [Waiting(Verb.LINK, app_item(app(1)), WaitFor.OUTCOME)]}, True, id="unclear"
        ),
        pytest.param(
            {"waiting": [Waiting(Verb.LINK, app_item(app(1)), WaitFor.COOLDOWN)]}, False, id="not sent"
        ),
        pytest.param({}, False, id="settled"),
    ],
)
def test_an_app_in_flight_is_awaited_until_it_settles(*, left: dict[str, Any], expected: bool) -> None:
    made = agenda()
    made.take(NOW)
    made.done(whole(**left), NOW)
    assert made.awaits(ONE) is expected
    made.done(single(ONE, provisioning=[app_item(app(1))]), NOW)
    assert made.awaits(ONE)
    made.done(single(ONE), NOW)
    assert not made.awaits(ONE)


def test_a_hint_that_comes_during_the_pass_over_its_app_is_not_lost() -> None:
    made = listed()
    made.event(ONE, NOW)
    made.take(NOW)
    made.event(ONE, NOW + 0.1)
    made.done(single(ONE), NOW + 0.2)
    assert made.take(NOW + 0.2) == (ONE, CHANGED)


def test_an_event_does_not_shorten_a_back_off() -> None:
    made = listed()
    made.failed(ONE, CHANGED, NOW)
    made.event(ONE, NOW)
    assert taken(made, NOW + 1.9) == []
    assert taken(made, NOW + 2) == [(ONE, CHANGED)]


def test_an_event_about_an_undeclared_app_is_ignored() -> None:
    made = listed()
    made.event("stranger", NOW)
    made.ask("stranger", NOW)
    assert taken(made, NOW) == []
    assert made.asked(WHOLE_PARTNER, NOW).again == frozenset()


# What people ask for.


def request(*again: str, at: float, doubts: Mapping[str, float] = MappingProxyType({})) -> Request:
    return Request(again=frozenset(again), at=at, health_reads=HealthReads.DAILY, doubts=doubts)


def test_a_request_of_a_person_is_due_at_once_despite_a_back_off() -> None:
    made = listed()
    made.failed(ONE, CHANGED, NOW)
    made.ask(ONE, NOW)
    assert taken(made, NOW) == [(ONE, ASKED)]


def test_a_request_for_the_whole_partner_lists_at_once_and_queues_each_app() -> None:
    made = listed()
    made.ask(WHOLE_PARTNER, NOW)
    assert made.depth(NOW) == {ASKED: 1, DRIFT: 3}
    assert made.take(NOW) == (WHOLE_PARTNER, ASKED)
    assert made.asked(WHOLE_PARTNER, NOW + 9) == request(*NAMES, at=NOW)


def test_hurrying_the_whole_partner_clears_no_refusal() -> None:
    made = listed()
    made.failed(WHOLE_PARTNER, CHANGED, NOW)
    made.hurry(WHOLE_PARTNER, NOW)
    assert taken(made, NOW) == [(WHOLE_PARTNER, ASKED)]
    assert made.asked(WHOLE_PARTNER, NOW).again == frozenset()


def test_each_pass_gets_the_requests_about_its_app() -> None:
    made = listed()
    made.ask(ONE, NOW)
    made.ask(TWO, NOW + 5)
    assert made.asked(ONE, NOW + 9) == request(ONE, at=NOW, doubts={ONE: NOW})
    assert made.asked(THREE, NOW + 9) == request(at=NOW + 9)
    assert made.asked(WHOLE_PARTNER, NOW + 9) == request(
        ONE, TWO, at=NOW + 5, doubts={ONE: NOW, TWO: NOW + 5}
    )


@pytest.mark.parametrize(
    ("waits", "kept"),
    [
        pytest.param([], False, id="nothing is left"),
        pytest.param([on(WaitFor.LIVE)], False, id="only Gupshup can tell"),
        pytest.param([on(WaitFor.BACKOFF, NOW + 60)], False, id="it was refused again"),
        pytest.param([on(WaitFor.BUDGET, NOW + 60)], True, id="its turn did not come"),
        pytest.param([on(WaitFor.FULL_PASS)], True, id="a pass over all decides"),
        pytest.param([on(WaitFor.OBSERVATION)], True, id="nobody could look"),
    ],
)
def test_a_request_ends_with_the_pass_that_tried_it(*, waits: list[Waiting], kept: bool) -> None:
    made = listed()
    made.ask(ONE, NOW)
    asked = made.asked(ONE, NOW)
    made.done(single(ONE, *waits, asked=asked), NOW + 1)
    assert made.asked(ONE, NOW).again == (frozenset({ONE}) if kept else frozenset())
    made.ask(ONE, NOW)
    made.done(single(ONE, asked=asked, said=waits), NOW + 1)
    assert made.asked(ONE, NOW).again == (frozenset({ONE}) if kept else frozenset())


def test_a_full_pass_answers_every_request_but_those_that_wait() -> None:
    made = listed()
    made.ask(WHOLE_PARTNER, NOW)
    held = HeldChange(Link(app(2)), "maxLinks")
    made.done(
        whole(waiting=[on(WaitFor.BUDGET, NOW + 9)], held=[held], asked=made.asked(WHOLE_PARTNER, NOW)),
        NOW + 1,
    )
    assert made.asked(WHOLE_PARTNER, NOW).again == {ONE, TWO}


def test_a_request_that_comes_during_a_pass_is_for_the_next_one() -> None:
    made = listed()
    made.ask(ONE, NOW)
    asked = made.asked(ONE, NOW)
    made.ask(ONE, NOW + 1)
    made.ask(TWO, NOW + 1)
    made.done(single(ONE, asked=asked), NOW + 2)
    made.done(whole(asked=asked), NOW + 2)
    assert made.asked(WHOLE_PARTNER, NOW) == request(
        ONE, TWO, at=NOW + 1, doubts={ONE: NOW + 1, TWO: NOW + 1}
    )


def test_a_failed_pass_answers_no_request() -> None:
    made = listed()
    made.ask(ONE, NOW)
    made.take(NOW)
    made.failed(ONE, ASKED, NOW)
    assert made.asked(ONE, NOW).again == {ONE}
    assert made.take(NOW + 2) == (ONE, ASKED)


# What failed.


def test_a_failing_app_backs_off_longer_each_time_and_delays_no_other() -> None:
    made = listed()
    now, rests = NOW, list[float]()
    for _ in range(5):
        made.failed(ONE, CHANGED, now)
        made.event(TWO, now)
        assert taken(made, now) == [(TWO, CHANGED)]
        rests.append((made.next_at(now) or 0.0) - now)
        now += rests[-1]
        made.take(now)
        made.done(single(TWO), now - QUIET)
    assert rests == [2.0, 4.0, 8.0, 16.0, 32.0]
    assert made.errors == 5


def test_a_successful_pass_resets_the_count_of_failures() -> None:
    made = listed()
    made.failed(ONE, CHANGED, NOW)
    made.done(single(ONE), NOW)
    made.failed(ONE, CHANGED, NOW)
    assert made.errors == 1


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        pytest.param(NOW + 50, NOW + 50, id="when it can be tried"),
        pytest.param(NOW - 50, NOW + GATHERING, id="never at once, though that was long ago"),
    ],
)
def test_a_failure_with_a_retry_time_is_due_then(until: float, expected: float) -> None:
    made = listed()
    made.failed(ONE, CHANGED, NOW, until)
    assert made.next_at(NOW) == expected


def test_a_failed_observation_counts_as_a_failure_of_its_app() -> None:
    made = listed()
    made.done(single(ONE, on(WaitFor.OBSERVATION)), NOW)
    assert (made.errors, made.next_at(NOW)) == (1, NOW + 2)
    made.done(single(ONE, on(WaitFor.OBSERVATION)), NOW)
    assert (made.errors, made.next_at(NOW)) == (2, NOW + 4)
    made.done(single(ONE, on(WaitFor.OBSERVATION, NOW + 30)), NOW)
    assert made.errors == 0


def test_unobserved_apps_are_no_failure_of_a_pass_over_the_list() -> None:
    made = agenda()
    made.done(whole(waiting=[on(WaitFor.OBSERVATION)]), NOW)
    assert made.errors == 0


# What follows from a pass.


@pytest.mark.parametrize("lane", [IN_FLIGHT, DRIFT])
def test_observations_of_the_sweep_keep_a_distance_that_delays_nothing_else(lane: Lane) -> None:
    """The first observation of an app needs its token, too."""
    made = listed(not_observed=[1, 2, 3])
    assert made.take(NOW) == (ONE, DRIFT)
    made.done(replace(single(ONE, lane=lane), calls=2), NOW)
    assert made.take(NOW) is None
    assert made.next_at(NOW) == pytest.approx(NOW + intervals.pause(3), rel=0, abs=1e-3)
    made.event(THREE, NOW)
    assert made.take(NOW) == (THREE, CHANGED)
    assert made.take(NOW + 0.6) == (TWO, DRIFT)


def test_the_time_that_answers_take_is_a_part_of_the_distance() -> None:
    """Otherwise a sweep takes longer than its interval, the more so the slower the answers are."""
    made = listed(not_observed=[1, 2, 3])
    assert made.take(NOW) == (ONE, DRIFT)
    made.done(replace(single(ONE, lane=DRIFT), calls=2), NOW + 0.4)
    assert made.next_at(NOW + 0.4) == pytest.approx(NOW + intervals.pause(3), rel=0, abs=1e-3)
    assert made.take(NOW + 0.6) == (TWO, DRIFT)
    made.done(replace(single(TWO, lane=DRIFT), calls=2), NOW + 1.6)
    assert made.take(NOW + 1.6) == (THREE, DRIFT)


def test_a_second_observation_needs_no_token() -> None:
    made = listed(not_observed=[1, 2])
    made.done(single(ONE), NOW)
    made.done(single(ONE, lane=DRIFT), NOW)
    assert made.next_at(NOW) == pytest.approx(NOW + intervals.pause(1), rel=0, abs=1e-3)


def test_observations_that_people_wait_for_keep_no_distance() -> None:
    made = listed(not_observed=[1, 2])
    made.done(replace(single(ONE, lane=CHANGED), calls=9), NOW)
    made.done(whole(lane=IN_FLIGHT), NOW)
    assert taken(made, NOW) == [(ONE, DRIFT), (TWO, DRIFT)]


@pytest.mark.parametrize(("chance", "share"), [(0.0, 0.85), (0.5, 0.9), (1.0, 0.95)])
def test_apps_observed_together_are_due_again_one_by_one(chance: float, share: float) -> None:
    made = listed(chance=chance)
    made.done(single(ONE), NOW)
    assert taken(made, NOW + 120) == [(WHOLE_PARTNER, IN_FLIGHT)]
    assert made.next_at(NOW + 120) == pytest.approx(NOW + 900 * share, rel=0, abs=1e-3)
    assert made.take(NOW + 990) == (ONE, DRIFT)


def test_polls_grow_rarer_while_nothing_changes_and_begin_anew_when_something_does() -> None:
    made, now = agenda(), NOW
    moments = [now]
    for n in range(6):
        items = [app_item(app(1 if n < 4 else 2))]
        made.take(now)
        made.done(whole(provisioning=items, lane=IN_FLIGHT), now)
        now = made.next_at(now) or 0.0
        moments.append(now)
    pauses = [later - sooner for sooner, later in pairwise(moments)]
    assert pauses == pytest.approx([2.0, 3.0, 4.5, 6.75, 2.0, 3.0])


def test_outcomes_of_actions_reset_the_quiet_count() -> None:
    made = agenda()
    result = Result(Verb.UPDATE, HOOK, Outcome.FAILED)
    for _ in range(3):
        made.done(single(ONE, on(WaitFor.BACKOFF)), NOW)
    made.done(single(ONE, on(WaitFor.BACKOFF), said=[result]), NOW)
    assert made._quiet[ONE].count == 0


def test_one_app_in_flight_among_many_is_left_to_the_list() -> None:
    names = [app(n).name for n in range(1, 501)]
    made = agenda(*names)
    made.take(NOW)
    made.done(whole(provisioning=[app_item(app(n)) for n in range(1, 501)], rows=5_000), NOW)
    made.done(single(ONE, provisioning=[app_item(app(1))], rows=5_000), NOW)
    assert taken(made, NOW + 10) == [(WHOLE_PARTNER, IN_FLIGHT)]


@pytest.mark.parametrize(
    "decided",
    [
        pytest.param(
            whole(held=[HeldChange(SetCallback(app(1), app_id(1), CALLBACK), "maxUpdates")]), id="it was held"
        ),
        pytest.param(
            whole(waiting=[Waiting(Verb.UPDATE, app_item(app(1)), WaitFor.OBSERVATION)]),
            id="it waits for other looks",
        ),
    ],
)
def test_a_change_that_a_full_pass_decided_on_does_not_hurry_it_again(decided: PassOutcome) -> None:
    made = listed()
    wish = Waiting(Verb.UPDATE, app_item(app(1)), WaitFor.FULL_PASS)
    made.done(single(ONE, wish), NOW)
    assert made.take(NOW + GATHERING) == (WHOLE_PARTNER, CHANGED)
    made.done(decided, NOW + GATHERING)
    made.done(single(ONE, wish), NOW + GATHERING)
    assert made.take(NOW + 10) is None
    made.done(whole(), NOW + 10)
    made.done(single(ONE, wish), NOW + 10)
    assert made.take(NOW + 10 + GATHERING) == (WHOLE_PARTNER, CHANGED)


def test_a_link_makes_the_list_due_soon() -> None:
    made = listed()
    done = whole()
    made.done(
        PassOutcome(
            WHOLE_PARTNER, CHANGED, NOBODY, done.plan, (Result(Verb.LINK, app_item(app(1)), Outcome.DONE),), 1
        ),
        NOW,
    )
    assert made.next_at(NOW) == NOW + FIRST_POLL


def test_a_jump_of_time_makes_everything_due_once() -> None:
    """A machine that slept for a day catches up with one list and one observation of each app."""
    made = listed()
    for name in NAMES:
        made.done(single(name), NOW)
    made.tick(NOW + 60)
    later = NOW + 86_400
    made.event(ONE, later)
    found = []
    for tenth in range(20):
        found += taken(made, later + tenth)
        made.done(single(ONE, lane=DRIFT), later + tenth)
    assert sorted(found) == sorted([(WHOLE_PARTNER, IN_FLIGHT), (ONE, CHANGED), (TWO, DRIFT), (THREE, DRIFT)])
