"""Which replica is to write for which partner: loads as equal as can be, with as few moves as that takes.

Every replica reckons by itself from the same rows, so they agree without a word. Where they do not for a
moment, the lease decides.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping


def spread(stands: Mapping[str, frozenset[str]], held: Mapping[str, str]) -> dict[str, str]:
    """Return the replica for each partner, from what each one *stands* for and who has *held* what.

    Whoever has a partner keeps it, unless it has two more than another one that stands for it, too. Where all
    stand for all, loads differ by one at the most, and no partner moves that need not.
    """
    chosen = {partner: name for partner, name in held.items() if partner in stands.get(name, ())}
    load = Counter(chosen.values())
    for partner in sorted(frozenset().union(*stands.values()) - chosen.keys()):
        able = [name for name in stands if partner in stands[name]]
        chosen[partner] = min(able, key=lambda name: (load[name], -score(partner, name)))
        load[chosen[partner]] += 1
    while (move := _move(stands, chosen, load)) is not None:
        partner, name = move
        load[chosen[partner]] -= 1
        load[name] += 1
        chosen[partner] = name
    return chosen


def score(partner: str, name: str) -> int:
    """Return how well they go together: by chance, and the same everywhere (rendezvous hashing)."""
    return int.from_bytes(hashlib.blake2b(f"{partner}\n{name}".encode(), digest_size=8).digest())


def _move(
    stands: Mapping[str, frozenset[str]], chosen: Mapping[str, str], load: Mapping[str, int]
) -> tuple[str, str] | None:
    """Return a partner that is to move and where to, from the fullest to the emptiest; None in balance."""
    for giver, taker in _uneven(stands, load):
        able = [each for each, name in chosen.items() if name == giver and each in stands[taker]]
        if able:
            return max(able, key=lambda each: score(each, taker)), taker
    return None


def _uneven(stands: Mapping[str, frozenset[str]], load: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Yield each two of which one has two more than the other, the widest apart first."""
    names = sorted(stands)
    pairs = [(giver, taker) for giver in names for taker in names if load[giver] - load[taker] > 1]
    yield from sorted(pairs, key=lambda pair: load[pair[1]] - load[pair[0]])
