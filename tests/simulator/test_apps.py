"""Apps, read and changed: lists in pages, details, and the callback that is written and never read."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import pytest

from controller.simulator import Fault
from tests.simulator.pretend import FORM, HOOK, Caller, said

REVIEW = "Please review the request parameters and retry"
NOBODY = "00000000-0000-4000-8000-000000000000"


async def fleet(caller: Caller, count: int) -> None:
    apps = [
        {"name": f"Fleet{n:05}", "phone": f"1555{n:07}", "wabaId": str(n), "live": n % 2 == 0}
        for n in range(count)
    ]
    await caller.control("apps", {"apps": apps})


@pytest.mark.parametrize(
    ("query", "names"),
    [
        pytest.param({}, range(10), id="ten rows of the first page when nothing is asked"),
        pytest.param({"pageNo": "3"}, range(20, 25), id="the last page is short"),
        pytest.param({"pageNo": "4"}, [], id="a page past the end is empty"),
        pytest.param({"pageSize": "100"}, range(20), id="the page is never longer than the server likes"),
        pytest.param({"pageSize": "100", "pageNo": "2"}, range(20, 25), id="clamped pages follow each other"),
        pytest.param({"name": "t0001"}, range(10, 20), id="a name is looked for anywhere in the name"),
        pytest.param({"phone": "00024"}, [24], id="a phone likewise"),
        pytest.param({"phone": "00024", "name": "00003"}, [], id="both must agree"),
    ],
)
async def test_the_list_comes_in_pages(query: dict[str, str], names: range | list[int]) -> None:
    caller = Caller.switched("page-size-max=20")
    await fleet(caller, 25)

    assert [row["name"] for row in await caller.rows(**query)] == [f"Fleet{n:05}" for n in names]


async def test_the_last_page_may_come_again_past_the_end() -> None:
    caller = Caller.switched("page-size-max=20", "page-past-end=last")
    assert await caller.rows(pageNo="2") == []
    await fleet(caller, 25)
    for number in ("2", "3", "99"):
        found = await caller.rows(pageNo=number, pageSize="20")
        assert [row["name"] for row in found] == [f"Fleet{n:05}" for n in range(20, 25)]


@pytest.mark.parametrize(
    "query", [{"pageNo": "0"}, {"pageNo": "x"}, {"pageSize": "0"}, {"pageSize": "-1"}, {"pageSize": "9" * 30}]
)
async def test_a_page_number_or_size_below_one_is_refused(query: dict[str, str]) -> None:
    answer = await Caller.of().call("GET", "/partner/app/list", **query)

    assert answer.status_code == 400
    assert ("data" in answer.json()) is ("pageSize" in query)


@pytest.mark.parametrize(
    ("order", "names"),
    [("created", ["Bbbbbb", "Aaaaaa"]), ("newest", ["Aaaaaa", "Bbbbbb"]), ("name", ["Aaaaaa", "Bbbbbb"])],
)
async def test_the_order_of_the_list_is_a_switch(order: str, names: list[str]) -> None:
    caller = Caller.switched(f"list-order={order}")
    await caller.seeded(name="Bbbbbb", phone="1")
    await caller.seeded(name="Aaaaaa", phone="2")

    assert [row["name"] for row in await caller.rows()] == names


async def test_a_row_spells_the_stage_its_own_way_and_lacks_what_cannot_be_read() -> None:
    caller = Caller.of()
    app = await caller.linked(callbackUrl=HOOK)
    row = (await caller.rows())[0]
    pipeline = (await caller.on_app("GET", app, "/pipeline")).json()["whatsapp"]

    assert (row["pipelineStage"], pipeline["pipeLineStage"]) == ("NONE", "NONE")
    assert not {"pipeLineStage", "wabaId", "callbackUrl"} & set(row)
    assert row["createdOn"] == int(caller.clock.time * 1000)


async def test_lists_lag_behind_a_link_and_a_deletion_and_details_do_not() -> None:
    caller = Caller.switched("list-lag=30")
    app = await caller.linked()
    assert await caller.rows() == []
    assert (await caller.call("GET", f"/partner/app/{app}/details")).status_code == 200
    caller.clock.time += 30
    assert len(await caller.rows()) == 1
    await caller.on_app("DELETE", app, deleteLiveApp="true")
    assert len(await caller.rows()) == 1
    caller.clock.time += 30
    assert await caller.rows() == []


async def test_a_strangers_apps_are_in_no_list() -> None:
    caller = Caller.of()
    await caller.seeded(partner="stranger")

    assert await caller.rows() == []
    assert (await caller.call("GET", "/partner/account/api/partnerApps")).json()["partnerAppsList"] == []


async def test_the_old_list_has_all_apps_at_once_and_no_stages() -> None:
    caller = Caller.of()
    await fleet(caller, 25)
    rows = (await caller.call("GET", "/partner/account/api/partnerApps")).json()["partnerAppsList"]

    assert len(rows) == 25
    assert "creationStage" not in rows[0]


async def test_five_thousand_apps_are_read_whole() -> None:
    caller = Caller.switched("page-size-max=100")
    await fleet(caller, 5_000)
    seen = 0
    while rows := await caller.rows(pageSize="100", pageNo=str(seen // 100 + 1)):
        seen += len(rows)
        caller.clock.time += 1

    assert seen == 5_000


@pytest.mark.parametrize(("switch", "key"), [("appDetails", "appDetails"), ("app", "app")])
async def test_details_come_in_either_wrapper(switch: str, key: str) -> None:
    caller = Caller.switched(f"details-wrapper={switch}")
    app = await caller.seeded(callbackUrl=HOOK)
    body = (await caller.call("GET", f"/partner/app/{app}/details")).json()[key]

    assert (body["id"], body["live"], body["phone"]) == (app, True, "15550001111")
    assert "liveTs" in body
    assert not {"callbackUrl", "billingType", "wabaId"} & set(body)


@pytest.mark.parametrize("what", ["health", "waba/info"])
async def test_only_a_live_app_has_health_and_a_waba(what: str) -> None:
    caller = Caller.of()
    young, old = await caller.linked(), await caller.seeded(wabaId="42")

    assert said(await caller.on_app("GET", young, f"/{what}")) == (400, "App is not live.")
    body = (await caller.on_app("GET", old, f"/{what}")).json()
    assert body.get("healthy", "true") == "true"
    assert body.get("wabaInfo", {"wabaId": "42"})["wabaId"] == "42"


@pytest.mark.parametrize(
    ("form", "answer"),
    [
        pytest.param({}, (400, "Fields to be updated not provided."), id="nothing to change"),
        pytest.param({"name": "Other1"}, (400, "Fields to be updated not provided."), id="a name"),
        pytest.param({"storageRegion": "XX"}, (400, "Invalid Region Passed"), id="an unknown region"),
        pytest.param({"storageRegion": "DE"}, (400, "Cannot Change Region After Go live"), id="too late"),
        pytest.param({"templateMessaging": "maybe"}, (400, REVIEW), id="neither true nor false"),
        pytest.param({"templateMessaging": "true"}, (200, "success"), id="template messaging"),
        pytest.param({"templateMessaging": "True"}, (200, "success"), id="as Python spells it"),
        pytest.param({"callbackUrl": HOOK}, (200, "success"), id="the callback URL, which no page mentions"),
    ],
)
async def test_an_update_of_a_live_app_is_answered_by_its_fields(
    form: dict[str, str], answer: tuple[int, str]
) -> None:
    caller = Caller.of()
    app = await caller.seeded()

    assert said(await caller.call("PUT", f"/partner/app/{app}", **form)) == answer


@pytest.mark.parametrize(("flag", "kept"), [("true", True), ("True", True), ("false", False), (None, False)])
async def test_an_app_is_created_with_its_flags(flag: str | None, *, kept: bool) -> None:
    caller = Caller.of()
    form = {} if flag is None else {"templateMessaging": flag, "disableOptinPrefUrl": flag}
    app = (await caller.call("POST", "/partner/app", name="FlagsOfCreate", **form)).json()["appId"]

    body = (await caller.call("GET", f"/partner/app/{app}/details")).json()["appDetails"]
    assert (body["templateMessaging"], body["disableOptinPrefUrl"]) == (kept, kept)
    odd = await caller.call("POST", "/partner/app", name="OddFlags", templateMessaging="maybe")
    assert said(odd) == (400, REVIEW)


async def test_an_update_shows_the_changed_fields() -> None:
    caller = Caller.of()
    app = await caller.linked()
    form = {"storageRegion": "DE", "disableOptinPrefUrl": "true", "callbackUrl": HOOK}
    body = (await caller.call("PUT", f"/partner/app/{app}", **form)).json()["app"]

    assert (body["storageRegion"], body["disableOptinPrefUrl"]) == ("DE", True)
    assert (await caller.control("state"))["apps"][0]["callbackUrl"] == HOOK


@pytest.mark.parametrize(
    ("path", "form", "answer"),
    [
        pytest.param(
            "/callback", {"url": HOOK, "modes": "SENT, READ,X"}, ["SENT", "READ"], id="url and modes"
        ),
        pytest.param("/callback", {"url": HOOK}, (400, "Invalid App Details Passed"), id="without modes"),
        pytest.param(
            "/callback", {"url": "x", "modes": "SENT"}, (500, "Unable to Set Callback URL"), id="no URL"
        ),
        pytest.param("/callbackUrl", {"callbackUrl": HOOK}, None, id="the URL alone"),
        pytest.param("/callbackUrl", {"callbackURL": HOOK}, None, id="the URL as one client spells it"),
        pytest.param("/callbackUrl", {}, (500, "Error updating callback URL"), id="the URL without one"),
        pytest.param("/callback/mode", {"modes": "READ"}, ["READ"], id="the modes alone"),
        pytest.param("/callback/mode", {}, [], id="no mode at all"),
    ],
)
async def test_the_callback_is_written_by_three_routes(
    path: str, form: dict[str, str], answer: tuple[int, str] | list[str] | None
) -> None:
    caller = Caller.of()
    app = await caller.linked()
    if path == "/callback":
        got = await caller.call("PUT", f"/partner/app/{app}{path}", **form)
    else:
        got = await caller.on_app("PUT", app, path, **form)

    if isinstance(answer, tuple):
        assert said(got) == answer
        return
    assert got.status_code == 200
    assert got.json().get("callback", {}).get("modes") == answer
    held = (await caller.control("state"))["apps"][0]["callbackUrl"]
    assert held == ("" if path == "/callback/mode" else HOOK)


async def test_a_live_app_is_deleted_only_when_the_call_says_so() -> None:
    caller = Caller.of()
    app = await caller.seeded(subscriptions=[{"tag": "a", "modes": "SENT"}])

    assert (await caller.on_app("DELETE", app)).status_code == 400
    done = await caller.on_app("DELETE", app, deleteLiveApp="true", comment="by a test")
    assert done.json() == {"message": "App deleted successfully", "status": "success"}
    assert await caller.rows() == []
    assert (await caller.on_app("DELETE", app)).status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/partner/nothing/here", 404, id="an unknown path"),
        pytest.param("GET", "/partner/tpp/app", 405, id="a known path with another method"),
        pytest.param("GET", "/", 404, id="the root"),
    ],
)
async def test_an_unknown_route_is_answered_with_its_path(method: str, path: str, status: int) -> None:
    body: dict[str, Any] = (await Caller.of().call(method, path)).json()

    assert (body["status"], body["path"]) == (status, path)


BODIES = [
    pytest.param("application/x-www-form-urlencoded", "", 200, id="a form"),
    pytest.param("Application/X-WWW-Form-Urlencoded; charset=UTF-8", "", 200, id="a form, told at length"),
    pytest.param("application/x-www-form-urlencoded", "&name=no", 200, id="a field twice: the first counts"),
    pytest.param(
        "application/x-www-form-urlencoded", "&pad=" + "A" * (1 << 20), 400, id="too long for a form"
    ),
    pytest.param("text/plain", "", 400, id="plain text"),
    pytest.param("application/json", "", 400, id="JSON by its name"),
]


@pytest.mark.parametrize(("kind", "more", "status"), BODIES)
async def test_a_body_counts_as_a_form_by_its_type_and_length(kind: str, more: str, status: int) -> None:
    caller = Caller.of()
    headers = {"content-type": kind, "token": caller.partner_token}
    answer = await caller.http.post("/partner/tpp/app", content=urlencode(FORM) + more, headers=headers)

    assert answer.status_code == status
    assert len(caller.world.apps.by_id) == (status == 200)


async def test_the_log_never_holds_a_token_or_a_secret() -> None:
    caller = Caller.of(Fault("html", "details"))
    app = await caller.linked()
    await caller.on_app("GET", app, "/pipeline")
    await caller.call(
        "POST", "/partner/account/login", "", email="partner@example.com", secret="pretend-secret"
    )
    told = repr(caller.world.log) + str(await caller.control("calls")) + repr(caller.world.settings)

    assert FORM["phone"] in told
    assert not any(word in told for word in (caller.partner_token, "sk_", "pretend-secret"))


async def test_a_form_sent_in_pieces_counts_as_none_if_it_is_too_long() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield urlencode(FORM).encode()
        yield b"&pad=" + b"A" * (1 << 20)

    caller = Caller.of()
    headers = {"content-type": "application/x-www-form-urlencoded", "token": caller.partner_token}
    answer = await caller.http.post("/partner/tpp/app", content=pieces(), headers=headers)

    assert answer.status_code == 400
