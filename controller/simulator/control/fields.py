"""Fields of a JSON body: each has the wanted type, or an error says what is wrong."""

from collections.abc import Mapping
from typing import TypeAlias

Fields: TypeAlias = Mapping[str, object]


class ControlError(ValueError):
    """A body that the control surface cannot use."""


def fields_of(value: object, *known: str) -> Fields:
    """Return the fields of an object, all of which must be *known*."""
    if not isinstance(value, dict):
        raise ControlError(f"expected an object with some of: {', '.join(known)}")
    unknown = sorted(set(value) - set(known))
    if unknown:
        raise ControlError(f"unknown: {', '.join(unknown)}; there are: {', '.join(known)}")
    return value


def items(fields: Fields, name: str, *, needed: bool = False) -> list[object]:
    """Return a list. Empty if the field is missing and not *needed*."""
    value = fields.get(name, None if needed else [])
    if not isinstance(value, list):
        raise ControlError(f"`{name}` must be a list")
    return value


def text(fields: Fields, name: str, default: str | None) -> str:
    """Return a text. Without a *default* the field is needed."""
    value = fields.get(name, default)
    if not isinstance(value, str):
        raise ControlError(f"`{name}` must be text")
    return value


def flag(fields: Fields, name: str, *, default: bool) -> bool:
    value = fields.get(name, default)
    if not isinstance(value, bool):
        raise ControlError(f"`{name}` must be true or false")
    return value


def number(fields: Fields, name: str, default: float) -> float:
    value = fields.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:  # noqa: PLR2004 - thirty years
        raise ControlError(f"`{name}` must be a number from 0 up")
    return float(value)
