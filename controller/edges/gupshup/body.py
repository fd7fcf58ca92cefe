"""Bodies of answers: bytes go in, strictly checked JSON and typed fields come out.

Whatever the bytes are, the outcome is a value or `Malformed`; no other exception is raised.
"""

import json
from collections.abc import Mapping
from typing import TypeAlias

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
Object: TypeAlias = Mapping[str, Json]

_DIGITS = 20


class Malformed(ValueError):
    """The answer cannot be used. Its text says why, in our words only."""


class PlainText(Malformed):
    """The answer is text and no JSON. *text* is the whole answer, and may hold anything."""

    def __init__(self, text: str) -> None:
        super().__init__("it is not JSON")
        self.text = text


def decode(content: bytes) -> Json:
    """Decode UTF-8 JSON. A BOM, NaN, an infinity, a giant integer or a duplicate key is Malformed."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("it is not UTF-8") from None
    if not text.strip():
        raise Malformed("it is empty")
    try:
        value: Json = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_int=_integer,
            parse_float=_float,
        )
    except Malformed:
        raise
    except RecursionError:
        raise Malformed("its JSON is nested too deeply") from None
    except ValueError:
        raise PlainText(text) from None
    return value


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Malformed("its JSON repeats a key")
    return fields


def _constant(_name: str) -> Json:
    raise Malformed("its JSON holds NaN or an infinity")


def _integer(digits: str) -> int:
    if len(digits) > _DIGITS:
        raise Malformed("its JSON holds an absurd number")
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if value in {float("inf"), float("-inf")}:
        raise Malformed("its JSON holds an absurd number")
    return value


def as_object(value: Json, what: str) -> Object:
    if not isinstance(value, dict):
        raise Malformed(f"{what} is missing or no object")
    return value


def as_list(value: Json, what: str) -> list[Json]:
    if not isinstance(value, list):
        raise Malformed(f"{what} is missing or no list")
    return value


def text(value: Json, what: str) -> str:
    """Return a text, or an integer as text: Gupshup gives ids and codes as either."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise Malformed(f"{what} is missing or no text")
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise Malformed(f"{what} holds characters that no text may hold")
    return value


def text_or_none(value: Json, what: str) -> str | None:
    """Return a text; None if the field was left out, null or empty."""
    return None if value is None else text(value, what) or None


def flag(value: Json, what: str, *, default: bool) -> bool:
    """Return a boolean, also one that was sent as a text; *default* if it was left out or null."""
    match value:
        case None:
            return default
        case bool():
            return value
        case str() if value.lower() in {"true", "false"}:
            return value.lower() == "true"
    raise Malformed(f"{what} is neither true nor false")


def number(value: Json) -> int | None:
    """Return a whole number of at least 0, also one that was sent as a text; None if there is none."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _DIGITS:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    return None
