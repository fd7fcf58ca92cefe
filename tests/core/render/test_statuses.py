"""Statuses as documents, tables and at length."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.render.descriptions import Described, description, description_text
from controller.core.render.statuses import document, fields, read_documents, timestamp
from controller.core.render.tables import partner_table, status_table, subscription_table, table
from controller.core.status.partner_status import partner_item
from controller.model.account import CredentialEnd, CredentialKind
from controller.model.history import WriteRecord
from controller.model.plan import Item, Kind
from controller.model.status import Condition, ListedApp, Status, Truth
from controller.model.upstream import RemoteSubscription, SubscriptionId
from tests.builders.manifest import app
from tests.builders.memory import NOW
from tests.builders.plan import ITEM, SUB
from tests.builders.status import status_of
from tests.builders.upstream import app_id


def condition(type_: str, status: Truth = Truth.TRUE, reason: str = "Fine") -> Condition:
    return Condition(type_, status, reason, "words", NOW, "r1")


LISTED = ListedApp("AcmeSupport", "919876543210", "109876543210987", "IN", NOW - 3600, NOW - 7200)
READY = replace(
    status_of(
        ITEM,
        *map(condition, ("Linked", "Live", "Subscribed", "Synced", "Ready")),
        app_id=app_id(),
        stage="DONE",
    ),
    is_listed=True,
    listed=LISTED,
)
ON_ITS_WAY = status_of(
    app(2).name,
    *(condition(type_, Truth.FALSE) for type_ in ("Live", "Subscribed")),
    condition("Ready", Truth.FALSE, "AwaitingLive"),
    app_id=app_id(2),
    stage="WABA_SETUP",
)
BARE = status_of(app(3).name)
WEBHOOK = RemoteSubscription(
    SubscriptionId("5"),
    "events",
    "https://a.example.com/919876543210",
    3,
    None,
    ("SENT", "READ"),
    active=True,
)
SUBSCRIBED = replace(
    status_of(SUB, condition("Synced"), condition("Ready"), app_id=app_id()), is_listed=True, listed=WEBHOOK
)
ENTRY = WriteRecord(NOW, "ci", "r1", "link", "App/app-0001", "done", "")
DIED = WriteRecord(NOW - 60, "ci", "r0", "update", "App/app-0001")


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (NOW, "2023-11-14T22:13:20Z"),
        (NOW + 0.9, "2023-11-14T22:13:20Z"),
        (253_402_300_799, "9999-12-31T23:59:59Z"),
        (253_402_343_999, "9999-12-31T23:59:59Z"),
        (1e300, "9999-12-31T23:59:59Z"),
        (-62_135_596_801, "0001-01-01T00:00:00Z"),
    ],
)
def test_a_timestamp_is_shown_in_utc(seconds: float, expected: str) -> None:
    assert timestamp(seconds) == expected


def test_the_document_of_a_status_has_its_fields() -> None:
    found = fields(replace(READY, conditions=(condition("Ready"),)))
    assert found == {
        "kind": "App",
        "name": "app-0001",
        "partner": "main",
        "app": "app-0001",
        "appId": app_id(),
        "stage": "DONE",
        "listed": True,
        "observed": {
            "appName": "AcmeSupport",
            "wabaId": "109876543210987",
            "phone": "91******3210",
            "storageRegion": "IN",
            "createdAt": "2023-11-14T21:13:20Z",
            "stageSince": "2023-11-14T20:13:20Z",
        },
        "revision": "r1",
        "observedAt": "2023-11-14T22:13:20Z",
        "state": "Ready",
        "conditions": [
            {
                "type": "Ready",
                "status": "True",
                "reason": "Fine",
                "message": "words",
                "lastTransitionTime": "2023-11-14T22:13:20Z",
                "observedRevision": "r1",
            }
        ],
        "health": None,
    }
    assert json.loads(json.dumps(found)) == found


texts = st.text(max_size=9)
moments = st.floats(0, 4e9)
conditions = st.builds(Condition, texts, st.sampled_from(Truth), texts, texts, moments, texts)
items = st.builds(Item, st.sampled_from([Kind.APP, Kind.SUBSCRIPTION]), texts, texts, texts)
ends = st.builds(
    CredentialEnd,
    st.sampled_from(CredentialKind),
    st.integers(0, 4_000_000_000).map(float),
    st.booleans(),
)
partners = st.builds(
    Status,
    st.builds(partner_item, texts),
    st.lists(conditions, max_size=3).map(tuple),
    texts,
    moments,
    ends=st.lists(ends, max_size=3).map(tuple),
)
listed = st.builds(ListedApp, texts, texts, texts, texts, st.none() | moments, moments) | st.builds(
    RemoteSubscription,
    texts.map(SubscriptionId),
    texts,
    texts,
    st.none() | st.integers(0, 3),
    st.none() | st.integers(),
    st.lists(texts).map(tuple),
    st.booleans(),
)
some = partners | st.builds(
    Status,
    items,
    st.lists(conditions, max_size=3).map(tuple),
    texts,
    moments,
    st.sampled_from([None, app_id()]),
    texts,
    is_listed=st.none() | st.booleans(),
    listed=st.none() | listed,
    phone=texts,
)


@given(st.lists(some, max_size=4, unique_by=lambda each: each.item))
def test_stored_statuses_are_read_back_sorted(statuses: list[Status]) -> None:
    kept = {str(at): document(each) for at, each in enumerate(statuses)}
    assert read_documents(kept) == tuple(sorted(statuses, key=lambda each: each.item))


def test_a_status_document_of_an_older_release_is_read_with_defaults() -> None:
    older = {
        "kind": "App",
        "name": "app-0001",
        "partner": "main",
        "app": "app-0001",
        "at": NOW,
        "conditions": [{"type": "Ready", "status": "True", "reason": "Ready"}],
    }
    (found,) = read_documents({"App/app-0001": json.dumps(older)})
    assert found == Status(ITEM, (Condition("Ready", Truth.TRUE, "Ready", "", NOW, ""),), "", NOW)


@pytest.mark.parametrize(
    "text", ["", "{", "null", "[]", "7", '"x"', "[" * 9_999, '{"kind": "Else"}', '{"kind": "App", "name": 7}']
)
def test_an_unreadable_status_document_becomes_an_unknown_status(text: str) -> None:
    kept = {"App/shop": text, "Subscription/events on App/shop": text, "Partner/main": text}
    assert read_documents(kept) == (
        Status(Item(Kind.APP, "", "shop", "shop"), (), "", 0.0),
        Status(partner_item("main"), (), "", 0.0),
        Status(Item(Kind.SUBSCRIPTION, "", "shop", "events"), (), "", 0.0),
    )


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(texts, children, max_size=3),
    max_leaves=5,
)
NAMES = (
    "kind", "name", "partner", "app", "appId", "stage", "revision", "conditions", "credentials", "since",
    "at", "listed", "observed",
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(NAMES), documents), documents)
def test_an_unreadable_status_document_does_not_stop_the_others(
    changes: dict[str, object], each: object
) -> None:
    strange = json.loads(document(READY)) | changes | {"conditions": [each]}
    found = read_documents({"App/app-0001": json.dumps(strange), str(SUB): document(SUBSCRIBED)})
    assert SUBSCRIBED in found
    assert len(found) == 2


def test_the_table_of_apps_shows_their_stage_and_reason() -> None:
    assert status_table([READY, SUBSCRIBED, ON_ITS_WAY, BARE]).splitlines() == [
        (
            "NAME      PARTNER  APP ID                                LIVE                SUBSCRIBED"
            "  SENDABLE  READY  REASON"
        ),
        (
            "app-0001  main     00000000-0000-4000-8000-000000000001  True                True        -"
            "         True"
        ),
        (
            "app-0002  main     00000000-0000-4000-8000-000000000002  False (WABA_SETUP)  False       -"
            "         False  AwaitingLive"
        ),
        (
            "app-0003  main     -                                     -                   -"
            "           -         -"
        ),
    ]
    assert status_table([SUBSCRIBED]) == "no apps"


def test_a_table_without_ids_is_narrow() -> None:
    assert status_table([READY], ids=False).splitlines() == [
        "NAME      PARTNER  LIVE  SUBSCRIBED  READY  REASON",
        "app-0001  main     True  True        True",
    ]


def test_the_table_of_subscriptions_shows_their_state() -> None:
    assert subscription_table([READY, SUBSCRIBED]).splitlines() == [
        "NAME    APP       PARTNER  SYNCED  READY  REASON",
        "events  app-0001  main     True    True",
    ]
    assert subscription_table([READY]) == "no subscriptions"


def test_a_table_lines_up_and_escapes() -> None:
    assert table(("A", "B"), [("\x1b[2J", "x"), ("a\nb", "")]).split("\n") == [
        "A        B",
        "\\x1b[2J  x",
        "a\\nb",
    ]


def described(status: Status) -> Described:
    return Described(status, "https://partner.gupshup.io#7", [ENTRY, DIED], [SUBSCRIBED])


def test_the_document_of_a_description_has_its_fields() -> None:
    found = description(described(READY))
    assert set(found) == {*fields(READY), "upstream", "history", "subscriptions"}
    assert found["subscriptions"] == [fields(SUBSCRIBED)]
    assert found["upstream"] == "https://partner.gupshup.io#7"
    assert found["history"] == [
        {
            "at": "2023-11-14T22:13:20Z",
            "who": "ci",
            "revision": "r1",
            "verb": "link",
            "outcome": "done",
            "message": "",
        },
        {
            "at": "2023-11-14T22:12:20Z",
            "who": "ci",
            "revision": "r0",
            "verb": "update",
            "outcome": None,
            "message": "",
        },
    ]


def test_the_text_of_a_description_shows_status_and_writes() -> None:
    one = replace(READY, conditions=(condition("Ready"),))
    assert description_text(described(one), NOW).splitlines() == [
        "Name:      App/app-0001",
        "Partner:   main",
        "Upstream:  https://partner.gupshup.io#7",
        f"App id:    {app_id()}",
        "App name:  AcmeSupport",
        "Phone:     91******3210",
        "WABA:      109876543210987",
        "Stage:     DONE, for 2 h 0 min",
        "Revision:  r1",
        "Observed:  2023-11-14T22:13:20Z",
        "",
        "CONDITION  STATUS  SINCE                 REASON  MESSAGE",
        "Ready      True    2023-11-14T22:13:20Z  Fine    words",
        "",
        (
            "NAME    TAG     URL                                 VERSION  MODES       ACTIVE"
            "  SYNCED  READY  REASON"
        ),
        "events  events  https://a.example.com/91******3210  3        SENT, READ  yes     True    True",
        "",
        "WRITTEN               VERB    OUTCOME  BY  ANSWER",
        "2023-11-14T22:13:20Z  link    done     ci",
        "2023-11-14T22:12:20Z  update  ?        ci",
    ]


def test_an_unknown_value_is_a_dash_in_a_description() -> None:
    text = description_text(Described(BARE, "", []), NOW).splitlines()
    assert "App id:    -" in text
    assert "Stage:     -" in text
    assert len(text) == 12


def test_a_hostile_description_stays_on_its_lines() -> None:
    evil = "\x1b[2J\n\u202e"
    status = Status(replace(ITEM, name=evil), (condition(evil, reason=evil),), evil, NOW, None, evil)
    entry = WriteRecord(NOW, evil, evil, evil, evil, evil, evil)
    text = description_text(Described(status, evil, [entry]), NOW).split("\n")
    assert len(text) == 16
    assert all(line.isprintable() for line in text)


PARTNER_STATUS = Status(
    partner_item("main"),
    (condition("CredentialsEnding", Truth.TRUE, "SecretEnds"), condition("LinksAllowed", Truth.FALSE, "No")),
    "r1",
    NOW,
    ends=(
        CredentialEnd(CredentialKind.CLIENT_SECRET, NOW),
        CredentialEnd(CredentialKind.UNIVERSAL_TOKEN, NOW),
    ),
)


def test_the_document_of_a_partner_has_its_credentials_and_no_fields_of_an_app() -> None:
    found = fields(PARTNER_STATUS)
    assert set(found) == {
        "kind",
        "name",
        "partner",
        "credentials",
        "revision",
        "observedAt",
        "state",
        "conditions",
    }
    assert found["credentials"] == [
        {"credential": "client secret", "endsAt": "2023-11-14T22:13:20Z", "renewed": False},
        {"credential": "universal token", "endsAt": "2023-11-14T22:13:20Z", "renewed": False},
    ]


@pytest.mark.parametrize(
    "end",
    [
        {"credential": "client secret", "endsAt": "soon"},
        {"credential": "client secret"},
        {"credential": "key", "endsAt": "2023-11-14T22:13:20Z"},
        7,
    ],
)
def test_an_unreadable_end_is_left_out(end: object) -> None:
    kept = json.dumps({**json.loads(document(PARTNER_STATUS)), "credentials": [end]})
    (found,) = read_documents({"Partner/main": kept})
    assert found == replace(PARTNER_STATUS, ends=())


def test_the_table_of_partners_has_the_ends_and_what_is_wrong() -> None:
    bare = Status(partner_item("other"), (), "r1", NOW)
    rows = [line.split() for line in partner_table([READY, PARTNER_STATUS, bare]).splitlines()]
    assert rows == [
        ["NAME", "LINKS", "CREDENTIALS", "END", "ENDING", "REASON"],
        [
            *("main", "False", "client", "secret", "2023-11-14T22:13:20Z;"),
            *("universal", "token", "2023-11-14T22:13:20Z", "True", "SecretEnds,", "No"),
        ],
        ["other", "-", "-", "-"],
    ]
    assert partner_table([READY]) == "no partners"
    assert status_table([PARTNER_STATUS]) == "no apps"


def test_a_described_partner_has_no_fields_of_an_app() -> None:
    text = description_text(Described(PARTNER_STATUS, "up#1"), NOW)
    assert "Partner/main" in text
    assert "App id" not in text


@pytest.mark.parametrize(("type_", "reason"), [("Retired", "Retired"), ("Unmanaged", "ManifestGone")])
def test_an_app_that_ended_has_the_reason_of_its_end(type_: str, reason: str) -> None:
    (line,) = status_table([status_of(ITEM, condition(type_, Truth.TRUE, reason))]).splitlines()[1:]
    assert line.endswith(reason)
