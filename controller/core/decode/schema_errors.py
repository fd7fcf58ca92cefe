"""jsonschema finds what breaks a schema; the sentences are ours, as its own may hold secrets and have no end.

`x-rule` and `x-must` beside a keyword of our schemas name the rule that it serves.
"""

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from itertools import islice
from typing import NamedTuple

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry

from controller.core.decode import fixes
from controller.core.decode.document import FORMAT, VERSION, Document
from controller.core.decode.quoting import Path, dotted, quoted, shown, visible
from controller.core.decode.rules import problem
from controller.core.decode.secrets import mask, names_secret
from controller.core.decode.suggestions import missing_space, suggestion
from controller.model.problem import Problem

_MOST = 100
_HUSHED = frozenset({"credentials", "headers", "url", "callbackUrl"})
_TYPES = {
    "string": ("GS201", "must be a string, in quotes"),
    "integer": ("GS202", "must be a whole number, without quotes"),
    "boolean": ("GS202", "must be true or false, without quotes"),
    "array": ("GS204", "must be a list"),
    "object": ("GS205", "must be a mapping"),
}
_KINDS = {"object": "a mapping with what belongs to it", "array": "a list"}
_LONGEST_FIX = 60


class SchemaErrors(NamedTuple):
    """What breaks a schema, and the fields that stand there under a wrong name or at a wrong place."""

    problems: list[Problem]
    misspelt: frozenset[str]


def schema_errors(document: Document, schema: Mapping[str, object]) -> SchemaErrors:
    """Return all that breaks *schema* in one document: of each value only the first, most basic trouble.

    A field that was found under another name is not said to be missing as well.
    """
    validator = Draft202012Validator(schema, registry=Registry())
    found = list(islice(validator.iter_errors(document.value), _MOST))
    mistyped = {_path(error) for error in found if error.validator == "type"}
    problems: list[Problem] = []
    misspelt: set[str] = set()
    for error in found:
        if error.validator == "additionalProperties":
            problems += _unknown(document, error, schema, misspelt)
        elif error.validator == "type" or _path(error) not in mistyped:
            problems += _told(document, error)
    kept = [one for one in dict.fromkeys(problems) if not _is_there(one, misspelt)]
    return SchemaErrors(kept, frozenset(misspelt))


def _is_there(one: Problem, misspelt: AbstractSet[str]) -> bool:
    """Say whether a problem is only that something lacks that is there, misspelt."""
    if one.rule == "GS314":
        return not misspelt.isdisjoint({"spec.app", "spec.appSelector"})
    return one.rule == "GS303" and one.field in misspelt


def _path(error: ValidationError) -> Path:
    return tuple(error.absolute_path)


def _told(document: Document, error: ValidationError) -> Iterator[Problem]:
    match error.validator:
        case "required":
            yield from _missing(document, error)
        case "uniqueItems":
            yield from _repeated(document, error)
        case "type":
            yield _mistyped(document, error)
        case "enum" | "const":
            yield _not_allowed(document, error)
        case _:
            yield _broken(document, error)


def _schema(error: ValidationError) -> Mapping[str, object]:
    return _mapping(error.schema)


def _properties(error: ValidationError) -> Mapping[str, object]:
    return _mapping(_schema(error).get("properties"))


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _listed(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _unknown(
    document: Document, error: ValidationError, schema: Mapping[str, object], misspelt: set[str]
) -> Iterator[Problem]:
    """Yield the unknown fields of one mapping, and note in *misspelt* which ones were meant."""
    given, known = _mapping(error.instance), _properties(error)
    for key in islice((key for key in given if key not in known), _MOST):
        path = (*_path(error), key)
        if path == ("status",):
            message = "status is written by the controller alone; remove it"
            yield problem("GS302", document.key_at(*path), "status", message)
            continue
        found = suggestion(schema, path, given[key])
        if found.path:
            misspelt.add(dotted(found.path))
        message = f"unknown field {visible(key)}; {found.hint}"
        yield problem("GS301", document.key_at(*path), dotted(path), message, found.fix)


def _missing(document: Document, error: ValidationError) -> Iterator[Problem]:
    for key in _listed(error.validator_value):
        if key not in _mapping(error.instance):
            path = (*_path(error), key)
            yield problem("GS303", document.at(*path), dotted(path), _lacks(key, _properties(error).get(key)))


def _lacks(key: str, wanted: object) -> str:
    """Say that a field is missing, and what to write there."""
    must = _mapping(wanted).get("x-must") or _KINDS.get(str(_mapping(wanted).get("type")), "its value")
    return f"the field {key} is missing; add {key}: {must}"


def _repeated(document: Document, error: ValidationError) -> Iterator[Problem]:
    """Yield each text that stands in a list again; what is no text is a problem of its own."""
    first: dict[str, str] = {}
    for index, one in enumerate(error.instance if isinstance(error.instance, list) else ()):
        path = (*_path(error), index)
        place = document.at(*path)
        here = f"{place.line}:{place.column}"
        if isinstance(one, str) and first.setdefault(one, here) != here:
            message = f"{shown(one)} stands here again, first at {first[one]}; remove one of the two"
            yield document.problem(str(_schema(error).get("x-rule")), path, message)


def _mistyped(document: Document, error: ValidationError) -> Problem:
    path, kind = _path(error), str(error.validator_value)
    rule, must = _TYPES[kind]
    more = _schema(error).get("x-must")
    if kind == "integer":
        must = f"must be {more}, without quotes"
    elif "x-unit" in _schema(error):
        must = f"must be {more}"
    elif kind == "object":
        must = f"must be a mapping: write {_shape(error, more)}"
    if error.instance is None:
        return document.problem("GS206", path, f"has no value; it {must}")
    found = _kind_of(error.instance)
    name = missing_space(str(error.instance), _properties(error)) if kind == "object" else None
    if name:
        found += f": a space is missing behind the ':' of {name}"
    return document.problem(rule, path, f"{must}; found {found}", _retyped(document, error, kind))


def _shape(error: ValidationError, more: object) -> str:
    """Return how a mapping is written: a reference, or the fields that it must have."""
    fields = _properties(error)
    if set(fields) == {"env", "file"}:
        return "{env: NAME} or {file: PATH}, never the value itself"
    needed = _listed(_schema(error).get("required")) or [*fields][:1] or ["KEY"]
    pairs = ", ".join(f"{key}: …" for key in needed)
    return f"{{{pairs}}}" + (f" ({more})" if more else "")


def _kind_of(value: object) -> str:
    match value:
        case bool():
            return "a boolean"
        case int():
            return "a number"
        case str():
            return "text"
        case _:
            return shown(value)


def _retyped(document: Document, error: ValidationError, kind: str) -> str | None:
    raw = _typed(document, _path(error))
    if raw is None:
        return None
    match kind:
        case "string":
            return _as_text(error, raw)
        case "integer":
            return fixes.choice(raw, _allowed(error))
        case "boolean":
            return fixes.truth(raw)
        case "array":
            return fixes.listed(raw)
        case _:
            return None


def _as_text(error: ValidationError, raw: str) -> str | None:
    """Return the text that was meant, None where *raw* in quotes would be refused, too."""
    schema = _schema(error)
    pattern = str(schema.get("pattern", ""))
    in_quotes = quoted(raw) if len(raw) <= _LONGEST_FIX and re.search(pattern, raw) else None
    return in_quotes or fixes.fix(str(schema.get("x-rule", "")), raw, str(schema.get("x-unit", "")))


def _allowed(error: ValidationError) -> list[str]:
    return _listed(_schema(error).get("enum"))


def _not_allowed(document: Document, error: ValidationError) -> Problem:
    path = _path(error)
    if path == ("apiVersion",):
        rule = "GS305" if str(error.instance).startswith(FORMAT) else "GS304"
        return document.problem(rule, path, f"must be {VERSION}; found {shown(error.instance)}", VERSION)
    fix = fixes.choice(error.instance, _allowed(error))
    return _sentence(document, error, path, f"did you mean {fix}?" if fix else "", fix)


def _broken(document: Document, error: ValidationError) -> Problem:
    path, value = _path(error), error.instance
    is_key = isinstance(value, str) and isinstance(document.get(*path), dict)
    if isinstance(value, str) and is_key:
        path = (*path, value)
    rule = str(_schema(error).get("x-rule"))
    raw = None if is_key else _typed(document, path)
    fix = fixes.fix(rule, raw, str(_schema(error).get("x-unit", "")))
    return _sentence(document, error, path, "", fix)


def _sentence(document: Document, error: ValidationError, path: Path, hint: str, fix: str | None) -> Problem:
    """Say what must be, what was found where it may be shown, and a hint."""
    must = f"must be {_schema(error).get('x-must')}"
    if error.validator == "minItems":
        must = "is an empty list; name at least one"
    scalar = not isinstance(error.instance, (dict, list))
    found = [f"found {shown(error.instance)}"] if scalar and not _may_be_secret(path) else []
    place = document.key_at(*path) if path and error.validator == "pattern" else document.at(*path)
    place = document.at(*path) if document.get(*path) == error.instance else place
    message = "; ".join([must, *found, *([hint] if hint else [])])
    return problem(str(_schema(error).get("x-rule")), place, dotted(path), message, fix)


def _typed(document: Document, path: Path) -> str | None:
    """Return what was typed at *path*, None where it may be a secret: a correction would show it."""
    raw = document.raw(path)
    return None if raw is None or _may_be_secret(path) or mask(raw) != raw else raw


def _may_be_secret(path: Path) -> bool:
    """Say whether what stands at *path* may be, or hold, a secret."""
    return any(isinstance(step, str) and (step in _HUSHED or names_secret(step)) for step in path)
