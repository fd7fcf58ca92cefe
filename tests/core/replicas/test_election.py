"""Whose turn it is: the chosen one's at once, the others' later, and a holder's as long as it is well."""

from collections.abc import Mapping

import pytest

from controller.core.replicas.election import (
    BACK,
    CALM,
    HAND_OVER,
    LATER,
    STALE,
    Acquire,
    RequestHandover,
    Turn,
    Turns,
    WaitUntil,
)
from controller.model.replica import LeaseState, Peers, Replica

ME, OTHER, THIRD, PROCESS = "me", "other", "third", "some apply"
P, Q, R = "p", "q", "r"
NOW = 1_000.0
EVERY = 3.0


def roster(
    at: float = NOW,
    held: Mapping[str, LeaseState] | None = None,
    *others: Replica,
    stands: frozenset[str] = frozenset({P}),
) -> Peers:
    return Peers(ME, at, stands, others, held or {})


def other(name: str = OTHER, *stands: str, until: float = NOW + 9) -> Replica:
    return Replica(name, frozenset(stands or P), until)


def turns(*seen: Peers, since: float = NOW) -> Turns:
    found = Turns()
    for upstream in (P, Q, R):
        found.stand(upstream, since)
    for each in seen:
        found.saw(each)
    return found


@pytest.mark.parametrize(
    ("seen", "turn"),
    [
        pytest.param(roster(), Acquire(), id="nobody ever had it"),
        pytest.param(
            roster(NOW, {P: LeaseState(OTHER, NOW)}), Acquire(), id="its holder died, and the lease is over"
        ),
        pytest.param(
            roster(NOW, {P: LeaseState(OTHER, NOW + 2)}),
            WaitUntil(NOW + 2),
            id="its holder died, and the lease is not",
        ),
        pytest.param(
            roster(NOW, {P: LeaseState(OTHER, NOW + 8)}, other()),
            WaitUntil(NOW + 8 + LATER),
            id="its holder is well",
        ),
        pytest.param(
            roster(NOW, {P: LeaseState(OTHER, NOW - 1)}, other()),
            WaitUntil(NOW - 1 + LATER),
            id="its holder is well, but could not renew: it may come back",
        ),
        pytest.param(
            roster(NOW, {P: LeaseState(OTHER, NOW - LATER)}, other()), Acquire(), id="it did not come back"
        ),
        pytest.param(
            roster(NOW, {P: LeaseState("", NOW)}),
            WaitUntil(NOW + HAND_OVER),
            id="let go: somebody waits for it, maybe",
        ),
        pytest.param(
            roster(NOW, {P: LeaseState("", NOW - HAND_OVER)}), Acquire(), id="let go, and nobody took it"
        ),
        pytest.param(
            roster(NOW, {P: LeaseState(PROCESS, NOW + 8)}),
            WaitUntil(NOW + 8),
            id="a process that hears nobody has it",
        ),
        pytest.param(roster(NOW, {P: LeaseState(ME, NOW + 8)}), WaitUntil(NOW + 8), id="our own of before"),
        pytest.param(
            roster(stands=frozenset()),
            WaitUntil(NOW + HAND_OVER, blind=True),
            id="the others do not know yet",
        ),
        pytest.param(
            roster(NOW - STALE - 1), WaitUntil(NOW + HAND_OVER, blind=True), id="what was seen is too old"
        ),
    ],
)
def test_it_is(seen: Peers, turn: Turn) -> None:
    assert turns(seen, since=NOW - 60).turn(P, NOW) == turn


def test_what_was_never_seen_is_waited_for() -> None:
    assert turns().turn(P, NOW) == WaitUntil(NOW + HAND_OVER, blind=True)


def test_the_chosen_one_goes_first_with_what_is_free() -> None:
    """Of two partners and two replicas each takes one at once, and the other one only where nobody does."""
    seen = roster(NOW, {P: LeaseState(OTHER, NOW + 9)}, other(OTHER, P, Q), stands=frozenset({P, Q}))
    assert turns(seen).turn(Q, NOW) == Acquire()
    seen = roster(NOW, {P: LeaseState(ME, NOW + 9)}, other(OTHER, P, Q), stands=frozenset({P, Q}))
    there = turns(seen)
    assert there.turn(Q, NOW) == WaitUntil(NOW + LATER)
    assert there.turn(Q, NOW + LATER) == Acquire()


def test_a_death_is_known_before_the_lease_ends() -> None:
    """Whoever is chosen then takes it in the moment it may, although nothing was seen since."""
    there = turns(roster(NOW, {P: LeaseState(OTHER, NOW + 6)}, other(until=NOW + 5)), since=NOW - 60)
    assert there.turn(P, NOW + 4) == WaitUntil(NOW + 6 + LATER)
    assert there.turn(P, NOW + 5) == WaitUntil(NOW + 6)
    assert there.turn(P, NOW + 6) == Acquire()


def uneven(at: float, *, until: float | None = None) -> Peers:
    """Return a roster in which the other one has all three."""
    has = {each: LeaseState(OTHER, at + 12) for each in (P, Q, R)}
    well = other(OTHER, P, Q, R, until=at + 9 if until is None else until)
    return roster(at, has, well, stands=frozenset({P, Q, R}))


def asked(there: Turns, now: float) -> list[str]:
    return [each for each in (P, Q, R) if there.turn(each, now) == RequestHandover()]


def test_a_newcomer_asks_for_its_share_once_all_is_calm() -> None:
    there = turns()
    times = [NOW + EVERY * step for step in range(8)]
    found = []
    for now in times:
        there.saw(uneven(now))
        found.append(len(asked(there, now)))
    first = next(step for step, count in enumerate(found) if count)
    assert CALM <= times[first] - NOW < CALM + EVERY
    assert found[first] == 1, "of three, one is its share"
    assert sum(found) == 1, "and it is not asked for at every beat"


def test_nobody_is_asked_while_replicas_come_and_go() -> None:
    there = turns()
    for step in range(12):
        now = NOW + EVERY * step
        seen = uneven(now)
        coming = (*seen.others, other(THIRD, until=now + 9)) if step % 3 == 0 else seen.others
        there.saw(Peers(ME, now, seen.stands, coming, seen.held))
        assert asked(there, now) == []


def test_a_process_that_is_no_replica_is_not_asked() -> None:
    """An `apply` hears nothing; it is waited for."""
    there = turns()
    for step in range(8):
        now = NOW + EVERY * step
        there.saw(roster(now, {P: LeaseState(PROCESS, now + 12)}))
        assert there.turn(P, now) == WaitUntil(now + 12)


def test_a_replica_that_is_not_heard_of_is_not_asked() -> None:
    there = turns(uneven(NOW))
    for step in range(1, 5):
        there.saw(uneven(NOW + EVERY * step))
    silent = NOW + EVERY * 5
    there.saw(roster(silent, uneven(silent).held, stands=frozenset({P, Q, R})))
    assert asked(there, silent + 9) == []


def test_who_saw_nothing_for_a_while_leaves_the_others_what_was_theirs() -> None:
    """A database that was away comes back: whoever sees it first must not take everything."""
    held = {P: LeaseState(OTHER, NOW + 12), Q: LeaseState(ME, NOW + 12)}
    stands = frozenset({P, Q})
    there = turns(roster(NOW, held, other(OTHER, P, Q), stands=stands))
    back = NOW + 40
    there.saw(roster(back, held, stands=stands))
    assert there.turn(Q, back) == Acquire()
    assert there.turn(P, back) == WaitUntil(back + BACK)
    there.saw(
        roster(
            back + 3, {P: LeaseState(OTHER, back + 14)}, other(OTHER, P, Q, until=back + 12), stands=stands
        )
    )
    assert there.turn(P, back + BACK) == WaitUntil(back + 14 + LATER)


def test_who_saw_nothing_for_a_while_asks_for_nothing_at_once() -> None:
    """A process that was suspended finds the others as they were; it has to be calm anew all the same."""
    there = turns(uneven(NOW))
    there.saw(uneven(NOW + 60))
    assert asked(there, NOW + 60) == []
    for step in range(1, 5):
        there.saw(uneven(NOW + 60 + EVERY * step))
    assert len(asked(there, NOW + 60 + EVERY * 4)) == 1


def test_what_is_no_longer_stood_for_is_not_told() -> None:
    there = turns()
    there.leave(P)
    there.leave("never")
    assert there.stands == {Q, R}
