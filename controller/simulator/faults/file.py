"""Faults as YAML or JSON text: text in, faults out, or every problem with its position."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from controller.simulator.faults.fault import KINDS, Fault


class FaultFileError(ValueError):
    """A file of faults that cannot be used: every problem, a line each, with its position."""


def parse(text: str, where: str, routes: Iterable[str]) -> tuple[Fault, ...]:
    """Read faults from YAML or JSON *text*: a list, or a mapping with the one key ``faults``.

    *where* names the text in messages, *routes* are the names that ``route`` may take.
    Raises FaultFileError.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        at = f"{where}:{mark.line + 1}:{mark.column + 1}" if mark else where
        raise FaultFileError(f"{at}: not YAML or JSON: {error.problem}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise FaultFileError(f"{where}:1:1: not YAML or JSON: {error}") from error
    reader = _Reader(where, frozenset(routes))
    faults = reader.read(root)
    if reader.problems:
        raise FaultFileError("\n".join(reader.problems))
    return faults


@dataclass(slots=True)
class _Reader:
    where: str
    routes: frozenset[str]
    problems: list[str] = field(default_factory=list)

    def read(self, root: yaml.Node | None) -> tuple[Fault, ...]:
        if root is None:
            return ()
        if isinstance(root, yaml.MappingNode):
            keys = {key.value: value for key, value in root.value}
            if set(keys) != {"faults"}:
                return self._complain(
                    root, "expected a list of faults, or a mapping with the key `faults` alone"
                )
            root = keys["faults"]
        if not isinstance(root, yaml.SequenceNode):
            return self._complain(root, "expected a list of faults")
        return tuple(fault for node in root.value for fault in self._fault(node))

    def _complain(self, node: yaml.Node, problem: str) -> tuple[Fault, ...]:
        mark = node.start_mark
        self.problems.append(f"{self.where}:{mark.line + 1}:{mark.column + 1}: {problem}")
        return ()

    def _fault(self, node: yaml.Node) -> tuple[Fault, ...]:
        if not isinstance(node, yaml.MappingNode):
            return self._complain(node, "a fault is a mapping with at least `kind`")
        fields = {str(key.value): value for key, value in node.value}
        kind = fields.pop("kind", None)
        if kind is None or kind.value not in KINDS:
            said = "has no `kind`" if kind is None else f"kind {kind.value!r} does not exist"
            return self._complain(kind or node, f"{said}; there are: {', '.join(KINDS)}")
        values = {
            name: value for name, each in fields.items() for value in self._value(kind.value, name, each)
        }
        parameters = {name: value for name, value in values.items() if name in KINDS[kind.value]}
        matches: dict[str, Any] = {
            _FIELDS[name]: value for name, value in values.items() if name not in parameters
        }
        return (Fault(kind.value, **matches, parameters=parameters),)

    def _value(self, kind: str, name: str, node: yaml.Node) -> Iterable[object]:
        if name in KINDS[kind]:
            return self._checked(node, name, _PARAMETERS[name])
        if name not in _FIELDS:
            takes = ", ".join([*_FIELDS, *sorted(KINDS[kind])])
            self._complain(node, f"{kind} takes no `{name}`; it takes: {takes}")
            return ()
        found = self._checked(node, name, _MATCHES[name])
        if name == "route" and found and found[0] not in self.routes | {"*"}:
            self._complain(
                node, f"route {found[0]!r} does not exist; there are: *, {', '.join(sorted(self.routes))}"
            )
            return ()
        return found

    def _checked(self, node: yaml.Node, name: str, check: "_Check") -> list[object]:
        value = yaml.SafeLoader("").construct_document(node)
        try:
            return [check.read(value)]
        except (TypeError, ValueError):
            self._complain(node, f"`{name}` must be {check.words}, not {value!r}")
            return []


@dataclass(frozen=True, slots=True)
class _Check:
    words: str
    kind: str

    def read(self, value: object) -> object:
        """Return *value* in its one form, or raise ValueError."""
        return _READERS[self.kind](value)


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(value)
    return value


def _counts(value: object) -> tuple[int, ...]:
    return tuple(_count(each) for each in value) if isinstance(value, list) else (_count(value),)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise ValueError(value)
    return float(value)


def _share(value: object) -> float:
    number = _number(value)
    if number > 1:
        raise ValueError(value)
    return number


def _status(value: object) -> int:
    status = _count(value)
    if not 200 <= status <= 599:  # noqa: PLR2004 - what HTTP can say as a final status
        raise ValueError(value)
    return status


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError(value)
    return str(value)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _effect(value: object) -> str:
    words = {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
    if words not in {"yes", "no"}:
        raise ValueError(value)
    return str(words)


def _words(value: object) -> tuple[str, ...]:
    return tuple(_text(each) for each in value) if isinstance(value, list) else (_text(value),)


_READERS: Mapping[str, Callable[[object], object]] = {
    "count": _count,
    "counts": _counts,
    "number": _number,
    "share": _share,
    "status": _status,
    "text": _text,
    "flag": _flag,
    "effect": _effect,
    "words": _words,
}
_COUNT = _Check("a whole number from 1 up", "count")
_NUMBER = _Check("a number from 0 up", "number")
_TEXT = _Check("text", "text")
_STATUS = _Check("an HTTP status from 200 to 599", "status")
_FLAG = _Check("true or false", "flag")
_FIELDS = {
    **{name: name for name in ("route", "nth", "every", "probability", "times")},
    "from": "since",
    "until": "until",
    **{name: name for name in ("app", "phone", "name")},
}
_MATCHES: Mapping[str, _Check] = {
    "route": _TEXT,
    "nth": _Check("a whole number from 1 up, or a list of them", "counts"),
    "every": _COUNT,
    "probability": _Check("a number from 0 to 1", "share"),
    "times": _COUNT,
    "from": _NUMBER,
    "until": _NUMBER,
    "app": _TEXT,
    "phone": _TEXT,
    "name": _TEXT,
}
_PARAMETERS: Mapping[str, _Check] = {
    "app_id": _TEXT,
    "effect": _Check("yes or no", "effect"),
    "heals": _NUMBER,
    "interval": _NUMBER,
    "location": _TEXT,
    "kilobytes": _NUMBER,
    "megabytes": _NUMBER,
    "message": _TEXT,
    "mode": _COUNT,
    "modes": _Check("a name or a list of names", "words"),
    "plain": _FLAG,
    "retry_after": _TEXT,
    "rows": _COUNT,
    "seconds": _NUMBER,
    "status": _STATUS,
    "wait": _NUMBER,
}
