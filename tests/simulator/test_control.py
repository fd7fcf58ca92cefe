"""The control surface: what a test can see and change, and who may not."""

from typing import Any

import httpx
import pytest

from controller.simulator import create_app
from tests.simulator.pretend import HOOK, START, Caller, said


async def test_the_state_shows_fields_that_no_call_shows() -> None:
    caller = Caller.of()
    app = await caller.linked(callbackUrl=HOOK)
    await caller.subscribe(app, meta='{"A": "b"}')
    await caller.seeded(partner="stranger")
    state = await caller.control("state")
    mine = state["apps"][0]

    assert (state["total"], state["now"], state["virtual"]) == (2, START, 0)
    assert (mine["id"], mine["wabaId"], mine["callbackUrl"]) == (app, "109876543210987", HOOK)
    assert mine["subscriptions"][0]["meta"] == '{"A": "b"}'
    assert state["apps"][1]["partner"] == "stranger"
    assert [each["outcome"] for each in state["deliveries"]] == ["recorded only: not a loopback address"]


async def test_the_state_can_be_narrowed_to_one_app() -> None:
    caller = Caller.of()
    await caller.linked()
    await caller.seeded()

    assert len((await caller.control("state?name=AcmeSupport"))["apps"]) == 1


async def test_the_calls_can_be_narrowed_by_time_and_route() -> None:
    caller = Caller.of()
    app = await caller.linked()
    caller.clock.time += 1
    await caller.rows()
    link, look = (await caller.control("calls"))["calls"]

    assert link == {
        "at": START,
        "route": "link",
        "method": "POST",
        "path": "/partner/tpp/app",
        "partner": "1368",
        "app": app,
        "status": 200,
        "effect": True,
        "fault": "",
        "phone": "919876543210",
    }
    assert (await caller.control(f"calls?since={START + 1}"))["calls"] == [look]
    assert (await caller.control("calls?route=link"))["total"] == 1
    assert "error" in await caller.control("calls?since=yesterday")


async def test_the_log_forgets_the_oldest_calls() -> None:
    assert Caller.of().world.log.maxlen == 100_000


SEEDS = [
    pytest.param({}, {"live": True, "creationStage": "WHATSAPP_PROVISIONING_DONE"}, id="live by default"),
    pytest.param({"live": False}, {"live": False, "creationStage": "INITIAL"}, id="on its way"),
    pytest.param({"live": False, "age": 3_600}, {"live": True}, id="on its way for an hour"),
    pytest.param({"live": False, "stage": "error"}, {"live": False, "creationStage": "ERROR"}, id="failed"),
    pytest.param(
        {"live": True, "stage": "error"}, {"live": True, "creationStage": "ERROR"}, id="live and failed"
    ),
    pytest.param({"live": False, "stage": "stuck"}, {"live": False, "creationStage": "INITIAL"}, id="stuck"),
    pytest.param(
        {"stopped": True, "storageRegion": "DE"}, {"stopped": True, "storageRegion": "DE"}, id="stopped"
    ),
    pytest.param({"id": "a1", "phone": ""}, {"id": "a1"}, id="with an id of its own"),
]


@pytest.mark.parametrize(("fields", "row"), SEEDS)
async def test_an_app_is_added_without_a_call(fields: dict[str, object], row: dict[str, object]) -> None:
    caller = Caller.of()
    await caller.seeded(**fields)

    assert row.items() <= (await caller.rows())[0].items()


async def test_two_added_apps_may_share_a_phone() -> None:
    caller = Caller.of()
    await caller.seeded()
    await caller.seeded(name="SecondSupport")

    assert {row["phone"] for row in await caller.rows()} == {"15550001111"}
    assert len(await caller.rows()) == 2


async def test_an_app_is_changed_by_hand() -> None:
    caller = Caller.of()
    app = await caller.seeded(wabaId="1")
    changes = {"name": "NewSupport", "phone": "15559998888", "wabaId": "2", "stopped": True}
    await caller.control("drift", {"app": "OldSupport", "set": changes})
    row = (await caller.rows())[0]

    assert (row["id"], row["name"], row["phone"], row["stopped"]) == (app, "NewSupport", "15559998888", True)
    assert (await caller.on_app("GET", app, "/waba/info")).json()["wabaInfo"]["wabaId"] == "2"
    await caller.control("drift", {"app": app, "set": {"partner": "stranger"}})
    assert await caller.rows() == []


async def test_subscriptions_are_changed_by_hand() -> None:
    caller = Caller.of()
    app = await caller.seeded(subscriptions=[{"tag": "a", "url": HOOK, "modes": "SENT"}, {"tag": "b"}])
    changes: list[dict[str, Any]] = [
        {"tag": "a", "modes": 7, "active": False},
        {"tag": "b", "delete": True},
        {"tag": "c", "modes": ["SENT", "READ"], "showOnUI": True, "version": 3, "meta": "{}"},
    ]
    await caller.control("drift", {"app": app, "subscriptions": changes})
    found = (await caller.on_app("GET", app, "/subscription")).json()["subscriptions"]

    assert [(each["tag"], each["mode"], each["active"]) for each in found] == [
        ("a", 7, False),
        ("c", 5, True),
    ]
    assert (found[0]["url"], found[1]["version"], found[1]["showOnUI"]) == (HOOK, 3, True)


async def test_an_app_is_deleted_by_hand() -> None:
    caller = Caller.of()
    app = await caller.seeded()
    await caller.control("drift", {"app": app, "delete": True})

    assert await caller.rows() == []
    assert (await caller.link(name="OldSupport", phone="15550001111")).status_code == 200


BAD = [
    pytest.param("apps", [], "expected an object", id="a list"),
    pytest.param("apps", {}, "`apps` must be a list", id="no apps"),
    pytest.param("apps", {"apps": [{"phone": "1"}]}, "`name` must be text", id="no name"),
    pytest.param(
        "apps", {"apps": [{"name": "a", "nmae": "b"}]}, "unknown: nmae; there are: id, name", id="a slip"
    ),
    pytest.param("apps", {"apps": [{"name": "a", "live": 1}]}, "`live` must be true or false", id="a flag"),
    pytest.param(
        "apps", {"apps": [{"name": "a", "age": -1}]}, "`age` must be a number from 0 up", id="an age"
    ),
    pytest.param("apps", {"apps": [{"name": "a", "stage": "x"}]}, "stage 'x' does not exist", id="a stage"),
    pytest.param(
        "apps", {"apps": [{"name": "a", "partner": "x"}]}, "partner 'x' does not exist", id="a partner"
    ),
    pytest.param("apps", {"apps": [{"name": "a", "subscriptions": {}}]}, "must be a list", id="no list"),
    pytest.param("drift", {"app": "nobody"}, "no app with the id or name 'nobody'", id="an unknown app"),
    pytest.param("drift", {"app": 5}, "`app` must be text", id="a number"),
    pytest.param("advance", {"seconds": "ten"}, "`seconds` must be a number", id="words for a number"),
    pytest.param("faults", [{"kind": "nonsense"}], "the body:1:10: kind 'nonsense'", id="a fault"),
]


@pytest.mark.parametrize(("what", "body", "problem"), BAD)
async def test_a_body_that_cannot_be_used_is_explained(what: str, body: object, problem: str) -> None:
    assert problem in (await Caller.of().control(what, body))["error"]


async def test_a_body_that_is_no_json_is_explained() -> None:
    headers = {"content-type": "application/json"}
    answer = await Caller.of().http.post("/_simulator/drift", content=b"{", headers=headers)

    assert (answer.status_code, "not JSON" in answer.text) == (400, True)


@pytest.mark.parametrize("address", ["192.0.2.1", "nonsense"])
@pytest.mark.parametrize(("method", "what"), [("GET", "state"), ("POST", "advance"), ("POST", "faults")])
async def test_the_control_surface_refuses_other_machines(address: str, method: str, what: str) -> None:
    transport = httpx.ASGITransport(create_app(Caller.of().world), client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://gupshup.test") as far:
        answer = await far.request(method, f"/_simulator/{what}", json={"seconds": 1})

    assert answer.status_code == 403


@pytest.mark.parametrize("what", ["advance", "faults"])
async def test_the_control_surface_refuses_web_pages(what: str) -> None:
    answer = await Caller.of().http.post(f"/_simulator/{what}", data={"seconds": "1"})

    assert answer.status_code == 415


async def test_an_empty_change_changes_nothing() -> None:
    caller = Caller.of()

    assert await caller.control("drift", {}) == {"changed": False}
    assert said(await caller.link())[0] == 200
