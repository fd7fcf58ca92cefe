"""Canonical form of a file of manifests: the same documents, in the order of their schemas."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from yaml import ScalarToken
from yaml._yaml import CParser  # the module that defines CParser; yaml.cyaml only re-exports it

from controller.core.decode import text
from controller.core.decode.document import Document
from controller.core.decode.files import read
from controller.core.decode.validate import Validator
from controller.core.writing.yaml_text import file_text, manifest_text
from controller.model.problem import Problem, Severity
from controller.model.source import Schemas, SourceFile

_MODELINE = re.compile(r"#[ \t]*yaml-language-server:[^\r\n]*(?:\r?\n|\Z)")
_BLOCKS = frozenset({"|", ">"})


@dataclass(frozen=True, slots=True)
class Canonical:
    """A file whose canonical form is *data*, which may be what it has already."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Commented:
    """A file with comments, which have no place in the canonical form."""


@dataclass(frozen=True, slots=True)
class Invalid:
    """A file that is not formatted, because of *problems*."""

    problems: tuple[Problem, ...]


Form: TypeAlias = Canonical | Commented | Invalid


class Formatter:
    """Brings files to their canonical form, each by itself: what it refers to need not exist."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._validator = Validator(schemas)

    def form(self, file: SourceFile) -> Form:
        """Return the canonical form of *file*, or why it has none. An empty file stays as it is."""
        documents, problems = self._read(file)
        if errors := tuple(one for one in problems if one.severity is Severity.ERROR):
            return Invalid(errors)
        modeline, body = _parted(text.read(file)[0] or "")
        if _has_comment(body):
            return Commented()
        if not documents:
            return Canonical(file.data)
        ordered = (_ordered(each.value, self._schemas[each.kind]) for each in documents)
        texts = (manifest_text(_mapping(each)) for each in ordered)
        return Canonical((modeline + file_text(texts)).encode())

    def means_the_same(self, one: SourceFile, other: SourceFile) -> bool:
        """Return whether two files have equal documents, in one order, whatever the order of their keys."""
        first, second = (self._read(file)[0] for file in (one, other))
        return [_typed(each.value) for each in first] == [_typed(each.value) for each in second]

    def _read(self, file: SourceFile) -> tuple[Sequence[Document], Sequence[Problem]]:
        found = read([file], self._validator)
        return found.documents, found.problems


def _parted(whole: str) -> tuple[str, str]:
    """Return the editor's modeline, if the first line is one, and the rest."""
    match = _MODELINE.match(whole)
    return (f"{match[0].rstrip()}\n", whole[match.end() :]) if match else ("", whole)


def _has_comment(body: str) -> bool:
    """Return whether a # stands outside of every token, or behind the sign of a block of text."""
    if "#" not in body:
        return False
    parser, end = CParser(body), 0
    while (token := parser.get_token()) is not None:
        start = token.start_mark.index
        if "#" in body[end:start] or (_is_block(token) and "#" in _line(body, start)):
            return True
        end = token.end_mark.index
    return False  # the last token begins where the text ends


def _is_block(token: object) -> bool:
    return isinstance(token, ScalarToken) and token.style in _BLOCKS


def _line(body: str, start: int) -> str:
    """Return the rest of the line from *start* on."""
    return body[start:].partition("\n")[0]


def _ordered(value: object, schema: Mapping[str, object]) -> object:
    """Return *value* with the keys of every mapping in the order of *schema*, then any others as they are."""
    if not isinstance(value, dict):
        return value
    fields, others = _fields(schema), schema.get("additionalProperties")
    known = [name for name in fields if name in value]
    names = [*known, *(name for name in value if name not in fields)]
    return {name: _ordered(value[name], _mapping(fields.get(name, others))) for name in names}


def _fields(schema: Mapping[str, object]) -> Mapping[str, object]:
    """Return the fields of a mapping, also where a schema has them for one of several forms of a value."""
    return {**_mapping(schema.get("properties")), **_mapping(_mapping(schema.get("then")).get("properties"))}


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _typed(value: object) -> object:
    """Return *value* so that 1 and true, which are equal in Python, differ."""
    match value:
        case dict():
            return {name: _typed(each) for name, each in value.items()}
        case list():
            return [_typed(each) for each in value]
        case _:
            return type(value), value
