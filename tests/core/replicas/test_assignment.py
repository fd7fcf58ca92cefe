"""Partners spread over replicas: even loads, no move that need not be, and everybody comes to the same."""

from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.replicas.assignment import score, spread

A, B, C = "replica a", "replica b", "replica c"


def fleet(count: int) -> frozenset[str]:
    return frozenset(f"partner {number:03}" for number in range(count))


@pytest.mark.parametrize(
    ("stands", "held", "chosen"),
    [
        pytest.param({}, {"p": A}, {}, id="no replica"),
        pytest.param({A: frozenset()}, {"p": A}, {}, id="no partner that anybody stands for"),
        pytest.param({A: frozenset("p")}, {}, {"p": A}, id="the only one takes all"),
        pytest.param({A: frozenset("p"), B: frozenset("p")}, {"p": B}, {"p": B}, id="who has it keeps it"),
        pytest.param({A: frozenset("p")}, {"p": B}, {"p": A}, id="who is gone does not"),
        pytest.param({A: frozenset("p")}, {"p": ""}, {"p": A}, id="nor does who let go"),
        pytest.param(
            {A: frozenset("p"), B: frozenset()}, {"p": B}, {"p": A}, id="nor who no longer stands for it"
        ),
        pytest.param(
            {A: frozenset("pq"), B: frozenset("pq")}, {"p": A}, {"p": A, "q": B}, id="the emptier one takes"
        ),
        pytest.param(
            {A: frozenset("pqr"), B: frozenset("r")},
            {"p": A, "q": A, "r": A},
            {"p": A, "q": A, "r": B},
            id="only what the other one can",
        ),
        pytest.param(
            {A: frozenset("pqr"), B: frozenset("s")},
            {"p": A, "q": A, "r": A},
            {"p": A, "q": A, "r": A, "s": B},
            id="an uneven load that nobody can help with",
        ),
    ],
)
def test_partners_go_to(
    stands: Mapping[str, frozenset[str]], held: Mapping[str, str], chosen: Mapping[str, str]
) -> None:
    assert spread(stands, held) == chosen


def test_a_replica_that_comes_gets_its_share_and_nothing_else_moves() -> None:
    partners = fleet(30)
    before = spread(dict.fromkeys((A, B), partners), {})
    after = spread(dict.fromkeys((A, B, C), partners), before)
    assert Counter(after.values()) == {A: 10, B: 10, C: 10}
    assert {name for each, name in after.items() if before[each] != name} == {C}


def test_a_replica_that_dies_leaves_the_others_what_they_had() -> None:
    partners = fleet(30)
    before = spread(dict.fromkeys((A, B, C), partners), {})
    after = spread(dict.fromkeys((A, B), partners), before)
    assert Counter(after.values()) == {A: 15, B: 15}
    assert {before[each] for each, name in after.items() if before[each] != name} == {C}


def test_what_is_free_goes_by_chance_and_not_by_name() -> None:
    """Otherwise the same replica would have the same neighbours in every deployment."""
    chosen = spread(dict.fromkeys((A, B), fleet(40)), {})
    assert [chosen[each] for each in sorted(chosen)] not in ([A, B] * 20, [B, A] * 20)
    assert score("p", A) != score("p", B)
    assert score("p", A) == score("p", A)


names = st.lists(st.sampled_from("abcdef"), min_size=1, unique=True)
held_by = st.dictionaries(st.integers(0, 40), st.sampled_from("abcdefgh"))


@given(names, st.integers(0, 40), held_by)
def test_loads_are_even_and_moves_as_few_as_that_takes(
    replicas: list[str], count: int, holders: dict[int, str]
) -> None:
    partners = fleet(count)
    held = {f"partner {number:03}": name for number, name in holders.items() if number < count}
    chosen = spread(dict.fromkeys(replicas, partners), held)

    assert chosen.keys() == partners
    assert moved(chosen, held, replicas) == fewest(held, replicas, count)
    least, more = divmod(count, len(replicas))
    loads = Counter(chosen.values())
    assert sorted(loads[name] for name in replicas) == [least] * (len(replicas) - more) + [least + 1] * more


def moved(chosen: Mapping[str, str], held: Mapping[str, str], replicas: list[str]) -> int:
    return sum(chosen[each] != name for each, name in held.items() if name in replicas)


def fewest(held: Mapping[str, str], replicas: list[str], count: int) -> int:
    """Return how many partners must leave living replicas for loads to be even: what is above each share."""
    least, more = divmod(count, len(replicas))
    had = Counter(held.values())
    loads = sorted((had[name] for name in replicas), reverse=True)
    shares = [least + (number < more) for number in range(len(replicas))]
    return sum(max(0, load - share) for load, share in zip(loads, shares, strict=True))


stood = st.dictionaries(
    st.sampled_from("abcdef"), st.frozensets(st.sampled_from([*fleet(12)]), max_size=12), min_size=1
)


@given(stood, st.dictionaries(st.sampled_from(sorted(fleet(12))), st.sampled_from("abcdefgh")))
def test_whatever_each_stands_for_it_settles_and_all_agree(
    stands: dict[str, frozenset[str]], held: dict[str, str]
) -> None:
    chosen = spread(stands, held)
    assert chosen.keys() == frozenset().union(*stands.values())
    assert all(each in stands[name] for each, name in chosen.items())
    assert spread(stands, chosen) == chosen, "nothing moves twice"
    backwards = dict(reversed([*stands.items()])), dict(reversed([*held.items()]))
    assert spread(*backwards) == chosen, "it does not matter in which order one sees the others"
    loads = Counter(chosen.values())
    assert not [
        (each, name)
        for name, able in stands.items()
        for each in able
        if loads[chosen[each]] - loads[name] > 1
    ]
