"""Text becomes entries of known kinds.

jsonschema-rs says yes quickly; only where it does not, jsonschema is asked, and judges.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import jsonschema_rs

from controller.core.decode import secrets
from controller.core.decode.compose import Document, compose
from controller.core.decode.entry import FORMAT, VERSION, Entry, Sheet
from controller.core.decode.meant import glued
from controller.core.decode.rules import problem
from controller.core.decode.templates import unsupported
from controller.core.decode.words import closest, dotted, shown, visible
from controller.model.problem import Place, Problem
from controller.model.source import Schemas

_TEMPLATE = "GS607"
_TOP: Mapping[str, object] = dict.fromkeys(("apiVersion", "kind", "metadata", "spec"))


@dataclass(slots=True)
class Reading:
    """What came of one file. *whole* is False where some document could not be understood."""

    entries: list[Entry]
    problems: list[Problem]
    whole: bool


class Structure:
    """The schemas, compiled once for all documents; neither validator may fetch anything."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._quick = {
            kind: jsonschema_rs.Draft202012Validator(dict(schema), offline=True)
            for kind, schema in schemas.items()
        }

    def read(self, path: str, text: str) -> Reading:
        """Return the entries of one file and its problems; what has no known kind is no entry."""
        sheet = Sheet(path, text, secrets.hinted(text), "${" in text or "{{" in text)
        composition = compose(text)
        reading = Reading([], [], whole=composition.fatal is None)
        if composition.fatal:
            reading.problems.append(sheet.odd(composition.fatal))
        documents = [(index, one) for index, one in enumerate(composition.documents)]
        filled = [(index, one) for index, one in documents if one.value is not None or one.oddities]
        if not filled and reading.whole:
            reading.problems.append(problem("GS100", Place(path), "", "the file declares nothing"))
        for index, document in filled:
            self._one(sheet, index, document, reading)
        return reading

    def _one(self, sheet: Sheet, index: int, document: Document, reading: Reading) -> None:
        if document.opaque or not isinstance(document.value, dict):
            found = [] if document.opaque else [_no_mapping(sheet, document)]
            reading.problems += _settled(sheet, document, found)
            reading.whole = False
            return
        entry = Entry(sheet, index, "", document.value, document.spot)
        entry, found = self._judged(entry)
        found += [*_secrets(entry), *_templates(entry)]
        reading.problems += _settled(sheet, document, found)
        reading.whole = reading.whole and bool(entry.kind and entry.name)
        if entry.kind:
            reading.entries.append(entry)

    def _judged(self, entry: Entry) -> tuple[Entry, list[Problem]]:
        kind = entry.get("kind")
        if not isinstance(kind, str) or kind not in self._schemas:
            return self._guessed(entry, kind)
        entry = replace(entry, kind=kind)
        return (entry, []) if self._quick[kind].is_valid(entry.value) else self._faulted(entry)

    def _faulted(self, entry: Entry) -> tuple[Entry, list[Problem]]:
        from controller.core.decode.judge import judge  # noqa: PLC0415  (slow to import; most files need none)

        verdict = judge(entry, self._schemas[entry.kind])
        return replace(entry, sound=not verdict.problems, misspelt=verdict.misspelt), verdict.problems

    def _guessed(self, entry: Entry, kind: object) -> tuple[Entry, list[Problem]]:
        """Judge a document whose kind is misspelt by the kind that was meant, others by what all have."""
        near = closest(kind, self._schemas) if isinstance(kind, str) else None
        said = _unknown_kind(entry, self._schemas, near)
        if near is None:
            return entry, [said, *_unknown_version(entry)]
        entry, found = self._faulted(replace(entry, kind=near))
        return entry, [said, *(one for one in found if one.field != "kind")]


def _no_mapping(sheet: Sheet, document: Document) -> Problem:
    place = Place(sheet.path, document.spot.line, document.spot.column)
    found = shown(document.value)
    hint = "begin with apiVersion, kind, metadata and spec; between manifests stands a line ---"
    if isinstance(document.value, str) and glued(document.value, _TOP):
        hint = "a space is missing behind the ':'"
    return problem("GS104", place, "", f"a manifest is a mapping; found {found}; {hint}")


def _unknown_version(entry: Entry) -> list[Problem]:
    version = entry.get("apiVersion")
    if version == VERSION:
        return []
    if version is None:
        message = f"the field apiVersion is missing; add apiVersion: {VERSION}"
        return [entry.problem("GS303", ("apiVersion",), message)]
    rule = "GS305" if str(version).startswith(FORMAT) else "GS304"
    return [entry.problem(rule, ("apiVersion",), f"must be {VERSION}; found {shown(version)}", VERSION)]


def _unknown_kind(entry: Entry, schemas: Schemas, near: str | None) -> Problem:
    known = ", ".join(sorted(schemas))
    kind = entry.get("kind")
    if kind is None:
        typed = next((key for key in entry.texts() if closest(key, ["kind"])), None)
        if typed is not None:
            message = f"unknown field {visible(typed)}; did you mean kind?"
            return problem("GS301", entry.key_at(typed), dotted((typed,)), message, "kind")
        return entry.problem("GS303", ("kind",), f"the field kind is missing; known: {known}")
    hint = f"; did you mean {near}?" if near else ""
    return entry.problem("GS304", ("kind",), f"must be one of {known}; found {shown(kind)}{hint}", near)


def _secrets(entry: Entry) -> list[Problem]:
    if not entry.sheet.may_hold_secrets:
        return []
    message = "a secret as a literal (not shown); change it at its issuer and reference an env or a file"
    return [entry.problem("GS601", path, message) for path in secrets.literal_paths(entry.value)]


def _templates(entry: Entry) -> list[Problem]:
    if not entry.sheet.may_hold_templates:
        return []
    return [
        entry.problem(
            _TEMPLATE, path, "no template is filled in here; only url, tag and callbackUrl take them"
        )
        for path in unsupported(entry.value)
    ]


def _settled(sheet: Sheet, document: Document, found: list[Problem]) -> list[Problem]:
    """Of one value keep what matters: a template, else what YAML makes odd, else the rest, doubts last."""
    templated = {one.place for one in found if one.rule == _TEMPLATE}
    hard = [sheet.odd(oddity) for oddity in document.oddities if not oddity.soft]
    soft = [sheet.odd(oddity) for oddity in document.oddities if oddity.soft]
    odd = {one.place for one in hard}
    kept = [one for one in found if one.rule == _TEMPLATE or one.place not in templated | odd]
    grave = odd | {one.place for one in kept}
    return [*hard, *kept, *(one for one in soft if one.place not in grave)]
