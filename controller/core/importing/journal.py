"""Journal of an import: each answer of Gupshup as one line of JSON, so that a killed import goes on."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from controller.core.importing.account import LeftOut
from controller.model.manifest import AppId
from controller.model.upstream import (
    Details,
    Facts,
    ReadFailed,
    RemoteSubscription,
    Row,
    Stage,
    SubscriptionId,
)

Entry = Mapping[str, Any]
"""One line: what a JSON object holds."""

KEPT = 86_400.0
"""Seconds for which a journal counts. After that, the account is read anew."""


@dataclass(slots=True)
class Answers:
    """What was read of one account so far; *at* is when its list was (epoch seconds)."""

    partner_id: str
    rows: tuple[Row, ...]
    at: float
    wabas: dict[AppId, str | ReadFailed] = field(default_factory=dict)
    details: dict[AppId, Details | ReadFailed] = field(default_factory=dict)
    subscriptions: dict[AppId, tuple[RemoteSubscription, ...] | ReadFailed] = field(default_factory=dict)

    @property
    def facts(self) -> Facts:
        return Facts(details=self.details, subscriptions=self.subscriptions)


def list_entry(upstream: str, answers: Answers) -> Entry:
    rows = [asdict(row) for row in answers.rows]
    return {"account": upstream, "partnerId": answers.partner_id, "at": answers.at, "rows": rows}


def waba_entry(upstream: str, app: AppId, waba: str) -> Entry:
    return {"account": upstream, "app": app, "waba": waba}


def details_entry(upstream: str, app: AppId, details: Details) -> Entry:
    return {"account": upstream, "app": app, "details": asdict(details)}


def subscriptions_entry(upstream: str, app: AppId, found: Iterable[RemoteSubscription]) -> Entry:
    return {"account": upstream, "app": app, "subscriptions": [asdict(each) for each in found]}


def writing_entry(paths: Iterable[str]) -> Entry:
    """Return the line that stands before the first file of *paths* is written."""
    return {"writing": sorted(paths)}


def begun_writing(entries: Iterable[Entry]) -> frozenset[str]:
    """Return the files that this import may have written already."""
    return frozenset(path for entry in entries for path in entry.get("writing", ()))


def left_out_entry(left_out: Iterable[LeftOut]) -> Entry:
    """Return the one line that stays when an import is done."""
    return {"leftOut": [asdict(each) for each in left_out]}


class JournalError(ValueError):
    """The lines are not those of a journal."""


def answers_of(entries: Iterable[Entry], upstream: str, now: float) -> Answers | None:
    """Return what *entries* hold of an account, None if its list is not there or is too old.

    Raises JournalError if the lines are not those of a journal.
    """
    try:
        answers = _read(entries, upstream)
    except (KeyError, TypeError, ValueError) as error:
        raise JournalError from error
    return None if answers is None or not 0 <= now - answers.at < KEPT else answers


def left_out_of(entries: Iterable[Entry]) -> tuple[LeftOut, ...]:
    """Return what an earlier import left out. Raises JournalError if the lines are not those of a journal."""
    try:
        return tuple(LeftOut(**each) for entry in entries for each in entry.get("leftOut", ()))
    except TypeError as error:
        raise JournalError from error


def _read(entries: Iterable[Entry], upstream: str) -> Answers | None:
    answers: Answers | None = None
    for entry in entries:
        if entry.get("account") != upstream:
            continue
        if "rows" in entry:
            answers = Answers(entry["partnerId"], tuple(map(_row, entry["rows"])), float(entry["at"]))
        elif answers is not None:
            _take(answers, entry)
    return answers


def _take(answers: Answers, entry: Entry) -> None:
    app = AppId(entry["app"])
    if "waba" in entry:
        answers.wabas[app] = str(entry["waba"])
    elif "details" in entry:
        answers.details[app] = Details(**entry["details"])
    else:
        answers.subscriptions[app] = tuple(map(_subscription, entry["subscriptions"]))


def _row(given: Mapping[str, Any]) -> Row:
    return Row(**{**given, "id": AppId(given["id"]), "stage": Stage(**given["stage"])})


def _subscription(given: Mapping[str, Any]) -> RemoteSubscription:
    return RemoteSubscription(**{**given, "id": SubscriptionId(given["id"]), "modes": tuple(given["modes"])})
