"""Quotations of a value, a key or a path of a manifest: short, in visible characters, without secrets."""

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
    """Return *text* in quotes: clipped, secrets masked, characters that steer, hide or mislead escaped."""
    return quoted(clip(mask(text), widest))


def shown(value: object) -> str:
    """Return *value*, fit for a sentence. A list or mapping is shown by its kind alone."""
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


def quoted(text: str) -> str:
    """Return *text* as a double-quoted YAML scalar: ASCII, and Latin letters that cannot be mistaken."""
    inner = "".join(char if _plain(char) else json.dumps(char)[1:-1] for char in text)
    return f'"{inner}"'


def _plain(char: str) -> bool:
    """Return whether a character may stay unescaped.

    Letters that resemble those of another script, or that run from right to left, may not.
    """
    if char.isascii():
        return char.isprintable() and char not in '"\\'
    base, marks = (apart := unicodedata.normalize("NFD", char))[0], apart[1:]
    accented = base.isascii() and base.isalpha() and bool(marks) and unicodedata.is_normalized("NFKC", char)
    return accented or char in _LETTERS
