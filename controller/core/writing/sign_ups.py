"""Sign-ups: what is known of a customer who has signed up, checked as far as one record shows it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from controller.core.closest import closest
from controller.core.decode.quoting import shown, visible
from controller.core.decode.rules import problem
from controller.core.decode.text import forbidden, judged
from controller.core.writing.phones import ROUNDED, NoPhone, doubt_of, is_rounded, typed_phone
from controller.core.writing.records import COLUMNS, Fields, Record
from controller.model.problem import NOWHERE, Place, Problem

_NUMBERS = ("wabaId", "phone")
_WABA = re.compile(r"[0-9]{5,25}\Z")


@dataclass(frozen=True, slots=True)
class SignUp:
    """A customer's number that is to be declared. *name* is for people, *phone* has digits only.

    *labels* are sorted. *partner* is "" if none is named. *place* is that of its record.
    """

    name: str
    waba_id: str
    phone: str
    labels: tuple[tuple[str, str], ...] = ()
    partner: str = ""
    place: Place = field(default=NOWHERE, compare=False)


class _Wrong(Exception):
    """What is wrong with a value: a rule, a message, and the corrected value if it is known."""

    def __init__(self, rule: str, message: str, fix: str | None = None) -> None:
        super().__init__(message)
        self.rule = rule
        self.fix = fix


def sign_ups(
    records: Iterable[Record], labels: Mapping[str, str] | None = None, partner: str = ""
) -> tuple[list[SignUp], list[Problem]]:
    """Return the sign-ups of *records*, every problem of the records that are none, and warnings.

    *labels* and *partner* are for those that have none of their own.
    """
    found: list[SignUp] = []
    problems: list[Problem] = []
    for record in records:
        values, wrong = _values(record)
        problems += wrong
        if not wrong:
            found.append(_sign_up(values, record.place, labels or {}, partner))
            problems += _doubts(found[-1])
    return found, problems


def _doubts(sign_up: SignUp) -> Iterator[Problem]:
    if doubt := doubt_of(sign_up.phone):
        yield problem("GS407", sign_up.place, "phone", f"+{sign_up.phone} {doubt}")


def _sign_up(values: Fields, place: Place, labels: Mapping[str, str], partner: str) -> SignUp:
    own = values["labels"]
    labels = {**labels, **(own if isinstance(own, dict) else {})}
    return SignUp(
        name=str(values["name"]),
        waba_id=str(values["wabaId"]),
        phone=str(values["phone"]),
        labels=tuple(sorted(labels.items())),
        partner=str(values["partner"]) or partner,
        place=place,
    )


def _values(record: Record) -> tuple[Fields, list[Problem]]:
    values: Fields = {}
    problems = list(_misnamed(record))
    for column in COLUMNS:
        try:
            values[column] = _value(column, record.fields)
        except _Wrong as wrong:
            problems.append(problem(wrong.rule, record.place, column, str(wrong), wrong.fix))
    return values, problems


def _misnamed(record: Record) -> Iterator[Problem]:
    for key in record.fields.keys() - set(COLUMNS):
        near = closest(key, COLUMNS)
        message = f"{shown(key)} is not known; known: {', '.join(COLUMNS)}"
        yield problem("GS301", record.place, "", message, near)


def _value(column: str, fields: Mapping[str, object]) -> object:
    given = fields.get(column, "")
    if column == "labels" and not isinstance(given, str):
        return _writable(_label_texts(given))
    text = _text(column, given).strip()
    match column:
        case "labels":
            return _writable(label_pairs(text))
        case "phone" if text:
            return _phone(text)
        case "wabaId" if text and not _WABA.match(text):
            flaw = ROUNDED if is_rounded(text) else "is no WABA id: 5 to 25 digits"
            raise _Wrong("GS403", f"{visible(text)} {flaw}")
        case "partner":
            return next(iter(_writable({text: ""})))
        case _ if not text:
            raise _Wrong("GS303", "is missing")
        case _:
            return text


def _phone(text: str) -> str:
    try:
        return typed_phone(text)
    except NoPhone as error:
        raise _Wrong("GS402", f"{visible(text)} {error}") from None


def _text(column: str, given: object) -> str:
    if isinstance(given, int) and not isinstance(given, bool) and column in _NUMBERS:
        return str(given)
    if not isinstance(given, str):
        found = "a number with a fraction or an exponent" if isinstance(given, float) else shown(given)
        raise _Wrong("GS201", f"must be a text; found {found}")
    return given


def label_pairs(text: str) -> dict[str, str]:
    """Return the labels of `key=value;key=value`."""
    return _pairs(piece.strip() for piece in text.split(";") if piece.strip())


def _pairs(pieces: Iterable[str]) -> dict[str, str]:
    labels: dict[str, str] = {}
    for piece in pieces:
        key, sign, value = piece.partition("=")
        if not sign:
            raise _Wrong("GS308", f"{visible(piece)} is no key=value; write k=v;k=v")
        if labels.setdefault(key.strip(), value.strip()) != value.strip():
            raise _Wrong("GS105", f"{visible(key)} has two values")
    return labels


def _label_texts(given: object) -> dict[str, str]:
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise _Wrong("GS205", f"must be an object of texts, or k=v;k=v; found {shown(given)}")
    return given


def _writable(texts: dict[str, str]) -> dict[str, str]:
    """Return *texts*. No manifest may hold some characters, and a file cannot hold others at all."""
    if bad := forbidden("".join(part for pair in texts.items() for part in pair)):
        raise _Wrong(*judged(bad))
    return texts
