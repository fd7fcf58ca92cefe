"""The journal of an import: what was answered is read back as it was, and not for ever."""

import json

import pytest

from controller.core.importing.journal import (
    KEPT,
    Answers,
    Entry,
    JournalError,
    answers_of,
    begun_writing,
    details_entry,
    list_entry,
    subscriptions_entry,
    waba_entry,
    writing_entry,
)
from controller.model.upstream import Details, Facts, RemoteSubscription, SubscriptionId
from tests.builders.upstream import HERE, THEM, live

FOUND = RemoteSubscription(
    SubscriptionId("7"), "events", "https://h.example.com", 2, 64, ("MESSAGE",), active=True
)
DETAILS = Details(live(1).id, "Name0001", "919800000001", live=True)
LISTED = list_entry(HERE, Answers("1368", (live(1), live(2)), 100.0))
LINES = (
    LISTED,
    waba_entry(HERE, live(1).id, "3000"),
    details_entry(HERE, live(1).id, DETAILS),
    subscriptions_entry(HERE, live(1).id, [FOUND]),
)


def kept(*entries: Entry) -> list[Entry]:
    return [json.loads(json.dumps(entry)) for entry in entries]


def test_what_was_answered_is_read_back() -> None:
    answers = answers_of(kept(*LINES), HERE, 100.0)
    assert answers == Answers(
        "1368",
        (live(1), live(2)),
        100.0,
        {live(1).id: "3000"},
        {live(1).id: DETAILS},
        {live(1).id: (FOUND,)},
    )
    assert answers.facts == Facts(details={live(1).id: DETAILS}, subscriptions={live(1).id: (FOUND,)})


@pytest.mark.parametrize("now", [99.0, 100.0 + KEPT])
def test_an_old_list_or_one_of_the_future_does_not_count(now: float) -> None:
    assert answers_of(kept(*LINES), HERE, now) is None


def test_a_new_list_begins_anew() -> None:
    answers = answers_of(kept(*LINES, {**LISTED, "at": 200.0}), HERE, 200.0)
    assert answers == Answers("1368", (live(1), live(2)), 200.0)


def test_another_account_has_none() -> None:
    assert answers_of(kept(*LINES), THEM, 100.0) is None
    assert answers_of(kept(*LINES[1:]), HERE, 100.0) is None


def test_what_is_no_journal_raises() -> None:
    with pytest.raises(JournalError):
        answers_of([{"account": HERE, "rows": [{}]}], HERE, 100.0)


def test_the_files_that_may_be_there_already() -> None:
    entries = kept(*LINES, writing_entry(["b", "a"]), writing_entry(["c"]))
    assert begun_writing(entries) == {"a", "b", "c"}
