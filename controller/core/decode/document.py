"""Document: the values of one manifest by path, and their places, computed only on request."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from controller.core.decode.compose import Composition, Finding, Position, RawDocument, compose
from controller.core.decode.quoting import Path, dotted, shown
from controller.core.decode.rules import problem
from controller.model.problem import Place, Problem

FORMAT = "gupshup.controller/"
VERSION = "gupshup.controller/v1"


@dataclass(slots=True)
class SourceText:
    """The text of one file. The first request for a place reads it a second time, with positions.

    *may_hold_secrets* and *may_hold_templates* are decided once, from the whole text.
    """

    path: str
    text: str
    may_hold_secrets: bool = False
    may_hold_templates: bool = False
    _tracked: Composition | None = field(default=None, repr=False)

    def tracked(self, index: int) -> RawDocument:
        if self._tracked is None:
            self._tracked = compose(self.text, tracked=True)
        return self._tracked.documents[index]

    def odd(self, oddity: Finding) -> Problem:
        """Return the problem of an oddity."""
        place = Place(self.path, oddity.spot.line, oddity.spot.column)
        return problem(oddity.rule, place, dotted(oddity.path), oddity.message, oddity.fix)


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a known kind. *sound*: the document keeps its schema, so that every value has its type.

    *misspelt* are fields that are present under a wrong name, as `spec.appName`: none of them is missing.
    """

    source: SourceText
    index: int
    kind: str
    value: Mapping[str, object]
    spot: Position
    sound: bool = True
    misspelt: frozenset[str] = frozenset()

    @property
    def place(self) -> Place:
        return Place(self.source.path, self.spot.line, self.spot.column)

    @property
    def name(self) -> str:
        """The manifest's name, "" if there is none or if it is no text."""
        return self.text("metadata", "name") or ""

    @property
    def title(self) -> str:
        """The kind and the name, fit for a sentence."""
        return f"{self.kind}/{shown(self.name)[1:-1]}"

    def get(self, *path: str | int) -> object:
        """Return the value at *path*, None if there is none."""
        value: object = self.value
        for step in path:
            value = _step(value, step)
        return value

    def text(self, *path: str | int) -> str | None:
        value = self.get(*path)
        return value if isinstance(value, str) else None

    def texts(self, *path: str | int) -> Mapping[str, str]:
        """Return the texts of a mapping; other values are left out."""
        value = self.get(*path)
        mapping = value if isinstance(value, dict) else {}
        return {key: text for key, text in mapping.items() if isinstance(text, str)}

    def at(self, *path: str | int) -> Place:
        """Return the place of the value at *path*, or of the nearest value above it."""
        spots = self.source.tracked(self.index).values
        while path not in spots:  # ends at the latest at (), the document itself
            path = path[:-1]
        return self._spotted(spots[path])

    def key_at(self, *path: str | int) -> Place:
        """Return the place of the key of *path*, or of its value if there is no key."""
        spot = self.source.tracked(self.index).keys.get(path)
        return self._spotted(spot) if spot else self.at(*path)

    def raw(self, path: Path) -> str | None:
        """Return a scalar as it was typed, without quotes; None if *path* holds no scalar."""
        spot = self.source.tracked(self.index).values.get(path)
        return spot.raw if spot else None

    def problem(self, rule: str, path: Path, message: str, fix: str | None = None) -> Problem:
        """Return a problem of the value at *path*."""
        return problem(rule, self.at(*path), dotted(path), message, fix)

    def _spotted(self, spot: Position) -> Place:
        return Place(self.source.path, spot.line, spot.column)


def _step(value: object, step: str | int) -> object:
    match value:
        case dict():
            return value.get(step)
        case list() if isinstance(step, int):
            return value[step]
        case _:
            return None
