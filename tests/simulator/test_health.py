"""Health: what `waba/info` shows, how it changes, and which events follow."""

import json
from typing import Any

import pytest

from controller.simulator.events.queue import Delivery
from tests.simulator.pretend import Caller, said

NEAR = "http://127.0.0.1:1"


async def info(caller: Caller, app: str) -> dict[str, Any]:
    found: dict[str, Any] = (await caller.on_app("GET", app, "/waba/info")).json()["wabaInfo"]
    return found


async def changed(caller: Caller, app: str, **fields: object) -> dict[str, Any]:
    return await caller.control("health", {"app": app, "set": fields})


async def with_webhooks(caller: Caller, modes: str = "ACCOUNT", **app: object) -> str:
    """Let an app exist with a webhook of each version."""
    webhooks = [
        {"tag": "two", "url": f"{NEAR}/two", "version": 2, "modes": modes},
        {"tag": "three", "url": f"{NEAR}/three", "version": 3, "modes": modes},
    ]
    return await caller.seeded(subscriptions=webhooks, **app)


def posted(caller: Caller) -> dict[str, dict[str, Any]]:
    """Return the events that are due, by the path of their address. Each path gets one."""
    due: list[Delivery] = caller.world.event_queue.take(caller.clock.time)
    events = {each.url.removeprefix(NEAR): json.loads(each.body) for each in due}
    assert len(events) == len(due)
    return events


async def test_an_app_in_good_health_is_shown_whole() -> None:
    caller = Caller.of()
    app = await caller.seeded(wabaId="7")
    shown = await info(caller, app)

    assert shown.pop("phoneNumberId").isdigit()
    assert shown == {
        "accountStatus": "ACTIVE",
        "dockerStatus": "CONNECTED",
        "messagingLimit": "TIER_1K",
        "mmLiteStatus": "ELIGIBLE",
        "ownershipType": "CLIENT_OWNED",
        "phone": "15550001111",
        "phoneQuality": "GREEN",
        "throughput": "STANDARD",
        "timezone": "(GMT+05:30) (Asia/Kolkata)",
        "utilityRestriction": False,
        "verifiedName": "OldSupport",
        "wabaId": "7",
        "wabaName": "OldSupport",
        "canSendMessage": "AVAILABLE",
        "allowedTps": 80,
    }


@pytest.mark.parametrize("name", ["phone_number_id", "phoneId"])
async def test_the_name_of_the_phone_number_id_is_a_switch(name: str) -> None:
    caller = Caller.switched(f"phone-number-id={name}")
    app = await caller.seeded()
    healthy = (await caller.on_app("GET", app, "/health")).json()

    assert (await info(caller, app))[name] == healthy[name]
    await caller.control("switches", {"phone-number-id": "none"})
    assert name not in await info(caller, app)


async def test_a_ban_blocks_sending_and_tells_every_webhook_with_account() -> None:
    caller = Caller.of()
    app = await with_webhooks(caller, callbackUrl=f"{NEAR}/callback")
    said_events = await changed(caller, app, accountStatus="BANNED")
    shown, events = await info(caller, app), posted(caller)

    assert said_events == {"events": ["status-event DISABLE"]}
    assert (shown["accountStatus"], shown["canSendMessage"]) == ("BANNED", "BLOCKED")
    assert shown["errors"] == [
        {
            "error_code": "141000",
            "error_description": "The WhatsApp Business Account has been banned",
            "possible_solution": "Visit WhatsApp Manager",
        }
    ]
    assert (await caller.on_app("GET", app, "/health")).json()["healthy"] == "false"
    assert events["/two"] == {
        "app": "OldSupport",
        "timestamp": events["/two"]["timestamp"],
        "version": 2,
        "type": "account-event",
        "payload": {"type": "status-event", "payload": {"status": "DISABLE"}},
    }
    assert events["/callback"] == events["/two"]
    (change,) = events["/three"]["entry"][0]["changes"]
    assert (events["/three"]["gs_app_id"], change["field"]) == (app, "account_update")
    assert change["value"]["event"] == "DISABLE"


async def test_the_end_of_a_ban_is_an_event_too() -> None:
    caller = Caller.of()
    app = await caller.seeded()
    await changed(caller, app, accountStatus="BANNED")
    answer = await changed(caller, app, accountStatus="ACTIVE")
    shown = await info(caller, app)

    assert answer == {"events": ["status-event REINSTATE"]}
    assert shown["canSendMessage"] == "AVAILABLE"
    assert "errors" not in shown


EVENTS = [
    pytest.param({"messagingLimit": "TIER_10K"}, ["tier-event UPGRADE"], id="a higher limit"),
    pytest.param({"messagingLimit": "TIER_250"}, ["tier-event DOWNGRADE"], id="a lower limit"),
    pytest.param({"phoneQuality": "RED"}, ["tier-event FLAGGED"], id="bad quality"),
    pytest.param({"canSendMessage": "LIMITED"}, ["status-event ACCOUNT_RESTRICTED"], id="a restriction"),
    pytest.param({"dockerStatus": "DISCONNECTED", "verifiedName": "Old"}, [], id="what has no event"),
    pytest.param({}, [], id="nothing"),
]


@pytest.mark.parametrize(("fields", "events"), EVENTS)
async def test_each_change_of_health_has_its_event(fields: dict[str, object], events: list[str]) -> None:
    caller = Caller.of()
    app = await caller.seeded()

    assert (await changed(caller, app, **fields))["events"] == events
    assert fields.items() <= (await info(caller, app)).items()


async def test_a_tier_event_tells_the_limits() -> None:
    caller = Caller.switched("account-event-app-id=yes")
    app = await with_webhooks(caller)
    await changed(caller, app, phoneQuality="YELLOW", messagingLimit="TIER_1K")
    events = posted(caller)
    await changed(caller, app, phoneQuality="GREEN")

    limits = {"event": "FLAGGED", "oldLimit": "TIER_1K", "currentLimit": "TIER_1K"}
    assert events["/two"]["payload"] == {"type": "tier-event", "payload": limits}
    assert (events["/two"]["appId"], events["/two"]["phone"]) == (app, "15550001111")
    assert events["/three"]["entry"][0]["changes"][0]["value"]["current_limit"] == "TIER_1K"
    assert posted(caller)["/two"]["payload"]["payload"]["event"] == "UNFLAGGED"


async def test_a_change_may_cause_no_event() -> None:
    caller = Caller.of()
    app = await with_webhooks(caller)
    await caller.control("health", {"app": app, "set": {"accountStatus": "BANNED"}, "quiet": True})

    assert (await info(caller, app))["accountStatus"] == "BANNED"
    assert posted(caller) == {}


async def test_what_stays_as_it_was_is_no_event() -> None:
    caller = Caller.of()
    app = await caller.seeded()
    await changed(caller, app, canSendMessage="LIMITED")

    assert (await changed(caller, app, canSendMessage="LIMITED"))["events"] == []
    assert (await changed(caller, app, canSendMessage="AVAILABLE"))["events"] == []


async def test_a_webhook_that_is_switched_off_gets_nothing() -> None:
    caller = Caller.of()
    off = {"tag": "off", "url": f"{NEAR}/off", "modes": "ACCOUNT,SENT", "active": False}
    app = await caller.seeded(subscriptions=[off])
    await changed(caller, app, accountStatus="BANNED")
    await caller.control("event", {"app": app, "mode": "SENT"})

    assert posted(caller) == {}


async def test_the_word_for_a_ban_is_a_switch() -> None:
    caller = Caller.switched("ban-event=ACCOUNT_VIOLATION")
    app = await with_webhooks(caller)
    await changed(caller, app, accountStatus="BANNED")
    payload = posted(caller)["/two"]["payload"]["payload"]

    assert payload == {"status": "ACCOUNT_VIOLATION", "violation_type": "SPAM"}


async def test_errors_and_sending_are_set_as_given() -> None:
    caller = Caller.of()
    app = await caller.seeded()
    errors = [{"code": 1, "description": "Why"}]
    await changed(caller, app, accountStatus="BANNED", canSendMessage="LIMITED", errors=errors)
    shown = await info(caller, app)

    assert shown["canSendMessage"] == "LIMITED"
    assert [(each["error_code"], each["error_description"]) for each in shown["errors"]] == [("1", "Why")]


@pytest.mark.parametrize(
    ("what", "body", "problem"),
    [
        ("health", {"app": "OldSupport", "set": {"accountStatus": "SAD"}}, "'SAD' does not exist"),
        ("health", {"app": "OldSupport", "set": {"mood": "x"}}, "unknown: mood"),
        ("health", {"app": "nobody"}, "no app with the id or name"),
        ("event", {"app": "OldSupport", "mode": "ACCOUNT"}, "mode 'ACCOUNT' has no event"),
    ],
)
async def test_a_change_that_cannot_be_made_is_explained(what: str, body: object, problem: str) -> None:
    caller = Caller.of()
    await caller.seeded()

    assert problem in (await caller.control(what, body))["error"]


async def test_an_app_that_is_not_live_has_no_health() -> None:
    caller = Caller.of()
    app = await caller.seeded(live=False)

    for path in ("/health", "/waba/info"):
        assert said(await caller.on_app("GET", app, path)) == (400, "App is not live.")


@pytest.mark.parametrize(
    ("mode", "kind", "old"),
    [
        ("ENQUEUED", "message-event", "enqueued"),
        ("FAILED", "message-event", "failed"),
        ("MESSAGE", "message", "text"),
        ("BILLING", "billing-event", "deduction"),
    ],
)
async def test_an_event_comes_once_for_each_version(mode: str, kind: str, old: str) -> None:
    caller = Caller.of()
    app = await with_webhooks(caller, mode, callbackUrl=f"{NEAR}/callback")
    answer = await caller.control("event", {"app": app, "mode": mode})
    events = posted(caller)

    assert answer == {"posted": 3}
    assert set(events) == {"/two", "/three", "/callback"}
    assert (events["/two"]["type"], events["/two"]["payload"]["type"]) == (kind, old)
    assert events["/three"]["gs_app_id"] == app


async def test_an_enqueued_message_has_no_waba_and_milliseconds_on_version_3() -> None:
    caller = Caller.of()
    app = await with_webhooks(caller, "ENQUEUED,SENT", wabaId="7")
    entries = []
    for mode in ("ENQUEUED", "SENT"):
        await caller.control("event", {"app": app, "mode": mode})
        entries.append(posted(caller)["/three"]["entry"][0])
    enqueued, sent = entries

    assert "id" not in enqueued
    assert isinstance(enqueued["changes"][0]["value"]["statuses"][0]["timestamp"], int)
    assert sent["id"] == "7"
    assert sent["changes"][0]["value"]["metadata"]["phone_number_id"].isdigit()
    assert sent["changes"][0]["value"]["statuses"][0]["timestamp"].isdigit()


@pytest.mark.parametrize(("switch", "count"), [("rest", 0), ("failures-too", 2)])
@pytest.mark.parametrize("mode", ["FAILED", "BILLING"])
async def test_others_no_longer_covers_failures_and_bills(switch: str, count: int, mode: str) -> None:
    caller = Caller.switched(f"others-mode={switch}")
    app = await with_webhooks(caller, "OTHERS")

    assert await caller.control("event", {"app": app, "mode": mode}) == {"posted": count}
    assert await caller.control("event", {"app": app, "mode": "SENT"}) == {"posted": 0}


async def test_a_webhook_made_by_hand_gets_messages_until_it_is_removed() -> None:
    caller = Caller.of()
    app = await caller.seeded()
    webhook = {"tag": "spy", "url": f"{NEAR}/spy", "modes": "MESSAGE", "showOnUI": True}
    await caller.control("drift", {"app": app, "subscriptions": [webhook]})
    await caller.control("event", {"app": app, "mode": "MESSAGE"})
    listed = (await caller.on_app("GET", app, "/subscription")).json()["subscriptions"]
    await caller.control("drift", {"app": app, "subscriptions": [{"tag": "spy", "delete": True}]})

    assert [(each["tag"], each["modes"]) for each in listed] == [("spy", ["MESSAGE"])]
    assert set(posted(caller)) == {"/spy"}
    assert await caller.control("event", {"app": app, "mode": "MESSAGE"}) == {"posted": 0}


async def test_a_callback_with_modes_gets_only_these() -> None:
    caller = Caller.of()
    app = await caller.seeded()
    await caller.call("PUT", f"/partner/app/{app}/callback", url=f"{NEAR}/callback", modes="SENT")

    assert await caller.control("event", {"app": app, "mode": "SENT"}) == {"posted": 1}
    assert await caller.control("event", {"app": app, "mode": "READ"}) == {"posted": 0}
