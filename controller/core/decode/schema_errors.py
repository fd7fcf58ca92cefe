"""Schema errors, found by jsonschema, in sentences of our own: jsonschema's may hold secrets and have no end.

In our schemas `x-rule` names the rule of the keyword beside it, and `x-must` describes the allowed values.
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
    """All errors against a schema, and the fields that are present under a wrong name or at a wrong place."""

    problems: list[Problem]
    misspelt: frozenset[str]


def schema_errors(document: Document, schema: Mapping[str, object]) -> SchemaErrors:
    """Return all errors of one document against *schema*: of each value only the first, most basic one.

    A field that is present under a wrong name is not reported as missing as well.
    """
    validator = Draft202012Validator(schema, registry=Registry())
    errors = list(islice(validator.iter_errors(document.value), _MOST))
    mistyped = {_path(error) for error in errors if error.validator == "type"}
    problems: list[Problem] = []
    misspelt: set[str] = set()
    for error in errors:
        if error.validator == "additionalProperties":
            problems += _unknown(document, error, schema, misspelt)
        elif error.validator == "type" or _path(error) not in mistyped:
            problems += _problems_of(document, error)
    kept = [one for one in dict.fromkeys(problems) if not _is_misspelt(one, misspelt)]
    return SchemaErrors(kept, frozenset(misspelt))


def _is_misspelt(one: Problem, misspelt: AbstractSet[str]) -> bool:
    """Return whether a problem only reports a field as missing that is present under a wrong name."""
    if one.rule == "GS314":
        return not misspelt.isdisjoint({"spec.app", "spec.appSelector"})
    return one.rule == "GS303" and one.field in misspelt


def _path(error: ValidationError) -> Path:
    return tuple(error.absolute_path)


def _problems_of(document: Document, error: ValidationError) -> Iterator[Problem]:
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
    """Yield the unknown fields of one mapping, and add to *misspelt* the fields that were meant."""
    given, known = _mapping(error.instance), _properties(error)
    for key in islice((key for key in given if key not in known), _MOST):
        path = (*_path(error), key)
        if path == ("status",):
            message = "status is written by the controller alone; remove it"
            yield problem("GS302", document.key_at(*path), "status", message)
            continue
        meant = suggestion(schema, path, given[key])
        if meant.path:
            misspelt.add(dotted(meant.path))
        message = f"unknown field {visible(key)}; {meant.hint}"
        yield problem("GS301", document.key_at(*path), dotted(path), message, meant.fix)


def _missing(document: Document, error: ValidationError) -> Iterator[Problem]:
    for key in _listed(error.validator_value):
        if key not in _mapping(error.instance):
            path = (*_path(error), key)
            yield problem(
                "GS303", document.at(*path), dotted(path), _missing_sentence(key, _properties(error).get(key))
            )


def _missing_sentence(key: str, wanted: object) -> str:
    """Return the sentence that a field is missing, and what to write there."""
    must = _mapping(wanted).get("x-must") or _KINDS.get(str(_mapping(wanted).get("type")), "its value")
    return f"the field {key} is missing; add {key}: {must}"


def _repeated(document: Document, error: ValidationError) -> Iterator[Problem]:
    """Yield each text that a list repeats. Another rule reports items that are no text."""
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
    described = _schema(error).get("x-must")
    if kind == "integer":
        must = f"must be {described}, without quotes"
    elif "x-unit" in _schema(error):
        must = f"must be {described}"
    elif kind == "object":
        must = f"must be a mapping: write {_shape(error, described)}"
    if error.instance is None:
        return document.problem("GS206", path, f"has no value; it {must}")
    actual = _kind_of(error.instance)
    name = missing_space(str(error.instance), _properties(error)) if kind == "object" else None
    if name:
        actual += f": a space is missing behind the ':' of {name}"
    return document.problem(rule, path, f"{must}; found {actual}", _retyped(document, error, kind))


def _shape(error: ValidationError, described: object) -> str:
    """Return a mapping as it is written: a reference, or the required fields."""
    fields = _properties(error)
    if set(fields) == {"env", "file"}:
        return "{env: NAME} or {file: PATH}, never the value itself"
    needed = _listed(_schema(error).get("required")) or [*fields][:1] or ["KEY"]
    pairs = ", ".join(f"{key}: …" for key in needed)
    return f"{{{pairs}}}" + (f" ({described})" if described else "")


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
    """Return *raw* in quotes; if the schema refuses that, the text that was meant, or None."""
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
    """Return a problem: the allowed values, the actual one unless it may be a secret, and a hint."""
    must = f"must be {_schema(error).get('x-must')}"
    if error.validator == "minItems":
        must = "is an empty list; name at least one"
    scalar = not isinstance(error.instance, (dict, list))
    actual = [f"found {shown(error.instance)}"] if scalar and not _may_be_secret(path) else []
    place = document.key_at(*path) if path and error.validator == "pattern" else document.at(*path)
    place = document.at(*path) if document.get(*path) == error.instance else place
    message = "; ".join([must, *actual, *([hint] if hint else [])])
    return problem(str(_schema(error).get("x-rule")), place, dotted(path), message, fix)


def _typed(document: Document, path: Path) -> str | None:
    """Return the text typed at *path*, None if it may be a secret: a fix would show the secret."""
    raw = document.raw(path)
    return None if raw is None or _may_be_secret(path) or mask(raw) != raw else raw


def _may_be_secret(path: Path) -> bool:
    """Return whether the value at *path* may be, or hold, a secret."""
    return any(isinstance(step, str) and (step in _HUSHED or names_secret(step)) for step in path)
