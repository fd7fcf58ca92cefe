"""Suggestions for an unknown field: misspelt, a level too deep or too high, or glued to its value."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from controller.core.closest import closest
from controller.core.decode.quoting import Path, dotted, shown
from controller.core.decode.secrets import mask

_SHORTEST = 4
_PLAIN = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?\Z")
_SELECTOR: Path = ("spec", "appSelector")
_MOST_LABELS = 3


class Suggestion(NamedTuple):
    """A hint for a sentence, the text to write, and the path of the field that was meant, if known."""

    hint: str
    fix: str | None = None
    path: Path | None = None


def suggestion(schema: Mapping[str, object], path: Path, value: object) -> Suggestion:
    """Return the field that the unknown one at *path*, which holds *value*, was probably meant to be."""
    above, key = path[:-1], str(path[-1])
    known = children(schema, above)
    glued = missing_space(key, known)
    if glued:
        return Suggestion(f"a space is missing behind the ':' of {glued}", None, (*above, glued))
    labels = _selector(path, value)
    if labels:
        return labels
    near = _near(key, known)
    if near:
        return Suggestion(f"did you mean {near}?", near, (*above, near))
    return _moved(schema, path) or Suggestion(f"known here: {', '.join(known)}")


def missing_space(text: str, known: Mapping[str, object]) -> str | None:
    """Return the field of *known* that begins *text* without a space behind its colon, or None."""
    key, colon, _ = text.partition(":")
    return key if colon and key in known else None


def children(schema: Mapping[str, object], path: Path) -> Mapping[str, object]:
    """Return the fields that *schema* knows below *path*."""
    node: object = schema
    for step in path:
        node = _mapping(_mapping(node).get("properties")).get(str(step))
    return _mapping(_mapping(node).get("properties"))


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _near(key: str, known: Mapping[str, object]) -> str | None:
    """Return the field of nearly the same spelling, or the beginning of *key*: phone of `phoneNumber`."""
    folded = key.casefold()
    longer = (one for one in known if len(one) >= _SHORTEST and folded.startswith(one.casefold()))
    return closest(key, known) or next(longer, None)


def _moved(schema: Mapping[str, object], path: Path) -> Suggestion | None:
    """Return the suggestion to move the field to a mapping above, below or beside that knows it."""
    above, key = path[:-1], path[-1]
    higher = [above[:depth] for depth in reversed(range(len(above)))]
    lower = [(*above, child) for child in children(schema, above)]
    for place in (*higher, *lower, ("metadata",), ("spec",)):
        if key in children(schema, place):
            levels = len(above) - len(place)
            if place != above[: len(place)]:
                return Suggestion(f"it belongs below {dotted(place)}: move it there", None, (*place, key))
            depth = "one level" if levels == 1 else f"{levels} levels"
            beside = dotted(above[: len(place) + 1])
            return Suggestion(f"it stands {depth} too deep: move it beside {beside}", None, (*place, key))
    return None


def _selector(path: Path, value: object) -> Suggestion | None:
    """Return the selector that was meant if matchLabels is left out, or half of the name appSelector."""
    if path[:-1] == _SELECTOR and isinstance(value, str) and closest(str(path[-1]), ["matchLabels"]) is None:
        return Suggestion(
            "labels stand below matchLabels", _labels({str(path[-1]): value}), (*_SELECTOR, "matchLabels")
        )
    given = _mapping(value)
    if path in {("spec", "selector"), ("spec", "matchLabels")} and given:
        inner = _mapping(given.get("matchLabels", given))
        labels = _labels(inner)
        fix = f"appSelector: {{{labels}}}" if labels else None
        return Suggestion("an app is selected by appSelector: {matchLabels: {KEY: VALUE}}", fix, _SELECTOR)
    return None


def _labels(given: Mapping[str, object]) -> str | None:
    """Return *given* as it would be typed, None if long or odd, or if a secret may be in it."""
    pairs = list(_pairs(given))
    if len(pairs) != len(given) or not 0 < len(pairs) <= _MOST_LABELS:
        return None
    return f"matchLabels: {{{', '.join(pairs)}}}"


def _pairs(given: Mapping[str, object]) -> Iterator[str]:
    for key, value in given.items():
        plain = isinstance(value, str) and _PLAIN.match(key) and _PLAIN.match(value)
        if plain and mask(f"{key} {value}") == f"{key} {value}":
            yield f"{key}: {shown(value) if str(value)[0].isdigit() else value}"
