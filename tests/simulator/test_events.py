"""Events: what is posted where when an app goes live, how often it is tried, and to whom it never is."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from controller.simulator.events.queue import Delivery, loopback, meta_headers
from controller.simulator.events.sender import deliver_events, send
from tests.simulator.pretend import FORM, Caller

NEAR = "http://127.0.0.1:1/hooks"


async def live(caller: Caller) -> list[Delivery]:
    """Let the app go live and return what is due then."""
    await caller.control("advance", {"seconds": 3_000})
    caller.clock.time += 1
    return caller.world.event_queue.take(caller.clock.time)


def event(delivery: Delivery) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(delivery.body)
    return found


async def test_the_live_event_goes_to_the_callback_url_in_the_documented_envelope() -> None:
    caller = Caller.of()
    app = await caller.linked(callbackUrl=NEAR)
    probe, arrival = [event(each) for each in await live(caller)]

    assert probe["payload"] == {"phone": "callbackSetPhone", "type": "sandbox-start"}
    assert arrival == {
        "app": "AcmeSupport",
        "appId": app,
        "phone": FORM["phone"],
        "timestamp": arrival["timestamp"],
        "version": 2,
        "type": "onboarding-event",
        "payload": {
            "type": "docker-status-event",
            "payload": {"status": "live", "waId": FORM["phone"], "namespace": app.replace("-", "_")},
        },
    }


async def test_wa_id_of_the_live_event_is_a_switch() -> None:
    caller = Caller.switched("live-wa-id=waba")
    await caller.linked(callbackUrl=NEAR)

    assert event((await live(caller))[-1])["payload"]["payload"]["waId"] == FORM["wabaId"]


async def test_subscriptions_with_account_get_the_live_event_in_their_version() -> None:
    caller = Caller.of()
    app = await caller.linked()
    for tag, form in {
        "two": {"modes": "ACCOUNT", "meta": '{"headers": {"X-Hook": "a"}}'},
        "three": {"modes": "ACCOUNT", "version": "3"},
        "deaf": {"modes": "SENT"},
    }.items():
        await caller.subscribe(app, tag=tag, url=f"{NEAR}/{tag}", **form)
    two, three = await live(caller)

    assert (two.url, two.headers, event(two)["type"]) == (
        f"{NEAR}/two",
        (("X-Hook", "a"),),
        "onboarding-event",
    )
    assert (three.url, event(three)["gs_app_id"]) == (f"{NEAR}/three", app)


@pytest.mark.parametrize(
    ("switch", "fields"),
    [("account_update", ["account_update"]), ("account-event", ["account-event"]), ("no", [])],
)
async def test_the_live_event_of_version_3_is_a_switch(switch: str, fields: list[str]) -> None:
    caller = Caller.switched(f"v3-live-event={switch}")
    app = await caller.linked()
    await caller.subscribe(app, tag="two", url=f"{NEAR}/two", modes="ACCOUNT")
    await caller.subscribe(app, tag="three", url=f"{NEAR}/three", modes="ACCOUNT", version="3")
    two, *three = [event(each) for each in await live(caller)]
    changes = [each["entry"][0]["changes"][0] for each in three]

    assert two["payload"]["payload"]["status"] == "live"
    assert [each["field"] for each in changes] == fields
    assert "ACCOUNT_VERIFIED" in json.dumps(changes) or switch == "no"


async def test_events_for_other_machines_are_recorded_and_not_posted() -> None:
    caller = Caller.of()
    await caller.linked(callbackUrl="https://hooks.example.com/live")

    assert await live(caller) == []
    assert {each.outcome for each in caller.world.event_queue.record} == {
        "recorded only: not a loopback address"
    }


async def test_events_for_other_machines_are_posted_by_a_setting() -> None:
    caller = Caller.of(deliver_any=True)
    await caller.linked(callbackUrl="https://hooks.example.com/live")

    assert len(await live(caller)) == 2


@pytest.mark.parametrize(
    ("url", "near"),
    [
        ("http://127.0.0.1:8080/x", True),
        ("http://127.9.9.9/", True),
        ("http://[::1]:80/", True),
        ("http://localhost/", True),
        ("http://hooks.localhost/", True),
        ("https://example.com/", False),
        ("http://10.0.0.1/", False),
        ("http://127.0.0.1.example.com/", False),
        ("http://localhost.example.com/", False),
        ("http://127.0.0.1@example.com/", False),
        ("nonsense", False),
    ],
)
def test_loopback_addresses_are_this_machine(url: str, near: bool) -> None:  # noqa: FBT001 - a table
    assert loopback(url) is near


async def test_a_refused_delivery_is_tried_a_few_times() -> None:
    caller = Caller.of()
    await caller.linked(callbackUrl=NEAR)
    attempts = []
    for _ in range(20):
        for each in caller.world.event_queue.take(caller.clock.time):
            attempts.append((each.attempt, caller.clock.time))
            caller.world.event_queue.report(each, caller.clock.time, 500 if each.attempt < 3 else "refused")
        caller.clock.time += 1
    start = attempts[0][1]

    assert [(attempt, at - start) for attempt, at in attempts] == [(1, 0), (2, 2), (3, 6)]
    assert [each.outcome for each in caller.world.event_queue.record] == ["500", "500", "refused"]


async def test_a_delivery_that_succeeded_is_not_repeated() -> None:
    caller = Caller.of()
    await caller.linked(callbackUrl=NEAR)
    (probe,) = caller.world.event_queue.take(caller.clock.time)
    caller.world.event_queue.report(probe, caller.clock.time, 204)
    caller.clock.time += 100

    assert caller.world.event_queue.take(caller.clock.time) == []


@pytest.mark.parametrize(
    ("meta", "headers"),
    [
        pytest.param("", (), id="none"),
        pytest.param('{"X-A": "b"}', (("X-A", "b"),), id="flat"),
        pytest.param('{"headers": {"X-A": "b"}}', (("X-A", "b"),), id="below headers"),
        pytest.param("{", (), id="no JSON"),
        pytest.param("[1]", (), id="no object"),
        pytest.param('{"X-A": "b\\r\\nHost: c"}', (), id="a line break"),
    ],
)
def test_headers_of_a_subscription_come_from_its_meta(
    meta: str, headers: tuple[tuple[str, str], ...]
) -> None:
    assert meta_headers(meta) == headers


@asynccontextmanager
async def receiver() -> AsyncIterator[tuple[str, asyncio.Queue[bytes]]]:
    """Listen for events; yield where, and what comes."""
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.put_nowait(await reader.readuntil(b"\r\n\r\n") + await reader.read(1_000))
        writer.write(b"HTTP/1.1 202 Accepted\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(hear, "127.0.0.1", 0) as server, asyncio.timeout(10):
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/live?key=a", heard


async def test_an_event_is_posted_over_a_real_connection() -> None:
    async with receiver() as (url, heard):
        outcome = await send(Delivery(url, b"{}", 0, (("X-Hook", "a"), ("Host", "evil"))))
        request = await heard.get()

    assert outcome == 202
    assert request.startswith(b"POST /live?key=a HTTP/1.1\r\n")
    assert b"X-Hook: a\r\n" in request
    assert b"evil" not in request
    assert request.endswith(b"\r\n\r\n{}")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://127.0.0.1:99999/"])
async def test_a_delivery_that_fails_says_why(url: str) -> None:
    assert "Error" in str(await send(Delivery(url, b"{}", 0)))


async def test_a_running_server_posts_the_events_that_are_due() -> None:
    caller = Caller.of()
    async with receiver() as (url, heard):
        task = asyncio.create_task(deliver_events(caller.world))
        await caller.linked(callbackUrl=url)
        request = await heard.get()
        task.cancel()

    assert b"callbackSetPhone" in request


async def test_events_past_ten_thousand_are_recorded_as_dropped() -> None:
    queue = Caller.of().world.event_queue
    for _ in range(10_001):
        queue.put(Delivery(NEAR, b"{}", 0))

    assert len(queue.take(0)) == 10_000
    assert [each.outcome for each in queue.record] == ["dropped: too many wait already"]
