"""How a value, a key or a path of a manifest is told: short, in visible characters, and without secrets."""

import difflib
import json
import re
import unicodedata
from collections.abc import Iterable

from controller.core.decode.secrets import mask

Path = tuple[str | int, ...]

_WIDEST = 60
_LETTERS = frozenset("…ßæøœþðÆØŒÞÐłŁđĐ")
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_.$/-]+\Z")


def clip(text: str, widest: int = _WIDEST) -> str:
    """Return *text*, or its beginning and an ellipsis."""
    return text if len(text) <= widest else text[: widest - 1] + "…"


def visible(text: str, widest: int = _WIDEST) -> str:
    """Return *text* in quotes: clipped, secrets masked, what could steer, hide or mislead escaped."""
    return quoted(clip(mask(text), widest))


def shown(value: object) -> str:
    """Return what was found, for a sentence. A list or mapping is told by its kind alone."""
    match value:
        case str():
            return visible(value)
        case bool():
            return str(value).lower()
        case int():
            return clip(str(value))
        case None:
            return "nothing"
        case list():
            return "a list"
        case _:
            return "a mapping"


def some(names: Iterable[str]) -> str:
    """Return the first few of *names*, sorted, fit for a sentence."""
    return ", ".join(shown(name)[1:-1] for name in sorted(names)[:8])


def dotted(path: Path) -> str:
    """Return a path as people type it: `spec.modes[2]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN_KEY.match(step) and len(step) <= _WIDEST:
            text += f".{mask(step)}" if text else mask(step)
        else:
            text += f"[{visible(step)}]"
    return text


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the one of *known* that *word* was probably meant to be, or None."""
    short, names = word[:_WIDEST], sorted(known)
    for name in names:
        if name.casefold() == short.casefold():
            return name
    by_folded = {name.casefold(): name for name in names}
    near = difflib.get_close_matches(short.casefold(), by_folded, n=1, cutoff=0.7)
    return by_folded[near[0]] if near else None


def quoted(text: str) -> str:
    """Return *text* as a double-quoted YAML scalar: ASCII, and Latin letters that cannot be mistaken."""
    inner = "".join(one if _plain(one) else json.dumps(one)[1:-1] for one in text)
    return f'"{inner}"'


def _plain(one: str) -> bool:
    """Say whether a character may stand as it is.

    Scripts with letters that look like those of another, or that run from right to left, may not.
    """
    if one.isascii():
        return one.isprintable() and one not in '"\\'
    base, marks = (apart := unicodedata.normalize("NFD", one))[0], apart[1:]
    accented = base.isascii() and base.isalpha() and bool(marks) and unicodedata.is_normalized("NFKC", one)
    return accented or one in _LETTERS
