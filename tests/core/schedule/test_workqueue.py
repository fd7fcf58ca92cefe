"""Names by when they are due: the earliest time, the most urgent lane, and the hold that beats both."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.schedule.workqueue import STARVATION_LIMIT, WorkQueue
from controller.model.passes import WHOLE_PARTNER, Lane

ASKED, CHANGED, IN_FLIGHT, DRIFT = Lane
NOW = 1_000.0


def queue(*due: tuple[str, float, Lane]) -> WorkQueue:
    made = WorkQueue()
    for each in due:
        made.add(*each)
    return made


def drained(made: WorkQueue, now: float = NOW) -> list[tuple[str, Lane]]:
    found = []
    while (taken := made.take(now)) is not None:
        found.append(taken)
    return found


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([("a", NOW + 1, ASKED)], [], id="not yet"),
        pytest.param([("a", NOW, DRIFT)], [("a", DRIFT)], id="just now"),
        pytest.param(
            [("a", NOW, DRIFT), ("b", NOW, CHANGED)], [("b", CHANGED), ("a", DRIFT)], id="lane first"
        ),
        pytest.param(
            [("a", 9.0, DRIFT), ("b", 8.0, DRIFT)], [("b", DRIFT), ("a", DRIFT)], id="longest due first"
        ),
        pytest.param([("b", 9.0, DRIFT), ("a", 9.0, DRIFT)], [("a", DRIFT), ("b", DRIFT)], id="then by name"),
        pytest.param(
            [("a", 1.0, CHANGED), (WHOLE_PARTNER, NOW, CHANGED)],
            [(WHOLE_PARTNER, CHANGED), ("a", CHANGED)],
            id="the whole before its parts",
        ),
        pytest.param([("a", 9.0, DRIFT), ("a", 8.0, DRIFT)], [("a", DRIFT)], id="a name once"),
        pytest.param([("a", NOW + 9, DRIFT), ("a", NOW, DRIFT)], [("a", DRIFT)], id="the earliest time wins"),
        pytest.param([("a", NOW, DRIFT), ("a", NOW + 9, DRIFT)], [("a", DRIFT)], id="whichever came first"),
        pytest.param(
            [("a", NOW, DRIFT), ("a", NOW + 9, CHANGED)], [("a", CHANGED)], id="the most urgent lane wins"
        ),
        pytest.param([("a", NOW, CHANGED), ("a", NOW + 9, DRIFT)], [("a", CHANGED)], id="likewise"),
    ],
)
def test_due_names_are_taken_in_order(
    due: list[tuple[str, float, Lane]], expected: list[tuple[str, Lane]]
) -> None:
    assert drained(queue(*due)) == expected


def test_a_name_added_alone_goes_before_one_of_many() -> None:
    made = queue(("a", 1.0, CHANGED), ("b", 2.0, CHANGED), (WHOLE_PARTNER, NOW, CHANGED))
    assert made.add("c", NOW, CHANGED, alone=True)
    assert made.add("b", NOW, CHANGED, alone=True)
    assert not made.add("b", NOW, CHANGED), "what was alone once stays so until it is taken"
    made.delay_until("c", NOW + 1)
    assert drained(made) == [(WHOLE_PARTNER, CHANGED), ("b", CHANGED), ("a", CHANGED)]
    made.add("a", NOW, CHANGED)
    assert drained(made, NOW + 1) == [("c", CHANGED), ("a", CHANGED)]


def test_adding_a_name_returns_whether_it_made_a_difference() -> None:
    made = WorkQueue()
    assert made.add("a", NOW, DRIFT)
    assert not made.add("a", NOW + 5, DRIFT)
    assert made.add("a", NOW + 5, CHANGED)
    assert made.add("a", NOW - 5, DRIFT)
    assert not made.add("a", NOW - 5, CHANGED)
    assert list(made._due) == ["a"]


def test_a_delay_beats_any_hurry() -> None:
    made = queue(("a", NOW, ASKED), ("b", NOW, DRIFT))
    made.delay_until("a", NOW + 10)
    made.add("a", NOW, ASKED)
    assert drained(made) == [("b", DRIFT)]
    assert made.next_at(NOW) == NOW + 10
    assert drained(made, NOW + 10) == [("a", ASKED)]


def test_a_delay_moves_no_name_that_is_due_later_anyway() -> None:
    made = queue(("a", NOW + 20, DRIFT))
    made.delay_until("a", NOW + 10)
    assert made.next_at(NOW) == NOW + 20


def test_the_longer_delay_counts_until_it_is_cleared() -> None:
    made = WorkQueue()
    made.delay_until("a", NOW + 10)
    made.delay_until("a", NOW + 5)
    made.add("a", NOW, DRIFT)
    assert made.next_at(NOW) == NOW + 10
    made.clear_delay("a")
    made.clear_delay("unknown")
    assert made.add("a", NOW, DRIFT)
    assert drained(made) == [("a", DRIFT)]


def test_a_delay_ends_once_its_name_was_taken() -> None:
    made = WorkQueue()
    made.delay_until("a", NOW)
    made.add("a", NOW, DRIFT)
    assert made.take(NOW) == ("a", DRIFT)
    made.add("a", NOW - 1, DRIFT)
    assert made.next_at(NOW - 1) == NOW - 1


def test_a_lane_beyond_the_allowed_one_stays_in_the_queue() -> None:
    made = queue(("a", NOW, DRIFT), ("b", NOW, IN_FLIGHT))
    assert made.take(NOW, IN_FLIGHT) == ("b", IN_FLIGHT)
    assert made.take(NOW, IN_FLIGHT) is None
    assert made.next_at(NOW) == NOW
    assert made.take(NOW) == ("a", DRIFT)


@pytest.mark.parametrize("urgent", [ASKED, CHANGED])
def test_no_flood_of_one_lane_starves_another(urgent: Lane) -> None:
    """Each lane that waits gets its turn, however many more urgent ones there are."""
    made = queue(*((f"{n:04d}", NOW, urgent) for n in range(1_000)))
    for each in (f"poll-{n}" for n in range(20)):
        made.add(each, NOW, IN_FLIGHT)
    for each in (f"sweep-{n}" for n in range(20)):
        made.add(each, NOW, DRIFT)
    order = [lane for _, lane in drained(made)]
    assert (order.index(IN_FLIGHT), order.index(DRIFT)) == (STARVATION_LIMIT, STARVATION_LIMIT + 1)
    assert Counter(order[:110]) == {urgent: 70, IN_FLIGHT: 20, DRIFT: 20}
    assert order[:STARVATION_LIMIT] == [urgent] * STARVATION_LIMIT


def test_the_queue_drops_names_and_delays_that_are_not_kept() -> None:
    made = queue(("a", NOW, DRIFT), ("b", NOW, DRIFT))
    made.delay_until("a", NOW + 10)
    made.delay_until("c", NOW + 10)
    made.keep(frozenset({"b"}))
    assert drained(made) == [("b", DRIFT)]
    made.add("a", NOW, DRIFT)
    made.add("c", NOW, DRIFT)
    assert drained(made) == [("a", DRIFT), ("c", DRIFT)]


def test_due_names_are_counted_by_lane() -> None:
    made = queue(("a", NOW, DRIFT), ("b", NOW, DRIFT), ("c", NOW, ASKED), ("d", NOW + 1, ASKED))
    assert made.depth(NOW) == {DRIFT: 2, ASKED: 1}


def test_an_empty_queue_is_never_due() -> None:
    assert WorkQueue().next_at(NOW) is None
    made = queue(("a", NOW + 5, DRIFT))
    assert (made.next_at(NOW), made.next_at(NOW + 9)) == (NOW + 5, NOW + 9)


def test_a_name_added_very_often_takes_the_room_of_one() -> None:
    made = queue(("b", 0.0, DRIFT), ("c", 99.0, ASKED))
    assert made.next_at(1.0) == 1.0
    for n in range(20_000, 0, -1):
        made.add("a", float(n), DRIFT)
    assert len(made._later) + sum(map(len, made._ready.values())) <= 4 * 3 + 64
    assert drained(made) == [("c", ASKED), ("b", DRIFT), ("a", DRIFT)]


@dataclass
class Naive:
    """The same promises in the plainest words, lanes that are passed over aside."""

    due: dict[str, tuple[float, Lane, bool]] = field(default_factory=dict)
    holds: dict[str, float] = field(default_factory=dict)

    def add(self, name: str, at: float, lane: Lane, *, alone: bool = False) -> bool:
        before = self.due.get(name)
        many = name != WHOLE_PARTNER and not alone
        known_at, known_lane, known_many = before or (at, lane, many)
        at = max(min(at, known_at), self.holds.get(name, 0.0))
        self.due[name] = at, min(lane, known_lane), min(many, known_many)
        return self.due[name] != before

    def delay_until(self, name: str, until: float) -> None:
        self.holds[name] = max(until, self.holds.get(name, 0.0))
        if name in self.due:
            at, lane, many = self.due[name]
            self.due[name] = max(at, self.holds[name]), lane, many

    def keep(self, names: frozenset[str]) -> None:
        self.due = {name: due for name, due in self.due.items() if name in names}
        self.holds = {name: until for name, until in self.holds.items() if name in names}

    def ready(self, now: float, most: Lane) -> set[tuple[str, Lane]]:
        """Return what may be taken: of each lane, the first."""
        by_lane: dict[Lane, list[tuple[bool, bool, float, str]]] = {}
        for name, (at, lane, many) in self.due.items():
            if at <= now and lane <= most:
                by_lane.setdefault(lane, []).append((name != WHOLE_PARTNER, many, at, name))
        return {(min(each)[-1], lane) for lane, each in by_lane.items()}


names = st.sampled_from([WHOLE_PARTNER, "a", "b", "c"])
moments = st.integers(1, 30).map(float)
lanes = st.sampled_from(list(Lane))
steps = st.one_of(
    st.tuples(st.just("add"), names, moments, lanes, st.booleans()),
    st.tuples(st.just("delay_until"), names, moments),
    st.tuples(st.just("clear_delay"), names),
    st.tuples(st.just("keep"), st.frozensets(names)),
    st.tuples(st.just("pass time"), st.integers(0, 9)),
    st.tuples(st.just("take"), lanes),
)


@given(st.lists(steps, max_size=60))
def test_the_work_queue_behaves_like_a_plain_list(done: list[tuple[Any, ...]]) -> None:
    made, plain, now = WorkQueue(), Naive(), 0.0
    passed: Counter[Lane] = Counter()
    for verb, *about in done:
        match verb:
            case "add":
                *due, alone = about
                assert made.add(*due, alone=alone) == plain.add(*due, alone=alone)
            case "clear_delay":
                made.clear_delay(about[0])
                plain.holds.pop(about[0], None)
            case "pass time":
                now += about[0]
            case "take":
                _taken_alike(made, plain, passed, now, *about)
            case _:
                getattr(made, verb)(*about)
                getattr(plain, verb)(*about)
        assert made._due.keys() == plain.due.keys()
        assert made.depth(now) == Counter(lane for at, lane, _ in plain.due.values() if at <= now)
        assert made.next_at(now) == min((max(at, now) for at, *_ in plain.due.values()), default=None)


def _taken_alike(made: WorkQueue, plain: Naive, passed: Counter[Lane], now: float, most: Lane) -> None:
    ready = plain.ready(now, most)
    taken = made.take(now, most)
    assert (taken in ready) if ready else taken is None
    if taken is None:
        return
    name, lane = taken
    others = {each for _, each in ready} - {lane}
    overtaken = {each for each in others if each < lane}
    assert not overtaken or passed[lane] >= STARVATION_LIMIT
    passed.update(others)
    passed[lane] = 0
    assert max((passed[each] for each in others), default=0) <= STARVATION_LIMIT + len(Lane)
    del plain.due[name]
    plain.holds.pop(name, None)


# Names that change.


@pytest.mark.parametrize(
    ("due", "names", "expected"),
    [
        pytest.param([("a", NOW, DRIFT)], {"a": "b"}, [("b", DRIFT)], id="another name"),
        pytest.param([("a", NOW + 1, DRIFT)], {"a": "b"}, [], id="it is due when it was"),
        pytest.param([("c", NOW, DRIFT)], {"a": "b"}, [("c", DRIFT)], id="nothing was due"),
        pytest.param(
            [("a", NOW, ASKED), ("b", NOW, DRIFT)],
            {"a": "b", "b": "a"},
            [("b", ASKED), ("a", DRIFT)],
            id="two names are swapped",
        ),
        pytest.param(
            [("a", NOW + 1, DRIFT), ("b", NOW, ASKED)], {"a": "b"}, [], id="the name of one that is gone"
        ),
    ],
)
def test_a_renamed_one_keeps_its_place(
    due: list[tuple[str, float, Lane]], names: dict[str, str], expected: list[tuple[str, Lane]]
) -> None:
    made = queue(*due)
    made.rename(names)
    assert drained(made) == expected


def test_a_renamed_one_keeps_its_delay() -> None:
    made = queue()
    made.delay_until("a", NOW + 5)
    made.rename({"a": "b"})
    made.add("a", NOW, ASKED)
    made.add("b", NOW, ASKED)
    assert drained(made) == [("a", ASKED)]
    assert drained(made, NOW + 5) == [("b", ASKED)]
