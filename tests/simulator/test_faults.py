"""Faults: each kind shows its effect, on the calls and as often as its fields say."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from controller.simulator import Fault
from controller.simulator.faults.kinds import KINDS
from tests.simulator.pretend import START, Caller, said

ELSEWHERE = {"stage-error", "stuck", "drop-modes", "callback-refused", "invalid-url", "unkept"}


def fault(kind: str, route: str = "*", **fields: object) -> Fault:
    """Make a fault; what is no field of one is a parameter."""
    own: dict[str, Any] = {name: fields.pop(name) for name in list(fields) if name in Fault.__slots__}
    return Fault(kind, route, **own, parameters=fields)


CUT = [
    pytest.param(fault("lose-request", "link"), False, id="the request is lost"),
    pytest.param(fault("lose-reply", "link"), True, id="the reply is lost after the effect"),
    pytest.param(fault("reset", "link"), True, id="the connection is reset in the middle"),
    pytest.param(fault("reset", "link", effect="no"), False, id="reset without an effect"),
    pytest.param(fault("truncated", "link"), True, id="the body is cut short"),
    pytest.param(fault("endless", "link", megabytes=1), False, id="the body never ends"),
]


@pytest.mark.parametrize(("one", "effect"), CUT)
async def test_a_cut_connection_keeps_or_loses_the_effect(one: Fault, effect: bool) -> None:  # noqa: FBT001 - a table
    caller = Caller.of(one)
    with pytest.raises(httpx.ReadError):
        await caller.link()

    assert len(await caller.rows()) == effect
    assert (caller.world.log[0].effect, caller.world.log[0].fault) == (effect, one.kind)


async def test_a_lost_reply_may_cost_the_caller_time() -> None:
    caller = Caller.of(fault("lose-reply", "link", seconds=30))
    with pytest.raises(httpx.ReadError):
        await caller.link()

    assert caller.clock.time == START + 30


@pytest.mark.parametrize("status", [None, 504])
async def test_an_effect_may_come_late(status: int | None) -> None:
    parameters = {"seconds": 30, "wait": 5} | ({"status": status} if status else {})
    caller = Caller.of(fault("late", "link", **parameters))
    if status:
        assert (await caller.link()).status_code == 504
    else:
        with pytest.raises(httpx.ReadError):
            await caller.link()

    assert caller.clock.time == START + 5
    assert await caller.rows() == []
    caller.clock.time = START + 40
    assert len(await caller.rows()) == 1
    assert next(iter(caller.world.apps.by_id.values())).created == START + 30
    assert [(each.route, each.effect) for each in caller.world.log if each.route == "link"] == [
        ("link", False),
        ("link", True),
    ]


async def test_a_late_effect_may_meet_a_conflict() -> None:
    caller = Caller.of(fault("late", "link", seconds=30, nth=(1,)))
    with pytest.raises(httpx.ReadError):
        await caller.link()
    await caller.link()
    caller.clock.time += 60

    assert len(await caller.rows()) == 1


ANSWERS = [
    pytest.param(fault("html", "link"), 200, "text/html", "soon", id="a page of HTML"),
    pytest.param(fault("empty", "link"), 200, "json", "", id="nothing at all"),
    pytest.param(fault("error-200", "link", message="No"), 200, "json", '"error"', id="an error with 200"),
    pytest.param(fault("500", "link"), 500, "json", "Unable to create App", id="500 before the effect"),
    pytest.param(
        fault("500", "link", effect="yes"), 500, "json", "Unable to create App", id="500 after the effect"
    ),
    pytest.param(fault("502", "link"), 502, "text/html", "Bad Gateway", id="502"),
    pytest.param(fault("503", "link"), 503, "text/html", "Unavailable", id="503"),
    pytest.param(fault("504", "link", effect="yes"), 504, "text/html", "Timeout", id="504 after the effect"),
    pytest.param(fault("429", "link"), 429, "json", "Too Many", id="429 in JSON"),
    pytest.param(fault("429", "link", plain=True), 429, "text/plain", "Too Many", id="429 in plain text"),
    pytest.param(fault("401", "link"), 401, "json", "Failed", id="401"),
    pytest.param(fault("403", "link", message="No"), 403, "json", "No", id="403"),
    pytest.param(fault("status", "link", status=410), 410, "json", "wrong", id="any status"),
    pytest.param(
        fault("status", "link", status=408, plain=True, message="Slow"),
        408,
        "text/plain",
        "Slow",
        id="plainly",
    ),
]


@pytest.mark.parametrize(("one", "status", "kind", "words"), ANSWERS)
async def test_a_fault_answers_with_another_status_type_or_text(
    one: Fault, status: int, kind: str, words: str
) -> None:
    caller = Caller.of(one)
    answer = await caller.link()

    assert answer.status_code == status
    assert kind in answer.headers["content-type"]
    assert words in answer.text
    assert len(await caller.rows()) == (one.parameters.get("effect") == "yes")


@pytest.mark.parametrize("after", ["0", "-5", "99999999999", "abc", "Wed, 21 Oct 2015 07:28:00 GMT"])
@pytest.mark.parametrize("kind", ["429", "503"])
async def test_retry_after_may_hold_any_text(kind: str, after: str) -> None:
    assert (await Caller.of(fault(kind, retry_after=after)).link()).headers["retry-after"] == after


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_has_its_status_and_location(status: int) -> None:
    answer = await Caller.of(fault("redirect", status=status, location="file:///x")).link()

    assert (answer.status_code, answer.headers["location"]) == (status, "file:///x")


async def test_a_slow_answer_and_a_dripping_one() -> None:
    caller = Caller.of(fault("slow", "link", seconds=7), fault("drip", "list", interval=2))
    answer = await caller.link()
    assert caller.clock.time == START + 7
    rows = await caller.rows()

    assert rows[0]["id"] == answer.json()["appId"]
    assert caller.clock.time > START + 7 + 2 * 400


async def test_an_answer_in_another_encoding_and_one_with_a_header_too_long() -> None:
    caller = Caller.of(fault("garbled", "link"), fault("fat-headers", "list", kilobytes=100))
    garbled = await caller.link()
    fat = await caller.call("GET", "/partner/app/list")

    assert json.loads(garbled.content.decode("utf-16"))["status"] == "success"
    with pytest.raises(UnicodeDecodeError):
        garbled.content.decode()
    assert len(fat.headers["x-padding"]) == 102_400
    assert len(fat.json()["apps"]) == 1


async def test_a_gzip_bomb_is_small_on_the_wire() -> None:
    caller = Caller.of(fault("gzip-bomb", "list", megabytes=3))
    async with caller.http.stream(
        "GET", "/partner/app/list", headers={"token": caller.partner_token}
    ) as answer:
        raw = b"".join([piece async for piece in answer.aiter_raw()])

    assert len(raw) < 10_000
    assert len(gzip.decompress(raw)) == 3 << 20


async def test_a_call_may_be_delivered_twice() -> None:
    caller = Caller.of(fault("duplicate", "link"))
    answer = await caller.link()

    assert said(answer) == (200, "success")
    assert len(await caller.rows()) == 1
    assert [each.status for each in caller.world.log if each.route == "link"] == [409, 200]


async def test_an_answer_without_a_body_is_cut_as_well() -> None:
    caller = Caller.of(fault("truncated", "unsubscribe"))
    app = await caller.seeded(subscriptions=[{"tag": "a"}])
    with pytest.raises(httpx.ReadError):
        await caller.on_app("DELETE", app, "/subscription/8166")

    assert caller.world.subscriptions.of(app) == []


async def test_a_success_may_lack_its_id_or_name_another() -> None:
    for one, wanted in (
        (fault("no-app-id"), None),
        (fault("wrong-app-id", app_id="nonsense"), "nonsense"),
    ):
        assert (await Caller.of(one).link()).json().get("appId") == wanted
    caller = Caller.of(fault("wrong-app-id"))
    wrong = (await caller.link()).json()["appId"]

    assert wrong != (await caller.rows())[0]["id"]
    assert said(await Caller.of(fault("wrong-app-id")).link(name=""))[0] == 400


async def test_a_conflict_may_name_the_wrong_app() -> None:
    caller = Caller.of(fault("wrong-app-id", nth=(2,)))
    first = await caller.linked()
    conflict = (await caller.link()).json()

    assert first in conflict["message"]
    assert conflict["appId"] != first


async def test_a_canned_mode_replaces_the_mode_of_every_answer() -> None:
    caller = Caller.of(fault("canned-mode"), fault("canned-mode", "subscription", mode=7))
    app = await caller.seeded()
    made = (await caller.subscribe(app)).json()["subscription"]
    one = (await caller.on_app("GET", app, "/subscription/8166")).json()["subscription"]
    many = (await caller.on_app("GET", app, "/subscription")).json()["subscriptions"]

    assert (made["mode"], one["mode"], many[0]["mode"]) == (2047, 7, 2047)


LISTS = [
    pytest.param(fault("empty-list"), {}, [], id="an empty list"),
    pytest.param(fault("short-page"), {}, [0, 1, 2, 3], id="a page that lacks its last row"),
    pytest.param(fault("short-page", rows=9), {}, [], id="a page that lacks more than it has"),
    pytest.param(fault("repeat-page"), {"pageNo": "2", "pageSize": "2"}, [0, 1], id="a page that repeats"),
    pytest.param(fault("repeat-page"), {"pageNo": "1", "pageSize": "2"}, [0, 1], id="the first page"),
    pytest.param(fault("flicker", name="Fleet00001"), {}, [0, 2, 3, 4], id="an app that is gone for a look"),
    pytest.param(fault("flicker", name="Fleet00001", nth=(2,)), {}, [0, 1, 2, 3, 4], id="not this look"),
]


@pytest.mark.parametrize(("one", "query", "left"), LISTS)
async def test_a_list_may_lack_rows(one: Fault, query: dict[str, str], left: list[int]) -> None:
    caller = Caller.of(one)
    for number in range(5):
        await caller.seeded(name=f"Fleet{number:05}", phone=f"1555{number:07}")

    assert [row["name"] for row in await caller.rows(**query)] == [f"Fleet{number:05}" for number in left]


async def test_a_row_may_lack_its_phone() -> None:
    caller = Caller.of(fault("no-phone", phone="15550001111"))
    await caller.seeded()
    await caller.linked()

    assert ["phone" in row for row in await caller.rows()] == [False, True]


async def test_a_new_app_may_be_missing_from_lists_for_a_while() -> None:
    caller = Caller.of(fault("stale-list", seconds=90))
    await caller.link()
    caller.clock.time += 89
    assert await caller.rows() == []
    caller.clock.time += 1

    assert len(await caller.rows()) == 1


def test_every_kind_of_fault_has_a_test() -> None:
    shown = set(re.findall(r'fault\("([\w-]+)"', Path(__file__).read_text(encoding="utf-8")))

    assert shown | ELSEWHERE | {"503", "429"} == set(KINDS)


OFTEN = [
    pytest.param({}, [1, 1, 1, 1, 1, 1], id="always"),
    pytest.param({"nth": (2, 5)}, [0, 1, 0, 0, 1, 0], id="the second and the fifth"),
    pytest.param({"every": 3}, [0, 0, 1, 0, 0, 1], id="every third"),
    pytest.param({"times": 2}, [1, 1, 0, 0, 0, 0], id="twice"),
    pytest.param({"every": 2, "times": 1}, [0, 1, 0, 0, 0, 0], id="the second, once"),
    pytest.param({"since": 2.0, "until": 4.0}, [0, 0, 1, 1, 0, 0], id="for a while"),
    pytest.param({"probability": 0.0}, [0, 0, 0, 0, 0, 0], id="never"),
    pytest.param({"route": "link"}, [0, 0, 0, 0, 0, 0], id="on another route"),
    pytest.param({"phone": "1"}, [0, 0, 0, 0, 0, 0], id="for another app"),
]


@pytest.mark.parametrize(("fields", "struck"), OFTEN)
async def test_a_fault_hits_as_often_as_its_fields_say(fields: dict[str, Any], struck: list[int]) -> None:
    caller = Caller.of(fault("500", **fields))
    seen = []
    for _ in range(6):
        seen.append(int((await caller.call("GET", "/partner/app/list")).status_code == 500))
        caller.clock.time += 1

    assert seen == struck
    assert (await caller.control("state"))["faults"][0]["struck"] == sum(struck)


async def test_the_chance_of_a_fault_comes_from_the_seed() -> None:
    async def struck(seed: int) -> list[int]:
        caller = Caller.of(fault("500", probability=0.5), seed=seed)
        seen = []
        for _ in range(40):
            seen.append((await caller.call("GET", "/partner/app/list")).status_code)
            caller.clock.time += 1
        return seen

    assert await struck(1) == await struck(1)
    assert await struck(1) != await struck(2)
    assert 5 < (await struck(1)).count(500) < 35


@pytest.mark.parametrize("key", ["app", "phone", "name"])
async def test_a_fault_may_be_about_one_app(key: str) -> None:
    caller = Caller.of()
    mine, other = await caller.linked(), await caller.seeded()
    value = {"app": mine, "phone": "919876543210", "name": "AcmeSupport"}[key]
    caller.world.faults.replace([fault("500", **{key: value})])
    statuses = [
        (await caller.call("GET", f"/partner/app/{app}/details")).status_code for app in (mine, other)
    ]

    assert statuses == [500, 200]


async def test_a_refused_call_meets_no_fault() -> None:
    caller = Caller.of(fault("html", "list"))
    for _ in range(10):
        await caller.call("GET", "/partner/app/list")

    assert said(await caller.call("GET", "/partner/app/list"))[0] == 429


async def test_faults_can_be_changed_at_run_time() -> None:
    caller = Caller.of(fault("500"))
    assert (await caller.control("faults", [{"kind": "502"}])) == {"faults": 1}
    assert (await caller.link()).status_code == 502
    assert (await caller.control("faults", [])) == {"faults": 0}

    assert (await caller.link()).status_code == 200
    assert json.dumps(await caller.control("calls"))


async def test_new_faults_are_counted_from_the_start() -> None:
    caller = Caller.of(fault("500", nth=(2,)))
    await caller.rows()
    await caller.control("faults", [{"kind": "500", "nth": 2}])
    statuses = [(await caller.call("GET", "/partner/app/list")).status_code for _ in range(3)]

    assert statuses == [200, 500, 200]


@pytest.mark.parametrize(
    ("method", "path", "words"),
    [
        pytest.param("POST", "/subscription", "Unable To Create Subscription", id="subscribe"),
        pytest.param("GET", "/subscription", "Internal error occured", id="the list of subscriptions"),
        pytest.param("PUT", "/callbackUrl", "Error updating callback URL", id="the callback"),
        pytest.param("DELETE", "", "Internal Server Error", id="a page without words of its own"),
    ],
)
async def test_a_500_has_the_words_of_its_routes_page(method: str, path: str, words: str) -> None:
    caller = Caller.of(fault("500"))

    assert said(await caller.on_app(method, await caller.seeded(), path)) == (500, words)
    caller.world.faults.replace([fault("500", message="Own words")])
    assert said(await caller.on_app(method, await caller.seeded(name="Another"), path)) == (500, "Own words")
