"""Foreign webhooks in every form: tag, host and modes, and the store gives back what it was given."""

import json
from dataclasses import replace

import pytest

from controller.core.render.descriptions import Described, description, description_text
from controller.core.render.entries.entry import undeclared
from controller.core.render.entries.view import PLAIN
from controller.core.render.foreign import foreign_items, foreign_table
from controller.core.render.page_rows import chosen, row
from controller.core.render.plan_lines import entry_lines
from controller.core.render.statuses import document, fields, read_documents
from controller.model.plan import Foreign, Item, Kind
from tests.builders.memory import NOW
from tests.builders.plan import ITEM
from tests.builders.status import condition, status_of

TOLD = Foreign(
    Item(Kind.SUBSCRIPTION, "main", ITEM.app, "theirs"),
    "9",
    "hooks.example.org",
    ("SENT", "MESSAGE"),
    3,
    allowed=False,
)
DOUBTFUL = Foreign(replace(TOLD.item, name="odd\n\x1b[2J"), "10", "", ("bits 65536",), None)
STATUS = replace(status_of(ITEM, condition("Ready")), foreign=(TOLD, DOUBTFUL))


def line_of(each: Foreign) -> str:
    (line,) = entry_lines(undeclared(each), PLAIN)
    return line


def test_a_line_of_a_plan_shows_where_a_webhook_leads() -> None:
    assert line_of(TOLD) == (
        "  ! foreign      Subscription/theirs on App/app-0001  → hooks.example.org, SENT, MESSAGE, "
        "version 3: no manifest declares it, and its host is not allowed"
    )
    assert line_of(DOUBTFUL) == (
        "  ? foreign      Subscription/odd\\n\\x1b[2J on App/app-0001  → (no clear host), bits 65536: "
        "no manifest declares it"
    )


def test_the_table_has_a_line_for_each() -> None:
    assert foreign_table([STATUS, status_of("b")]) == (
        "APP       PARTNER  TAG           HOST               VERSION  MODES          ALLOWED\n"
        "app-0001  main     theirs        hooks.example.org  3        SENT, MESSAGE  no\n"
        "app-0001  main     odd\\n\\x1b[2J  (no clear host)    -        bits 65536     yes"
    )
    assert foreign_table([status_of("b")]) == "no foreign webhooks"


def test_the_items_have_the_keys_of_a_plan_and_more() -> None:
    first, second = foreign_items(STATUS)
    assert first == {
        "app": "app-0001",
        "partner": "main",
        "tag": "theirs",
        "host": "hooks.example.org",
        "modes": ["SENT", "MESSAGE"],
        "version": 3,
        "allowed": False,
        "id": "9",
    }
    assert (second["host"], second["version"], second["allowed"]) == ("", None, True)


def test_the_store_gives_back_what_it_was_given() -> None:
    assert read_documents({str(ITEM): document(STATUS)}) == (STATUS,)
    assert "foreign" not in fields(status_of("b"))


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        pytest.param(None, [], id="an older release"),
        pytest.param("x", [], id="no list"),
        pytest.param(["x", {"host": "a"}, {"tag": 7}], [], id="no entries"),
        pytest.param(
            [{"tag": "t", "host": 7, "modes": "SENT", "version": "3"}],
            [Foreign(replace(TOLD.item, name="t"), "", "", (), None)],
            id="other types",
        ),
        pytest.param(
            [{"tag": "t", "modes": ["SENT", 7], "allowed": False}],
            [Foreign(replace(TOLD.item, name="t"), "", "", ("SENT",), None, allowed=False)],
            id="not allowed",
        ),
    ],
)
def test_a_document_that_is_odd_is_read_as_far_as_it_goes(stored: object, read: list[Foreign]) -> None:
    text = json.dumps({**json.loads(document(STATUS)), "foreign": stored})
    assert list(read_documents({str(ITEM): text})[0].foreign) == read


def test_a_description_has_them_by_themselves() -> None:
    of = Described(STATUS, "up#1")
    assert "\nWebhooks that nobody declares\nAPP       PARTNER" in description_text(of, NOW)
    assert [each["tag"] for each in json.loads(json.dumps(description(of)))["foreign"]] == [
        "theirs",
        "odd\n\x1b[2J",
    ]
    assert "nobody declares" not in description_text(Described(status_of("b"), "up#1"), NOW)


def test_a_row_of_the_page_shows_them_and_is_found_by_them() -> None:
    shown = row(STATUS, "up#1", NOW)
    assert shown.foreign[0] == "foreign webhook theirs → hooks.example.org, SENT, MESSAGE, version 3"
    assert shown.alarming
    assert not row(replace(STATUS, foreign=(DOUBTFUL,)), "up#1", NOW).alarming
    other = row(status_of("b"), "up#1", NOW)
    assert chosen([shown, other], "Hooks.example.org", "") == [shown]
    assert chosen([shown, other], "foreign webhook", "") == [shown]
