"""A line of the status page: the state, since when and why; and the tables of writes."""

from collections.abc import Sequence

import pytest

from controller.core.render.history import event, events_table
from controller.core.render.page_rows import AppRow, chosen, partner_cells, row
from controller.core.timestamp import age
from controller.model.history import WriteRecord
from controller.model.status import Condition
from tests.builders.account import SECRET_KIND, UNIVERSAL_KIND, end_in
from tests.builders.memory import NOW
from tests.builders.status import FALSE, TRUE, condition, status_of
from tests.builders.upstream import app_id

READY = condition("Ready", TRUE, "AllGood", since=NOW - 90)
NOT_READY = condition("Ready", FALSE, "Provisioning", since=NOW - 80)
HELD = condition("Ready", FALSE, "Held", since=NOW - 75)
STALLED = condition("Stalled", TRUE, "NameTakenElsewhere", message="words", since=NOW - 70)
RECONCILING = condition("Reconciling", TRUE, "Linking", since=NOW - 60)
NO_LONGER = condition("Stalled", FALSE, "Fine", since=NOW)


def of(*conditions: Condition, name: str = "acme") -> AppRow:
    found = status_of(name, *conditions, at=NOW - 5, app_id=app_id(1), stage="FINALIZE")
    return row(found, "up#1", NOW)


@pytest.mark.parametrize(
    ("conditions", "state", "reason", "since"),
    [
        pytest.param([READY], "Ready", "AllGood", "1 min", id="ready"),
        pytest.param(
            [NOT_READY, RECONCILING, STALLED], "Stalled", "NameTakenElsewhere", "1 min", id="stalled"
        ),
        pytest.param([HELD, RECONCILING, STALLED], "Stalled", "NameTakenElsewhere", "1 min", id="graver"),
        pytest.param([HELD], "Held", "Held", "1 min", id="held by a guard"),
        pytest.param([HELD, RECONCILING], "Held", "Held", "1 min", id="held, and something else of it moves"),
        pytest.param([NOT_READY, RECONCILING], "Reconciling", "Linking", "1 min", id="on its way"),
        pytest.param([READY, NO_LONGER], "Ready", "AllGood", "1 min", id="stalled no longer"),
        pytest.param([NOT_READY], "Unknown", "Provisioning", "1 min", id="not ready, and no word why"),
        pytest.param([], "Unknown", "", "", id="nothing said"),
    ],
)
def test_the_gravest_condition_is_the_state_of_a_row(
    conditions: Sequence[Condition], state: str, reason: str, since: str
) -> None:
    found = of(*conditions)
    assert (found.state, found.reason, found.age) == (state, reason, since)
    assert (found.name, found.partner, found.upstream, found.seen) == ("acme", "main", "up#1", "5 s")
    assert (found.app_id, found.stage) == (app_id(1), "FINALIZE")


def test_rows_that_need_a_person_come_first() -> None:
    rows = [of(READY, name="a"), of(STALLED, name="z"), of(RECONCILING, name="b"), of(STALLED, name="c")]
    assert [each.name for each in chosen(rows, "", "")] == ["c", "z", "b", "a"]


@pytest.mark.parametrize(
    ("text", "state", "names"),
    [
        pytest.param("ACM", "", ["acme"], id="a name, in any case"),
        pytest.param("takenelse", "", ["stuck"], id="a reason"),
        pytest.param("", "Ready", ["acme"], id="a state"),
        pytest.param("stuck", "Ready", [], id="neither"),
        pytest.param(str(app_id(1)), "", ["stuck", "acme"], id="an id"),
    ],
)
def test_rows_are_chosen_by_text_and_state(text: str, state: str, names: list[str]) -> None:
    rows = [of(READY), of(STALLED, name="stuck")]
    assert [each.name for each in chosen(rows, text, state)] == names


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "0 s"),
        (0.9, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3_599, "59 min"),
        (3_600, "1 h 0 min"),
        (86_399, "23 h 59 min"),
        (86_400 * 3 + 7_200, "3 d 2 h"),
    ],
)
def test_an_age_is_shown_in_its_greatest_units(seconds: float, words: str) -> None:
    assert age(seconds) == words


def test_a_write_is_shown_as_a_document_and_as_a_line() -> None:
    done = WriteRecord(NOW, "run by me", "sha256:" + "0" * 64, "link", "App/acme", "done", "ok")
    died = WriteRecord(NOW, "run by me", "", "link", "App/b\x1b[2J")
    assert event("up#1", done) == {
        "at": "2023-11-14T22:13:20Z",
        "who": "run by me",
        "revision": "sha256:" + "0" * 64,
        "verb": "link",
        "target": "App/acme",
        "appId": None,
        "outcome": "done",
        "message": "ok",
        "upstream": "up#1",
    }
    assert event("up#1", died)["outcome"] is None
    table = events_table([done, died])
    assert "2023-11-14T22:13:20Z  link  App/acme      done     run by me  sha256:000000000000  ok" in table
    assert "App/b\\x1b[2J  ?" in table
    assert events_table([]) == "no writes"


def test_the_cells_of_a_partner_hold_the_ends_and_what_asks_a_person_to_act() -> None:
    ends = (end_in(0, UNIVERSAL_KIND, renewed=True), end_in(6, SECRET_KIND))
    ending = condition("CredentialsEnding", TRUE, "SecretEnds", message="soon")
    lasting = condition("CredentialsEnding", FALSE, "NotSoon", message="not soon")
    pending = condition("LinksAllowed", FALSE, "TermsNotAccepted", message="accept them")
    assert partner_cells(ends, status_of("main", ending, pending)) == {
        "ends": [
            "universal token 2023-11-14T22:13:20Z, renewed",
            "client secret 2023-11-20T22:13:20Z",
        ],
        "alarms": ["SecretEnds: soon", "TermsNotAccepted: accept them"],
    }
    assert partner_cells((), status_of("main", lasting, condition("LinksAllowed", TRUE)))["alarms"] == []
    assert partner_cells((), None) == {"ends": [], "alarms": []}
