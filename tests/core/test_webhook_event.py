"""A webhook event names at most a few apps, whatever is posted; decoding never raises and takes no time."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.webhook_event import FIELDS, LONGEST, TYPES, Event, EventKind, read

ID = "7f9c24e5-1c1a-4d4e-9d6b-0a1b2c3d4e5f"
LIVE: dict[str, Any] = {
    "app": "AcmeSupport",
    "appId": ID,
    "phone": "919876543210",
    "timestamp": 1636986446609,
    "version": 2,
    "type": "onboarding-event",
    "payload": {"type": "docker-status-event", "payload": {"status": "live", "waId": "109876543210987"}},
}
PROBE = {**LIVE, "type": "user-event", "payload": {"phone": "callbackSetPhone", "type": "sandbox-start"}}
GUIDE = b"""{
  "app": "AcmeSupport",
  "appId": "7f9c24e5-1c1a-4d4e-9d6b-0a1b2c3d4e5f",
  "phone": "919876543210"
  "timestamp": 1636986446609,
  "version": 2,
  "type": "onboarding-event",
  "payload": {
    "type" : "docker-status-event",
    "payload" :{
       "status": "live"
       "waId" : "919876543210"
    }
  }
}"""
ALL_THREE = Event(EventKind.HINT, (ID, "AcmeSupport", "919876543210"))
NOTHING = Event(EventKind.UNREADABLE)


def meta(*changes: object, **more: object) -> dict[str, object]:
    return {
        "object": "whatsapp_business_account",
        "gs_app_id": ID,
        "entry": [{"id": "1", "changes": [*changes]}],
        **more,
    }


def update(field: str = "account_update", **value: object) -> dict[str, object]:
    return {"field": field, "value": {"event": "ACCOUNT_VERIFIED", **value}}


def without(*keys: str) -> dict[str, object]:
    return {key: value for key, value in LIVE.items() if key not in keys}


@pytest.mark.parametrize(
    ("event", "heard"),
    [
        pytest.param(LIVE, ALL_THREE, id="live"),
        pytest.param({**LIVE, "type": "account-event"}, ALL_THREE, id="an account's"),
        pytest.param(without("appId", "phone"), Event(EventKind.HINT, ("AcmeSupport",)), id="a name only"),
        pytest.param({**LIVE, "phone": 919876543210}, ALL_THREE, id="a phone as a number"),
        pytest.param({**LIVE, "phone": "+919876543210"}, ALL_THREE, id="a phone with its plus"),
        pytest.param({**LIVE, "app": ID}, Event(EventKind.HINT, (ID, "919876543210")), id="each name once"),
        pytest.param(without("appId", "app", "phone"), NOTHING, id="live, but nobody named"),
        pytest.param({**LIVE, "appId": None, "app": ["x"], "phone": {}}, NOTHING, id="names that are none"),
        pytest.param(
            {**LIVE, "app": "x" * 151, "phone": "1\n2"}, Event(EventKind.HINT, (ID,)), id="no such names"
        ),
        pytest.param(
            {**LIVE, "app": "\ud800", "phone": ""}, Event(EventKind.HINT, (ID,)), id="half a character"
        ),
        pytest.param(PROBE, Event(EventKind.PROBE), id="a probe"),
        pytest.param(
            {**PROBE, "payload": {"phone": "callbackSetPhone"}}, Event(EventKind.PROBE), id="half a probe"
        ),
        pytest.param({**PROBE, "payload": "x"}, Event(EventKind.OTHER), id="another user event"),
        pytest.param({**LIVE, "type": "message"}, Event(EventKind.OTHER), id="a message"),
        pytest.param({**LIVE, "type": "message-event"}, Event(EventKind.OTHER), id="a delivery"),
        pytest.param({**LIVE, "type": "billing-event"}, Event(EventKind.OTHER), id="billing"),
        pytest.param({**LIVE, "type": "template-event"}, Event(EventKind.OTHER), id="a template"),
        pytest.param({**LIVE, "type": ["message"]}, NOTHING, id="a type that is none"),
        pytest.param(meta(update()), Event(EventKind.HINT, (ID,)), id="version 3"),
        pytest.param(
            meta(update(phone_number="919876543210")),
            Event(EventKind.HINT, (ID, "919876543210")),
            id="version 3 with a phone",
        ),
        pytest.param(
            meta(*(update(phone_number=f"91987654321{n}") for n in range(9))),
            Event(EventKind.HINT, (ID, "919876543210", "919876543211", "919876543212")),
            id="version 3 with more phones than one app has",
        ),
        pytest.param(
            meta({"field": "account_update", "value": 3}), Event(EventKind.HINT, (ID,)), id="no value in it"
        ),
        pytest.param(meta(update("messages")), Event(EventKind.OTHER), id="version 3, a message"),
        pytest.param(
            meta(7, {"field": []}, {}), Event(EventKind.OTHER), id="version 3, changes that are none"
        ),
        pytest.param(
            meta(entry=[3, {"changes": 3}, {}]), Event(EventKind.OTHER), id="version 3, odd entries"
        ),
        pytest.param(meta(update(), gs_app_id=[]), NOTHING, id="version 3, nobody named"),
        pytest.param([LIVE], NOTHING, id="a list"),
        pytest.param("live", NOTHING, id="a text"),
        pytest.param(None, NOTHING, id="null"),
        pytest.param({}, NOTHING, id="an empty object"),
    ],
)
def test_an_event_yields_the_names_to_look_an_app_up_by(event: object, heard: Event) -> None:
    assert read(json.dumps(event).encode()) == heard


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_each_type_of_account_events_is_a_hint(kind: str) -> None:
    assert read(json.dumps({**LIVE, "type": kind}).encode()) == ALL_THREE


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_each_field_of_account_events_is_a_hint(field: str) -> None:
    whole = json.dumps(meta(update(field))).encode()
    assert read(whole) == read(whole[:-2]) == Event(EventKind.HINT, (ID,))


@pytest.mark.parametrize(
    ("body", "heard"),
    [
        pytest.param(GUIDE, ALL_THREE, id="the guide's own sample, without its commas"),
        pytest.param(GUIDE.replace(b"\n", b"\r\n"), ALL_THREE, id="with other line ends"),
        pytest.param(b"\xef\xbb\xbf" + json.dumps(LIVE).encode(), ALL_THREE, id="a byte order mark"),
        pytest.param(
            GUIDE.replace(b"AcmeSupport", b"Acm\xe9"),
            Event(EventKind.HINT, (ID, "Acm\ufffd", "919876543210")),
            id="no UTF-8",
        ),
        pytest.param(GUIDE.replace(b"onboarding-event", b"message"), NOTHING, id="broken, and no hint"),
        pytest.param(b'{"type": "onboarding-event"', NOTHING, id="broken, and nobody named"),
        pytest.param(b"", NOTHING, id="nothing"),
        pytest.param(b"\x00\xff\xfe", NOTHING, id="noise"),
        pytest.param(b"\x1f\x8b\x08\x00" + b"\x00" * 60, NOTHING, id="gzip"),
        pytest.param(json.dumps(LIVE).encode("utf-16"), NOTHING, id="UTF-16"),
        pytest.param(b"app=AcmeSupport&type=onboarding-event", NOTHING, id="a form"),
        pytest.param(
            b'{"type": "onboarding-event", "app": "A", "app": "B"}', Event(EventKind.HINT, ("B",)), id="twice"
        ),
        pytest.param(
            b'{"type": "onboarding-event", "app": "A", "phone": NaN, "x": -Infinity}',
            Event(EventKind.HINT, ("A", "NaN")),
            id="no number",
        ),
        pytest.param(GUIDE + b" " * (LONGEST - len(GUIDE)), ALL_THREE, id="as long as it may be"),
        pytest.param(GUIDE + b" " * (LONGEST - len(GUIDE) + 1), NOTHING, id="too long by one"),
    ],
)
def test_a_webhook_body_yields_the_names_to_look_an_app_up_by(body: bytes, heard: Event) -> None:
    assert read(body) == heard


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" * 60_000, id="lists in lists"),
        pytest.param(b'{"type":' * 8_000, id="objects in objects"),
        pytest.param(b'{"type":"onboarding-event","app":' + b"9" * 60_000 + b"}", id="a giant number"),
        pytest.param(b'{"type":"onboarding-event","app":1e' + b"9" * 60_000 + b"}", id="a giant exponent"),
        pytest.param(b'"app"' + b" " * 60_000, id="spaces"),
        pytest.param(b'"type":"onboarding-event"' + b'"app" ' * 10_000, id="names without values"),
        pytest.param(b'"type":"onboarding-event"' + b'"app":"x"' * 7_000, id="a thousand names"),
        pytest.param(b'"type":"onboarding-event"' + b'"app":"' + b"x" * 60_000, id="a name without an end"),
        pytest.param(b'"\\' * 30_000, id="escapes"),
        pytest.param(json.dumps(meta(*[update()] * 700)).encode(), id="a thousand changes"),
    ],
)
def test_hostile_webhook_bodies_take_next_to_no_work(body: bytes) -> None:
    """Work is this thread's own time: how busy the machine is does not count."""
    assert len(body) <= LONGEST

    worked = time.thread_time()
    read(body)
    assert time.thread_time() - worked < 0.5


@given(st.binary(max_size=2_000))
def test_arbitrary_bytes_in_a_webhook_body_raise_nothing(body: bytes) -> None:
    assert_modest(read(body))


KEYS = st.sampled_from(["type", "payload", "appId", "app", "phone", "entry", "changes", "field", "value"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=30,
)
ENVELOPES = st.dictionaries(
    KEYS, VALUES | st.sampled_from([*sorted(TYPES), [{"changes": [{"field": "account_update"}]}]])
)


@given(VALUES | ENVELOPES)
def test_arbitrary_json_in_a_webhook_body_raises_nothing(value: object) -> None:
    assert_modest(read(json.dumps(value).encode()))


@given(st.integers(0, len(GUIDE)), st.binary(max_size=20))
def test_an_event_that_is_cut_or_damaged_names_no_other_app(place: int, noise: bytes) -> None:
    assert set(read(GUIDE[:place]).names) <= set(ALL_THREE.names)
    assert_modest(read(GUIDE[:place] + noise + GUIDE[place:]))


@given(st.sets(st.integers(0, 9)))
def test_an_event_without_some_commas_still_names_its_app(gone: set[int]) -> None:
    parts = json.dumps(LIVE).split(",")
    text = "".join(part + ("" if number in gone else ",") for number, part in enumerate(parts[:-1]))
    assert read((text + parts[-1]).encode()) == ALL_THREE


def assert_modest(event: Event) -> None:
    """At most a few names, each of which can be written to a log, a store or a terminal."""
    assert bool(event.names) == (event.heard is EventKind.HINT)
    assert len(event.names) <= 4
    assert all(0 < len(name) <= 150 and name.isprintable() for name in event.names)
    assert all(name.encode() for name in event.names)
