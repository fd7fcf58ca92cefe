"""The end of the callback: what its routes answer then, and what becomes of a link's callback URL."""

from typing import Any

import httpx
import pytest

from tests.simulator.pretend import HOOK, Caller, said

GONE = "Callback URL APIs are not supported for this app. Please use Subscription APIs"


async def put_all(caller: Caller, app: str) -> list[httpx.Response]:
    path, form = f"/partner/app/{app}", {"url": HOOK, "modes": "SENT"}
    return [
        await caller.call("PUT", f"{path}/callback", **form),
        await caller.on_app("PUT", app, "/callbackUrl", callbackUrl=HOOK),
        await caller.on_app("PUT", app, "/callbackURL", callbackUrl=HOOK),
        await caller.on_app("PUT", app, "/callback/mode", modes="SENT"),
    ]


async def callback(caller: Caller) -> str:
    state: dict[str, Any] = await caller.control("state")
    return str(state["apps"][0]["callbackUrl"])


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("callbacks=400",), (400, GONE)),
        (("callbacks=400", "callbacks-text=No more"), (400, "No more")),
        (("callbacks=404",), (404, "Not Found")),
        (("callbacks=410",), (410, GONE)),
    ],
)
async def test_the_routes_of_a_callback_that_is_gone(words: tuple[str, ...], answer: tuple[int, str]) -> None:
    caller = Caller.switched(*words)
    app = await caller.seeded(live=False)

    assert {said(each) for each in await put_all(caller, app)} == {answer}
    await caller.call("PUT", f"/partner/app/{app}", callbackUrl=HOOK)
    assert await callback(caller) == ""
    assert list(caller.world.event_queue.record) == []


async def test_a_callback_is_gone_for_apps_that_came_later() -> None:
    caller = Caller.switched("callbacks=410", "callbacks-gone-since=10")
    old = await caller.seeded()
    caller.clock.time += 10
    new = await caller.seeded(name="NewSupport")

    assert {each.status_code for each in await put_all(caller, old)} == {200}
    assert {each.status_code for each in await put_all(caller, new)} == {410}


async def test_a_path_in_another_spelling_sets_a_callback_that_is_there() -> None:
    caller = Caller.of()
    app = await caller.seeded()
    await caller.on_app("PUT", app, "/callbackURL", callbackUrl=HOOK)

    assert await callback(caller) == HOOK


@pytest.mark.parametrize(
    ("switch", "status", "held"), [("ignored", 200, ""), ("works", 200, HOOK), ("400", 400, "")]
)
async def test_what_a_links_callback_does_when_callbacks_are_gone_is_a_switch(
    switch: str, status: int, held: str
) -> None:
    caller = Caller.switched("callbacks=404", f"link-callback={switch}")
    answer = await caller.link(callbackUrl=HOOK)

    assert answer.status_code == status
    assert answer.json()["appId"] == (await caller.rows())[0]["id"]
    assert await callback(caller) == held


async def test_a_switch_is_changed_while_the_simulator_runs() -> None:
    caller = Caller.of()
    app = await caller.seeded()
    assert await caller.control("switches", {"callbacks": "404", "source-address-text": "Go away"}) == {
        "changed": 2
    }
    assert {each.status_code for each in await put_all(caller, app)} == {404}

    await caller.control("switches", {"source-address": 403})
    assert said(await caller.call("GET", "/partner/app/list")) == (403, "Go away")
    assert said(await caller.call("POST", "/partner/account/login", "")) == (403, "Go away")
    await caller.control("switches", {"source-address": "allowed"})
    assert (await caller.call("GET", "/partner/app/list")).status_code == 200


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ([], "expected an object"),
        ({"terms": "pending"}, "only set at the start: terms"),
        ({"nonsense": "1"}, "switch 'nonsense' does not exist"),
    ],
)
async def test_a_change_of_switches_that_cannot_be_made_is_explained(body: object, problem: str) -> None:
    assert problem in (await Caller.of().control("switches", body))["error"]


@pytest.mark.parametrize("status", [401, 403])
async def test_a_source_address_that_is_not_allowed_is_refused_everywhere(status: int) -> None:
    caller = Caller.switched(f"source-address={status}")

    for method, path in (("POST", "/partner/account/login"), ("GET", "/partner/app/list"), ("GET", "/x")):
        assert said(await caller.call(method, path)) == (status, "Access from this IP address is not allowed")
