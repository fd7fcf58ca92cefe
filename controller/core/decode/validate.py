"""Validator: the text of a file becomes entries of known kinds.

jsonschema-rs accepts a sound document quickly. jsonschema judges only the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import jsonschema_rs

from controller.core.closest import closest
from controller.core.decode import secrets
from controller.core.decode.compose import RawDocument, compose
from controller.core.decode.document import FORMAT, VERSION, Document, SourceText
from controller.core.decode.quoting import dotted, shown, visible
from controller.core.decode.rules import problem
from controller.core.decode.suggestions import missing_space
from controller.core.decode.templates import unsupported
from controller.model.problem import Place, Problem
from controller.model.source import Schemas

_TEMPLATE = "GS607"
_TOP: Mapping[str, object] = dict.fromkeys(("apiVersion", "kind", "metadata", "spec"))


@dataclass(slots=True)
class Reading:
    """The outcome of one file. *whole* is False if some document could not be understood."""

    documents: list[Document]
    problems: list[Problem]
    whole: bool


class Validator:
    """The schemas, compiled once for all documents. Neither of the two validators may fetch anything."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._quick = {
            kind: jsonschema_rs.Draft202012Validator(dict(schema), offline=True)
            for kind, schema in schemas.items()
        }

    def read(self, path: str, text: str) -> Reading:
        """Return the entries of one file and its problems. A document of no known kind is no entry."""
        source = SourceText(path, text, secrets.hinted(text), "${" in text or "{{" in text)
        composition = compose(text)
        reading = Reading([], [], whole=composition.fatal is None)
        if composition.fatal:
            reading.problems.append(source.odd(composition.fatal))
        filled = [
            (index, raw)
            for index, raw in enumerate(composition.documents)
            if raw.value is not None or raw.oddities
        ]
        if not filled and reading.whole:
            reading.problems.append(problem("GS100", Place(path), "", "the file declares nothing"))
        for index, raw in filled:
            self._read_document(source, index, raw, reading)
        return reading

    def _read_document(self, source: SourceText, index: int, raw: RawDocument, reading: Reading) -> None:
        if raw.opaque or not isinstance(raw.value, dict):
            problems = [] if raw.opaque else [_no_mapping(source, raw)]
            reading.problems += _gravest(source, raw, problems)
            reading.whole = False
            return
        document, problems = self._checked(Document(source, index, "", raw.value, raw.spot))
        problems += [*_secrets(document), *_templates(document)]
        reading.problems += _gravest(source, raw, problems)
        reading.whole = reading.whole and bool(document.kind and document.name)
        if document.kind:
            reading.documents.append(document)

    def _checked(self, document: Document) -> tuple[Document, list[Problem]]:
        kind = document.get("kind")
        if not isinstance(kind, str) or kind not in self._schemas:
            return self._checked_as_nearest(document, kind)
        document = replace(document, kind=kind)
        return (document, []) if self._quick[kind].is_valid(document.value) else self._with_errors(document)

    def _with_errors(self, document: Document) -> tuple[Document, list[Problem]]:
        from controller.core.decode.schema_errors import schema_errors  # noqa: PLC0415  (slow to import; most files need none)

        errors = schema_errors(document, self._schemas[document.kind])
        return replace(document, sound=not errors.problems, misspelt=errors.misspelt), errors.problems

    def _checked_as_nearest(self, document: Document, kind: object) -> tuple[Document, list[Problem]]:
        """Check a document of a misspelt kind as the kind that was meant, any other by apiVersion alone."""
        near = closest(kind, self._schemas) if isinstance(kind, str) else None
        kind_problem = _unknown_kind(document, self._schemas, near)
        if near is None:
            return document, [kind_problem, *_unknown_version(document)]
        document, problems = self._with_errors(replace(document, kind=near))
        return document, [kind_problem, *(one for one in problems if one.field != "kind")]


def _no_mapping(source: SourceText, document: RawDocument) -> Problem:
    place = Place(source.path, document.spot.line, document.spot.column)
    actual = shown(document.value)
    hint = "begin with apiVersion, kind, metadata and spec; between manifests stands a line ---"
    if isinstance(document.value, str) and missing_space(document.value, _TOP):
        hint = "a space is missing behind the ':'"
    return problem("GS104", place, "", f"a manifest is a mapping; found {actual}; {hint}")


def _unknown_version(document: Document) -> list[Problem]:
    version = document.get("apiVersion")
    if version == VERSION:
        return []
    if version is None:
        message = f"the field apiVersion is missing; add apiVersion: {VERSION}"
        return [document.problem("GS303", ("apiVersion",), message)]
    rule = "GS305" if str(version).startswith(FORMAT) else "GS304"
    return [document.problem(rule, ("apiVersion",), f"must be {VERSION}; found {shown(version)}", VERSION)]


def _unknown_kind(document: Document, schemas: Schemas, near: str | None) -> Problem:
    known = ", ".join(sorted(schemas))
    kind = document.get("kind")
    if kind is None:
        typed = next((key for key in document.texts() if closest(key, ["kind"])), None)
        if typed is not None:
            message = f"unknown field {visible(typed)}; did you mean kind?"
            return problem("GS301", document.key_at(typed), dotted((typed,)), message, "kind")
        return document.problem("GS303", ("kind",), f"the field kind is missing; known: {known}")
    hint = f"; did you mean {near}?" if near else ""
    return document.problem("GS304", ("kind",), f"must be one of {known}; found {shown(kind)}{hint}", near)


def _secrets(document: Document) -> list[Problem]:
    if not document.source.may_hold_secrets:
        return []
    message = "a secret as a literal (not shown); change it at its issuer and reference an env or a file"
    return [document.problem("GS601", path, message) for path in secrets.literal_paths(document.value)]


def _templates(document: Document) -> list[Problem]:
    if not document.source.may_hold_templates:
        return []
    return [
        document.problem(
            _TEMPLATE, path, "no template is filled in here; only url, tag and callbackUrl take them"
        )
        for path in unsupported(document.value)
    ]


def _gravest(source: SourceText, document: RawDocument, problems: list[Problem]) -> list[Problem]:
    """Return the gravest of each value: templates, else oddities of YAML, else the rest, soft ones last."""
    templated = {one.place for one in problems if one.rule == _TEMPLATE}
    hard = [source.odd(oddity) for oddity in document.oddities if not oddity.soft]
    soft = [source.odd(oddity) for oddity in document.oddities if oddity.soft]
    odd = {one.place for one in hard}
    kept = [one for one in problems if one.rule == _TEMPLATE or one.place not in templated | odd]
    grave = odd | {one.place for one in kept}
    return [*hard, *kept, *(one for one in soft if one.place not in grave)]
