"""Health as JSON, read back from the store, and as people see it."""

import json
from dataclasses import replace

import pytest

from controller.core.render.descriptions import Described, description_text
from controller.core.render.page_rows import chosen, row
from controller.core.render.statuses import document, fields, read_documents
from controller.core.render.tables import status_table
from controller.model.health import SendingError, WabaInfo
from tests.builders.health import BANNED, FINE, health
from tests.builders.manifest import APP
from tests.builders.memory import NOW
from tests.builders.status import FALSE, condition, status_of

WRONG = replace(BANNED, errors=(SendingError("7", "no"),))
SICK = replace(
    status_of("acme", condition("Sendable", FALSE, "AccountBanned")), health=health(WRONG, NOW + 0.25)
)


def test_the_health_of_an_app_is_part_of_its_document() -> None:
    assert fields(SICK)["health"] == {
        "state": "Banned",
        "wabaId": APP.waba_id,
        "accountStatus": "BANNED",
        "dockerStatus": "CONNECTED",
        "quality": "GREEN",
        "messagingLimit": "TIER_1K",
        "canSend": "BLOCKED",
        "verifiedName": "Acme",
        "phoneNumberId": "106540352242922",
        "errors": [{"code": "7", "description": "no"}],
        "readAt": "2023-11-14T22:13:20Z",
    }
    unknown = fields(replace(SICK, health=health(WabaInfo())))["health"]
    assert unknown == {
        **dict.fromkeys(fields(SICK)["health"]),  # type: ignore[call-overload]  # a mapping
        "state": "Unknown",
        "errors": [],
        "readAt": "2023-11-14T22:13:20Z",
    }


def test_a_stored_health_is_read_back() -> None:
    (found,) = read_documents({"App/acme": document(SICK)})
    assert found.health is not None
    assert SICK.health is not None
    assert (found.health.info, found.health.at) == (SICK.health.info, SICK.health.at)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"health": None, "healthAt": None}, id="never read"),
        pytest.param({"health": 7}, id="no mapping"),
        pytest.param({"healthAt": "x"}, id="no moment"),
    ],
)
def test_a_document_without_a_usable_health_has_none(changes: dict[str, object]) -> None:
    stored = {**json.loads(document(SICK)), **changes}
    (found,) = read_documents({"App/acme": json.dumps(stored)})
    assert found.health is None
    older = {name: value for name, value in stored.items() if name not in {"health", "healthAt"}}
    (found,) = read_documents({"App/acme": json.dumps(older)})
    assert (found.health, found.conditions) == (None, SICK.conditions)


def test_odd_fields_of_a_stored_health_are_unknown() -> None:
    stored = {**json.loads(document(SICK)), "health": {"quality": 7, "errors": ["x", {"code": "7"}]}}
    (found,) = read_documents({"App/acme": json.dumps(stored)})
    assert found.health is not None
    assert found.health.info == WabaInfo(errors=(SendingError("7", ""),))
    stored["health"]["errors"] = "x"
    (found,) = read_documents({"App/acme": json.dumps(stored)})
    assert found.health is not None
    assert found.health.info == WabaInfo()


def test_a_description_shows_the_health() -> None:
    lines = description_text(Described(SICK, "up#1"), NOW).splitlines()
    assert {"Sending:   Banned", "Account:   BANNED, CONNECTED", "Quality:   GREEN"} <= set(lines)
    assert {"Limit:     TIER_1K", "Verified:  Acme", "Phone id:  106540352242922"} <= set(lines)
    assert "Health at: 2023-11-14T22:13:20Z" in lines
    bare = description_text(Described(replace(SICK, health=health(WabaInfo())), "up#1"), NOW)
    assert "Account:   -" in bare.splitlines()
    assert "Sending:" not in description_text(Described(replace(SICK, health=None), "up#1"), NOW)


def test_the_table_of_apps_shows_whether_they_can_send() -> None:
    assert "SENDABLE  READY" in status_table([SICK]).splitlines()[0]
    assert "False     -" in status_table([SICK]).splitlines()[1]
    assert "SENDABLE" not in status_table([SICK], ids=False)


def test_rows_of_the_page_are_chosen_by_whether_they_can_send() -> None:
    fine = replace(SICK, health=health(FINE), item=replace(SICK.item, name="fine"))
    unread = replace(SICK, health=None, item=replace(SICK.item, name="unread"))
    rows = [row(each, "up#1", NOW) for each in (SICK, fine, unread)]
    assert [(each.sending, each.quality) for each in rows] == [
        ("Banned", "GREEN"),
        ("Available", "GREEN"),
        ("", ""),
    ]
    assert [each.name for each in chosen(rows, "", "", "Banned")] == ["acme"]
    assert [each.name for each in chosen(rows, "green", "")] == ["acme", "fine"]
    assert [each.name for each in chosen(rows, "", "Unknown", "Available")] == ["fine"]
    assert chosen(rows, "", "Ready", "Available") == []
