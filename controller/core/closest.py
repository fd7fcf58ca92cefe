"""The word that was probably meant: one way to tell it, for fields, verbs, kinds and names alike."""

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 60
_SHORTEST = 4
_MOST = 3


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the word of *known* that *word* was probably meant to be, or None."""
    short, names = word[:_LONGEST], sorted(known)
    for name in names:
        if name.casefold() == short.casefold():
            return name
    if beginning := _beginning(short, names):
        return beginning[0]
    by_folded = {name.casefold(): name for name in names}
    near = get_close_matches(short.casefold(), by_folded, n=1, cutoff=0.7)
    return by_folded[near[0]] if near else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the end of a sentence about an unknown *word*: "; did you mean …?", or ""."""
    names = list(known)
    near = closest(word, names)
    several = _beginning(word[:_LONGEST], sorted(names))[:_MOST] if near else []
    return f"; did you mean {' or '.join(several) or near}?" if near and near != word else ""


def _beginning(word: str, names: Iterable[str]) -> list[str]:
    """Return those of *names* that begin with *word*, if it is long enough to mean something."""
    folded = word.casefold()
    return [name for name in names if len(word) >= _SHORTEST and name.casefold().startswith(folded)]
