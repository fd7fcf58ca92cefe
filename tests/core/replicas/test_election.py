"""Election: free leases go to replicas below their fair share at once, to any other one seconds later."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.replicas.election import (
    FALLBACK_DELAY,
    HANDOVER_GRACE,
    REJOIN_GRACE,
    STALE,
    Acquire,
    Election,
    Step,
    WaitUntil,
)
from controller.model.replica import LeaseState, Peers, Replica

ME, OTHER, THIRD, PROCESS = "me", "other", "third", "some apply"
P, Q, R = "p", "q", "r"
NOW = 1_000.0
BEFORE = NOW - 6
"""When the peers were first observed: the grace of a newcomer is over at NOW."""
BLIND = WaitUntil(NOW + HANDOVER_GRACE, blind=True)


def peers(
    leases: Mapping[str, LeaseState] | None = None,
    *others: Replica,
    at: float = NOW,
    candidate_for: frozenset[str] = frozenset({P}),
) -> Peers:
    return Peers(ME, at, candidate_for, others, leases or {})


def other(*candidate_for: str, name: str = OTHER, until: float = NOW + 9) -> Replica:
    return Replica(name, frozenset(candidate_for or P), until)


def election(*observed: Peers, since: float = NOW - 60) -> Election:
    made = Election()
    for upstream in (P, Q, R):
        made.enter(upstream, since)
    made.observe(peers(at=BEFORE))
    for each in observed:
        made.observe(each)
    return made


@pytest.mark.parametrize(
    ("observed", "step"),
    [
        pytest.param(peers(), Acquire(), id="never held"),
        pytest.param(peers({P: LeaseState(OTHER, NOW)}), Acquire(), id="its holder died, and it is over"),
        pytest.param(
            peers({P: LeaseState(OTHER, NOW + 2)}),
            WaitUntil(NOW + 2),
            id="its holder died, and it is not over",
        ),
        pytest.param(peers({P: LeaseState(OTHER, NOW + 8)}, other()), WaitUntil(NOW + 8), id="held"),
        pytest.param(
            peers({P: LeaseState("", NOW)}),
            WaitUntil(NOW + HANDOVER_GRACE),
            id="released: a process may wait",
        ),
        pytest.param(
            peers({P: LeaseState("", NOW - HANDOVER_GRACE)}), Acquire(), id="released, and nobody took it"
        ),
        pytest.param(
            peers({P: LeaseState(PROCESS, NOW + 8)}),
            WaitUntil(NOW + 8),
            id="held by a process that is no replica",
        ),
        pytest.param(peers({P: LeaseState(ME, NOW + 8)}), WaitUntil(NOW + 8), id="our own, of before"),
        pytest.param(peers({P: LeaseState(ME, NOW)}), Acquire(), id="our own, and over"),
        pytest.param(peers(candidate_for=frozenset()), BLIND, id="the peers do not know yet"),
        pytest.param(peers(at=NOW - STALE), Acquire(), id="observed just lately enough"),
        pytest.param(peers(at=NOW - STALE - 0.1), BLIND, id="observed too long ago"),
    ],
)
def test_the_next_step_of_an_election_follows_from_the_lease(observed: Peers, step: Step) -> None:
    made = Election()
    made.enter(P, NOW - 60)
    made.observe(peers(at=observed.at - 6))
    made.observe(observed)
    assert made.next_step(P, NOW) == step


def test_an_election_without_an_observation_waits() -> None:
    assert Election().next_step(P, NOW) == BLIND


BOTH = frozenset({P, Q})


def test_a_replica_below_its_fair_share_takes_what_is_free_at_once() -> None:
    made = election(peers({P: LeaseState(OTHER, NOW + 9)}, other(P, Q), candidate_for=BOTH))
    assert made.next_step(Q, NOW) == Acquire()


def test_a_replica_with_its_fair_share_takes_what_stays_free() -> None:
    made = election(peers({P: LeaseState(ME, NOW + 9)}, other(P, Q), candidate_for=BOTH))
    ready = BEFORE + REJOIN_GRACE + FALLBACK_DELAY
    assert made.next_step(Q, ready - 0.1) == WaitUntil(ready)
    assert made.next_step(Q, ready) == Acquire()


def test_a_new_candidate_waits_from_now_on() -> None:
    made = election(peers({P: LeaseState(ME, NOW + 9)}, other(P, Q), candidate_for=BOTH), since=NOW)
    assert made.next_step(Q, NOW) == WaitUntil(NOW + FALLBACK_DELAY)


def test_leases_that_were_asked_for_count_before_they_are_observed() -> None:
    """Between two observations a replica must not take more than its share."""
    made = election(peers({}, other(P, Q), candidate_for=BOTH), since=NOW)
    assert made.next_step(P, NOW) == Acquire()
    assert made.next_step(Q, NOW) == WaitUntil(NOW + FALLBACK_DELAY)
    assert made.next_step(P, NOW) == Acquire(), "the one that was asked for is no reason against itself"
    made.observe(peers({}, other(P, Q), at=NOW + 1, candidate_for=BOTH))
    assert made.next_step(Q, NOW + 1) == Acquire(), "the other one was not had"


def test_leases_that_are_over_are_not_led() -> None:
    made = election(peers({P: LeaseState(ME, NOW)}, other(P, Q), candidate_for=BOTH), since=NOW)
    assert made.next_step(Q, NOW) == Acquire()


def test_dead_peers_and_peers_without_a_candidacy_take_no_share() -> None:
    held = {P: LeaseState(ME, NOW + 9)}
    dead, idle = other(P, Q, until=NOW), Replica(THIRD, frozenset(), NOW + 9)
    made = election(peers(held, dead, idle, candidate_for=BOTH), since=NOW)
    assert made.next_step(Q, NOW) == Acquire()


def test_shares_are_rounded_up_so_that_every_partner_is_in_one() -> None:
    three = frozenset({P, Q, R})
    made = election(peers({P: LeaseState(ME, NOW + 9)}, other(*three), candidate_for=three), since=NOW)
    assert made.next_step(Q, NOW) == Acquire()
    assert made.next_step(R, NOW) == WaitUntil(NOW + FALLBACK_DELAY)


def test_a_partner_that_left_counts_no_more_among_those_asked_for() -> None:
    made = election(peers({}, other(P, Q), candidate_for=BOTH), since=NOW)
    assert made.next_step(P, NOW) == Acquire()
    made.leave(P)
    assert made.candidate_for == {Q, R}
    assert made.next_step(Q, NOW) == Acquire()


def test_an_observation_that_is_just_not_stale_begins_no_new_grace() -> None:
    made = Election()
    made.enter(P, NOW - 60)
    for at in (NOW - STALE - REJOIN_GRACE, NOW - STALE, NOW):
        made.observe(peers(at=at))
    assert made.next_step(P, NOW) == Acquire()


def test_a_new_replica_leaves_free_leases_to_peers_that_may_be_coming() -> None:
    made = Election()
    made.enter(P, NOW)
    made.observe(peers())
    assert made.next_step(P, NOW) == WaitUntil(NOW + REJOIN_GRACE)
    made.observe(peers(at=NOW + 3))
    assert made.next_step(P, NOW + REJOIN_GRACE) == Acquire()


def test_a_replica_that_lost_sight_of_its_peers_takes_only_its_own_at_first() -> None:
    """A database that was away is back: whoever observes it first must not take everything."""
    leases = {P: LeaseState(OTHER, NOW + 12), Q: LeaseState(ME, NOW + 12)}
    made = election(peers(leases, other(P, Q), candidate_for=BOTH))
    back = NOW + 40
    made.observe(peers(leases, at=back, candidate_for=BOTH))
    assert made.next_step(Q, back) == Acquire()
    assert made.next_step(P, back) == WaitUntil(back + REJOIN_GRACE)


def test_a_partner_that_was_left_is_no_candidacy() -> None:
    made = election()
    made.leave(P)
    made.leave("never")
    assert made.candidate_for == {Q, R}


names = st.sampled_from([f"partner {number}" for number in range(6)])


@given(st.lists(st.frozensets(names, min_size=1), min_size=1, max_size=4))
def test_every_partner_is_led_in_the_end_and_loads_are_fair(able: list[frozenset[str]]) -> None:
    """Replicas take their steps one after the other, and see what the ones before took, until all is led."""
    leases: dict[str, LeaseState] = {}
    elections = {f"replica {number}": Election() for number in range(len(able))}
    candidates = dict(zip(elections, able, strict=True))
    for now in (NOW, NOW + 5, NOW + 10):
        for me, made in elections.items():
            others = tuple(Replica(name, candidates[name], now + 9) for name in elections if name != me)
            for upstream in candidates[me]:
                made.enter(upstream, NOW - 60)
            made.observe(Peers(me, now, candidates[me], others, dict(leases)))
            for upstream in sorted(candidates[me]):
                free = upstream not in leases
                if free and made.next_step(upstream, now) == Acquire():
                    leases[upstream] = LeaseState(me, NOW + 99)
    assert leases.keys() == frozenset().union(*able)
    if len(set(able)) == 1:
        loads = [sum(lease.holder == me for lease in leases.values()) for me in elections]
        assert max(loads) <= -(-len(able[0]) // len(able))
