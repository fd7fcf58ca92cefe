"""Fault files: text in YAML or JSON goes in, faults come out, or every problem with its position.

The schema decides what a file may hold. The positions come from the nodes that YAML composes.
"""

import math
import reprlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from controller.simulator.faults.fault import Fault
from controller.simulator.faults.kinds import KINDS, MATCHES, SCHEMA, TYPES

_Path: TypeAlias = tuple[str | int, ...]


class FaultFileError(ValueError):
    """A file of faults that cannot be used: every problem, a line each, with its position."""


def parse(text: str, where: str) -> tuple[Fault, ...]:
    """Return the faults of YAML or JSON *text*: a list, or a mapping with the only key ``faults``.

    *where* names the text in messages. Raises FaultFileError.
    """
    try:
        root, document = _composed(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
        line, column = _position(getattr(error, "problem_mark", None))
        raise FaultFileError(f"{where}:{line}:{column}: not YAML or JSON: {problem}") from error
    problems = {(_position(_mark(root, path)), problem) for path, problem in _problems(document)}
    if problems:
        lines = (f"{where}:{line}:{column}: {problem}" for (line, column), problem in sorted(problems))
        raise FaultFileError("\n".join(lines))
    return tuple(
        _fault(fields) for fields in (document["faults"] if isinstance(document, dict) else document)
    )


class _Loader(yaml.SafeLoader):
    """YAML's values as JSON has them: keys are text, and so are scalars that JSON does not have."""

    def mapping(self, node: yaml.MappingNode) -> dict[str, object]:
        """Return a mapping. Its `kind` is text as written: a bare 500 is the kind ``500``."""
        return {
            name: _written(value) if name == "kind" else self.construct_object(value, deep=True)
            for name, value in _fields(node).items()
        }

    def number(self, node: yaml.ScalarNode) -> float | str:
        """Return a number, or the text of NaN and infinity."""
        number = self.construct_yaml_float(node)
        return number if math.isfinite(number) else self.text(node)

    def text(self, node: yaml.ScalarNode) -> str:
        """Return a scalar as written."""
        return _written(node)


_Loader.add_constructor("tag:yaml.org,2002:map", _Loader.mapping)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.number)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.text)


def _composed(text: str) -> tuple[yaml.Node, Any]:
    """Return the nodes of *text* and its value. An empty file is an empty list."""
    loader = _Loader(text)
    root = loader.get_single_node() or yaml.SequenceNode("tag:yaml.org,2002:seq", [])
    return root, loader.construct_document(root)


def _written(node: yaml.Node) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else yaml.serialize(node).strip()


def _fields(node: yaml.MappingNode) -> dict[str, yaml.Node]:
    return {_written(key): value for key, value in node.value}


def _mark(node: yaml.Node, path: _Path) -> yaml.Mark | None:
    """Return where the value at *path* begins."""
    for step in path:
        node = _fields(node)[str(step)] if isinstance(node, yaml.MappingNode) else node.value[step]
    return node.start_mark


def _position(mark: yaml.Mark | None) -> tuple[int, int]:
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _problems(document: object) -> Iterator[tuple[_Path, str]]:
    """Yield a path and a message for everything that the schema does not allow."""
    for error in _VALIDATOR.iter_errors(document):
        path = tuple(error.absolute_path)
        if error.validator == "unevaluatedProperties":
            yield from _unknown_fields(path, error.instance)
        else:
            yield path, _message(path, error)


def _unknown_fields(path: _Path, fault: Mapping[str, Any]) -> Iterator[tuple[_Path, str]]:
    kind = str(fault.get("kind"))
    if kind in KINDS:
        known = [*MATCHES, *sorted(KINDS[kind])]
        for name in fault.keys() - {"kind", *known}:
            yield (*path, name), f"{kind} has no field `{name}`; its fields are: {', '.join(known)}"


def _message(path: _Path, error: ValidationError) -> str:
    schema: Any = error.schema
    if error.validator == "required" and path:
        return f"has no `kind`; there are: {', '.join(KINDS)}"
    if "x-message" in schema:
        return str(schema["x-message"])
    if "x-must" in schema:
        return f"`{path[-1]}` must be {schema['x-must']}, not {reprlib.repr(error.instance)}"
    return f"{path[-1]} {reprlib.repr(error.instance)} does not exist; there are: {', '.join(schema['enum'])}"


def _fault(fields: Mapping[str, Any]) -> Fault:
    values: dict[str, Any] = {
        name: _READ[TYPES[name]](value) if TYPES.get(name) in _READ else value
        for name, value in fields.items()
    }
    parameters = {name: values.pop(name) for name in KINDS[fields["kind"]] & values.keys()}
    return Fault(**{_RENAMED.get(name, name): value for name, value in values.items()}, parameters=parameters)


def _several(value: object) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list) else (value,)


_VALIDATOR = Draft202012Validator(SCHEMA)
_RENAMED = {"from": "since"}
_READ: Mapping[str, Callable[[Any], object]] = {
    "text": str,
    "count": int,
    "counts": lambda value: tuple(map(int, _several(value))),
    "names": lambda value: tuple(map(str, _several(value))),
    "effect": lambda value: {True: "yes", False: "no"}.get(value, value),
}
