"""The word that was probably meant: one way to tell it, for fields, verbs, kinds and names alike."""

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 60


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the word of *known* that *word* was probably meant to be, or None."""
    short, names = word[:_LONGEST], sorted(known)
    for name in names:
        if name.casefold() == short.casefold():
            return name
    by_folded = {name.casefold(): name for name in names}
    near = get_close_matches(short.casefold(), by_folded, n=1, cutoff=0.7)
    return by_folded[near[0]] if near else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the end of a sentence about an unknown *word*: "; did you mean …?", or ""."""
    near = closest(word, known)
    return f"; did you mean {near}?" if near and near != word else ""
