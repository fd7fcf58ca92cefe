"""jsonschema finds what breaks a schema; the sentences are ours, as its own may hold secrets and have no end.

`x-rule` and `x-must` beside a keyword of our schemas name the rule that it serves.
"""

from collections.abc import Iterator, Mapping
from itertools import islice

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry

from controller.core.decode import fixes
from controller.core.decode.entry import Entry
from controller.core.decode.rules import problem
from controller.core.decode.secrets import names_secret
from controller.core.decode.words import Path, closest, dotted, quoted, shown, visible
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
_VERSION = "gupshup.controller/"


def judge(entry: Entry, schema: Mapping[str, object]) -> list[Problem]:
    """Return all that breaks *schema* in one document: of each value only the first, most basic trouble."""
    validator = Draft202012Validator(schema, registry=Registry())
    found = list(islice(validator.iter_errors(entry.value), _MOST))
    mistyped = {_path(error) for error in found if error.validator == "type"}
    problems: list[Problem] = []
    for error in found:
        if error.validator == "type" or _path(error) not in mistyped:
            problems += _told(entry, error)
    misspelt = {(one.field.rpartition(".")[0], one.fix) for one in problems if one.rule == "GS301"}
    return [
        one
        for one in dict.fromkeys(problems)
        if one.rule != "GS303" or one.field.rpartition(".")[::2] not in misspelt
    ]


def _path(error: ValidationError) -> Path:
    return tuple(error.absolute_path)


def _told(entry: Entry, error: ValidationError) -> Iterator[Problem]:
    match error.validator:
        case "additionalProperties":
            yield from _unknown(entry, error)
        case "required":
            yield from _missing(entry, error)
        case "type":
            yield _mistyped(entry, error)
        case "enum" | "const":
            yield _not_allowed(entry, error)
        case _:
            yield _broken(entry, error)


def _schema(error: ValidationError) -> Mapping[str, object]:
    return _mapping(error.schema)


def _properties(error: ValidationError) -> Mapping[str, object]:
    return _mapping(_schema(error).get("properties"))


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _listed(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _unknown(entry: Entry, error: ValidationError) -> Iterator[Problem]:
    known = _properties(error)
    for key in islice((key for key in _mapping(error.instance) if key not in known), _MOST):
        path = (*_path(error), key)
        if path == ("status",):
            yield problem("GS302", entry.key_at(*path), "status", "status is written by the controller alone")
            continue
        near = closest(key, known)
        hint = f"did you mean {near}?" if near else f"known here: {', '.join(known)}"
        yield problem(
            "GS301", entry.key_at(*path), dotted(path), f"unknown field {visible(key)}; {hint}", near
        )


def _missing(entry: Entry, error: ValidationError) -> Iterator[Problem]:
    for key in _listed(error.validator_value):
        if key not in _mapping(error.instance):
            path = (*_path(error), key)
            yield problem("GS303", entry.at(*path), dotted(path), f"the field {key} is missing")


def _mistyped(entry: Entry, error: ValidationError) -> Problem:
    path, kind = _path(error), str(error.validator_value)
    rule, must = _TYPES[kind]
    more = _schema(error).get("x-must")
    if kind == "integer":
        must = f"must be {more}, without quotes"
    elif kind == "object" and more:
        must = f"{must}: {more}"
    if error.instance is None:
        return entry.problem("GS206", path, f"has no value; it {must}")
    return entry.problem(
        rule, path, f"{must}; found {_kind_of(error.instance)}", _retyped(entry, error, kind)
    )


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


def _retyped(entry: Entry, error: ValidationError, kind: str) -> str | None:
    raw = entry.raw(_path(error))
    if raw is None or _hushed(_path(error)):
        return None
    match kind:
        case "string":
            rule = str(_schema(error).get("x-rule", ""))
            return fixes.fix(rule, raw) or (None if rule in {"GS402", "GS403"} else quoted(raw[:60]))
        case "integer":
            return fixes.choice(raw, _allowed(error))
        case "boolean":
            return fixes.truth(raw)
        case "array":
            return fixes.listed(raw)
        case _:
            return None


def _allowed(error: ValidationError) -> list[str]:
    return _listed(_schema(error).get("enum"))


def _not_allowed(entry: Entry, error: ValidationError) -> Problem:
    path = _path(error)
    if path == ("apiVersion",):
        rule = "GS305" if str(error.instance).startswith(_VERSION) else "GS304"
        return entry.problem(
            rule,
            path,
            f"must be gupshup.controller/v1; found {shown(error.instance)}",
            "gupshup.controller/v1",
        )
    fix = fixes.choice(error.instance, _allowed(error))
    return _sentence(entry, error, path, f"did you mean {fix}?" if fix else "", fix)


def _broken(entry: Entry, error: ValidationError) -> Problem:
    path, value = _path(error), error.instance
    is_key = isinstance(value, str) and isinstance(entry.get(*path), dict)
    if isinstance(value, str) and is_key:
        path = (*path, value)
    rule = str(_schema(error).get("x-rule"))
    fix = None if is_key or _hushed(path) else fixes.fix(rule, entry.raw(path))
    return _sentence(entry, error, path, "", fix)


def _sentence(entry: Entry, error: ValidationError, path: Path, hint: str, fix: str | None) -> Problem:
    """Say what must be, what was found where it may be shown, and a hint."""
    must = f"must be {_schema(error).get('x-must')}"
    scalar = not isinstance(error.instance, (dict, list))
    found = [f"found {shown(error.instance)}"] if scalar and not _hushed(path) else []
    place = entry.key_at(*path) if path and error.validator == "pattern" else entry.at(*path)
    place = entry.at(*path) if entry.get(*path) == error.instance else place
    message = "; ".join([must, *found, *([hint] if hint else [])])
    return problem(str(_schema(error).get("x-rule")), place, dotted(path), message, fix)


def _hushed(path: Path) -> bool:
    """Say whether what stands at *path* may be, or hold, a secret."""
    return any(isinstance(step, str) and (step in _HUSHED or names_secret(step)) for step in path)
