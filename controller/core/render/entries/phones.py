"""Phone numbers in what is shown: masked, unless a person asks for them."""

import re
from dataclasses import dataclass, replace
from typing import Self, TypeVar

from controller.model.manifest import Desired
from controller.model.phone import masked, without_phones

_T = TypeVar("_T")

_ID = re.compile(r"\b(?:WABA|subscription) \d+(?:, not \d+)?")
"""Numbers in our own messages that are no phone's, however long they are."""

_DIGITS = re.compile(r"\d{8,}")

_NUMBERS = frozenset({"phone"})
_WORDS = frozenset({"appName", "tag", "url", "callbackUrl", "from", "to", "message"})
"""Keys of the documents whose values are a phone number, or may hold one among other text."""


@dataclass(frozen=True, slots=True)
class Phones:
    """*shown* as they are, or masked: the *known* ones of the manifests also inside a word."""

    shown: bool = False
    known: frozenset[str] = frozenset()

    def knowing(self, desired: Desired) -> Self:
        return replace(self, known=frozenset(app.phone for app in desired.apps))

    def number(self, phone: str) -> str:
        return phone if self.shown else masked(phone)

    def words(self, text: str) -> str:
        """Return *text* with the phone numbers in it masked. Ids that it names stay."""
        if self.shown:
            return text
        ids = list(_ID.finditer(text))
        starts, ends = [0, *(found.end() for found in ids)], [*(found.start() for found in ids), len(text)]
        between = [without_phones(text[start:end]) for start, end in zip(starts, ends, strict=True)]
        kept = [*(found[0] for found in ids), ""]
        told = "".join(words + id_ for words, id_ in zip(between, kept, strict=True))
        return _DIGITS.sub(lambda found: masked(found[0]) if found[0] in self.known else found[0], told)

    def document(self, value: _T, key: str = "") -> _T:
        """Return a document of JSON values with the phone numbers in it masked."""
        if self.shown:
            return value
        return _document(value, key, self)  # type: ignore[return-value]  # each value keeps its type


MASKED = Phones()


def _document(value: object, key: str, phones: Phones) -> object:
    match value:
        case dict():
            return {name: _document(each, name, phones) for name, each in value.items()}
        case list():
            return [_document(each, key, phones) for each in value]
        case str() if key in _NUMBERS:
            return phones.number(value)
        case str() if key in _WORDS:
            return phones.words(value)
        case _:
            return value
