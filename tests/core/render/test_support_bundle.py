"""A support bundle: what is known of one app, and never a phone number or the path of a URL."""

import json
from dataclasses import replace

import pytest

from controller.core.render.support_bundle import SupportCase, support_document, support_report
from controller.model.health import AppHealth, WabaInfo
from controller.model.history import WriteRecord
from controller.model.manifest import AppId
from controller.model.memory import Binding, Memory, Refusal
from controller.model.plan import Foreign, Item, Kind
from controller.model.ratelimit import LoggedCall
from controller.model.status import ListedApp, Status
from tests.builders.memory import NOW
from tests.builders.status import FALSE, condition, status_of

ID = AppId("b1946ac9-2492-4d23-8f1f-123456789012")
PHONE, WABA = "919876543210", "300000000000001"
AT = "2023-11-14T22:13:20Z"
EVENTS = Item(Kind.SUBSCRIPTION, "main", "acme", "events")


def case(status: Status | None = None, memory: Memory | None = None, *messages: str) -> SupportCase:
    """Return the case of the app acme, with a write for each of *messages*."""
    return SupportCase(
        "https://partner.gupshup.io#1368",
        status or status_of("acme", condition("Ready"), app_id=ID, stage="LIVE"),
        None,
        (),
        memory or Memory({PHONE: Binding(PHONE, ID, waba=WABA)}),
        [WriteRecord(NOW, "apply by ann", "r1", "link", "App/acme", "done", each) for each in messages],
        (),
        {},
    )


def made(of: SupportCase) -> dict[str, object]:
    return support_document(of, NOW, {"gupshupctl": "1.0"})


def test_the_ids_of_an_app_are_there_and_its_phone_is_masked() -> None:
    document = made(case())
    app = document["app"]
    assert isinstance(app, dict)
    assert document["gupshup"] == {
        "url": "https://partner.gupshup.io",
        "host": "partner.gupshup.io",
        "partnerId": "1368",
    }
    found = (app["appId"], app["wabaId"], app["phone"], app["stage"], app["missingSince"])
    assert found == (ID, WABA, "91******3210", "LIVE", None)
    assert document["versions"] == {"gupshupctl": "1.0"}


@pytest.mark.parametrize(
    ("status", "memory", "waba", "phone", "missing"),
    [
        pytest.param(status_of("acme"), Memory(), None, None, None, id="never linked"),
        pytest.param(
            status_of("acme", app_id=ID),
            Memory({PHONE: Binding(PHONE, ID, NOW, "")}),
            *(None, "91******3210", AT),
            id="gone from the list, and its WABA not told",
        ),
        pytest.param(
            replace(status_of("acme", app_id=ID), health=AppHealth(WabaInfo("77"), NOW)),
            Memory({PHONE: Binding(PHONE, ID, waba=WABA)}),
            *("77", "91******3210", None),
            id="the WABA of its health is newer",
        ),
        pytest.param(
            status_of("acme", app_id=ID),
            Memory({PHONE: Binding(PHONE, AppId("another"), waba=WABA)}),
            *(None, None, None),
            id="a binding of another app",
        ),
    ],
)
def test_what_is_not_known_is_null(
    status: Status, memory: Memory, waba: str | None, phone: str | None, missing: str | None
) -> None:
    app = made(case(status, memory))["app"]
    assert isinstance(app, dict)
    assert (app["wabaId"], app["phone"], app["missingSince"]) == (waba, phone, missing)


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        pytest.param(f"{PHONE} is taken", "91******3210 is taken", id="a phone"),
        pytest.param(f"shop-{PHONE}x is taken", "shop-91******3210x is taken", id="a phone inside a name"),
        pytest.param("+49 (171) 123-4567 no", "+49******4567 no", id="a phone as people write it"),
        pytest.param("+1 2 3", None, id="no phone"),
        pytest.param("91 98765-43210 no", "91******3210 no", id="this app's phone, in groups"),
        pytest.param("098765 43210", "09*****3210", id="without its country code"),
        pytest.param(f"10000{PHONE}", "1000091******3210", id="in a longer number"),
        pytest.param(f"app {ID}", f"app {ID}", id="an app's id, whose end is all digits"),
        pytest.param("WABA 30000000000001, not 30000000000002", None, id="ids of accounts"),
        pytest.param("0" * 40, None, id="a commit"),
        pytest.param("1234567 of 12345678901234567", None, id="too short, and too long"),
        pytest.param("https://a:b@h.io/p?k=1 no", "https://h.io/… no", id="a URL"),
        pytest.param("see (https://u:p@h.io)", "see (https://h.io)", id="credentials in a URL"),
        pytest.param("see https://h.io:8443", None, id="a URL with nothing more than a host"),
    ],
)
def test_answers_are_shown_without_phones_and_paths(answer: str, shown: str | None) -> None:
    write = {
        "at": AT,
        "revision": "r1",
        "verb": "link",
        "target": "App/acme",
        "appId": None,
        "outcome": "done",
    }
    message = answer if shown is None else shown
    assert made(case(None, None, answer))["writes"] == [{**write, "message": message}]


def test_a_phone_that_only_gupshup_showed_is_masked_in_groups_too() -> None:
    status = replace(status_of("acme", app_id=ID), listed=ListedApp("Acme", PHONE))
    found = made(case(status, Memory(), "91 98765 43210 no"))["writes"]
    assert isinstance(found, list)
    assert found[0]["message"] == "91******3210 no"


def test_only_the_refusals_of_this_app_are_there() -> None:
    refusals = {
        key: Refusal(key, "d", "LinkRefused", f"{key}: no", NOW, retry_at=retry)
        for key, retry in ((f"link:{PHONE}", None), (f"callback:{ID}", NOW), ("link:910000000000", None))
    }
    memory = Memory({PHONE: Binding(PHONE, ID)}, refusals=refusals)
    found = made(case(None, memory))["refusals"]
    row = {"reason": "LinkRefused", "at": AT, "tries": 1}
    assert found == [
        {"key": f"callback:{ID}", "message": f"callback:{ID}: no", **row, "retryAt": AT},
        {"key": "link:91******3210", "message": "link:91******3210: no", **row, "retryAt": None},
    ]
    assert made(case(status_of("acme"), replace(memory, bindings={})))["refusals"] == []


def test_calls_and_limits_are_there() -> None:
    calls = (
        LoggedCall(f"subscription:{ID}", "subscribe", NOW, NOW + 1, 200),
        LoggedCall("list", "list", NOW, None, None),
    )
    document = made(replace(case(), calls=calls, rests={f"subscription:{ID}": NOW}))
    call = {"at": AT, "endedAt": "2023-11-14T22:13:21Z", "route": "subscribe", "limit": "subscription"}
    on_account = {
        "at": AT,
        "endedAt": None,
        "route": "list",
        "limit": "list",
        "perApp": False,
        "status": None,
    }
    assert document["calls"] == [{**call, "perApp": True, "status": 200}, on_account]
    limits = document["limits"]
    assert isinstance(limits, list)
    assert {"limit": "subscription", "published": "5/60s", "restsUntil": AT} in limits
    assert {"limit": "link", "published": "10/60s", "restsUntil": None} in limits


def test_the_report_shows_the_document_as_tables_in_code_blocks() -> None:
    foreign = Foreign(EVENTS, "7", "evil.example", ("SENT", "READ"), 3)
    app = replace(
        status_of("acme", condition("Ready", FALSE, "X", message="# no"), app_id=ID),
        foreign=(foreign,),
        health=AppHealth(WabaInfo("77", verified_name="Acme Ltd"), NOW),
    )
    partner = status_of(Item(Kind.PARTNER, "main", "", "main"), condition("LinksAllowed"))
    whole = replace(case(app), subscriptions=(status_of(EVENTS, condition("Synced")),), partner=partner)
    report = support_report(made(whole))
    for words in ("    appId", "Acme Ltd", "# no", "evil.example", "SENT, READ", "Synced", "LinksAllowed"):
        assert words in report
    outside = [line for line in report.splitlines() if line and not line.startswith("    ")]
    assert outside[0] == f"# Support report of {AT}"
    assert all(line.startswith("## ") for line in outside[1:])
    assert "## Refusals\n\n    none\n" in report
    assert "## Health\n\n    none\n" in support_report(made(case()))


def test_a_document_is_json() -> None:
    assert json.loads(json.dumps(made(case()))) == made(case())
