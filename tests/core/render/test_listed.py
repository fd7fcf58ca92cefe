"""What Gupshup lists of resources: in wide tables, in a description, and as documents."""

import json
from dataclasses import replace

import pytest

from controller.core.render.foreign import foreign_table
from controller.core.render.listed.documents import listed_fields
from controller.core.render.listed.tables import listed_facts, wide_table
from controller.core.render.statuses import document, read_documents
from controller.core.status.partner_status import partner_item
from controller.model.plan import Foreign, Kind
from controller.model.status import ListedApp, Status
from controller.model.upstream import RemoteSubscription, SubscriptionId
from tests.builders.memory import NOW
from tests.builders.plan import ITEM, SUB
from tests.builders.status import condition, status_of
from tests.builders.upstream import app_id

LISTED = ListedApp("Shop919876543210", "919876543210", "1098", "IN", NOW - 86_400, NOW - 3600)
APP = replace(status_of(ITEM, stage="WABA_SETUP", app_id=app_id()), is_listed=True, listed=LISTED)
WEBHOOK = RemoteSubscription(
    SubscriptionId("5"), "events", "https://hooks.example.com/x", 3, None, ("SENT", "READ"), active=False
)
HOOK = replace(status_of(SUB), is_listed=True, listed=WEBHOOK)
BARE_APP, BARE_HOOK = status_of("bare"), status_of(replace(SUB, app="bare"))
MAIN = Status(partner_item("main"), (condition("MintingAllowed"),), "r1", NOW)


def columns(kind: Kind, *statuses: Status) -> list[list[str]]:
    """Return for each resource the cells that only a wide table has, without spaces in them."""
    head, *lines = wide_table(kind, statuses, NOW).splitlines()
    at = head.index("REASON") + len("REASON")
    return [line[at:].split() for line in (head, *lines)]


def test_a_wide_table_of_apps_has_names_masked_phones_and_the_age_of_the_stage() -> None:
    assert columns(Kind.APP, APP, HOOK, BARE_APP) == [
        ["GUPSHUP", "NAME", "PHONE", "WABA", "STAGE", "STAGE", "AGE"],
        ["Shop91******3210", "91******3210", "1098", "WABA_SETUP", "1", "h", "0", "min"],
        ["-", "-", "-", "-", "-"],
    ]


def test_a_wide_table_of_subscriptions_has_what_gupshup_lists_under_the_tag() -> None:
    assert columns(Kind.SUBSCRIPTION, APP, HOOK, BARE_HOOK) == [
        ["TAG", "URL", "VERSION", "MODES", "ACTIVE"],
        ["events", "https://hooks.example.com/x", "3", "SENT,", "READ", "no"],
        ["-", "-", "-", "-", "-"],
    ]


def test_a_wide_table_of_partners_has_what_they_may_mint_and_when_that_was_seen() -> None:
    assert columns(Kind.PARTNER, MAIN) == [["MINTING", "OBSERVED"], ["True", "2023-11-14T22:13:20Z"]]


@pytest.mark.parametrize("kind", list(Kind))
def test_a_wide_table_of_nothing_has_words(kind: Kind) -> None:
    assert wide_table(kind, [], NOW) == f"no {kind.lower()}s"


def test_the_facts_of_a_description_follow_the_kind() -> None:
    assert listed_facts(APP, NOW) == {
        "App id": app_id(),
        "App name": "Shop91******3210",
        "Phone": "91******3210",
        "WABA": "1098",
        "Stage": "WABA_SETUP, for 1 h 0 min",
    }
    assert listed_facts(replace(APP, stage="", listed=replace(LISTED, phone="")), NOW)["Stage"] == "-"
    assert listed_facts(HOOK, NOW) == {
        "App id": "-",
        "Tag": "events",
        "URL": "https://hooks.example.com/x",
        "Version": "3",
        "Modes": "SENT, READ",
        "Active": "no",
    }
    unsaid = replace(HOOK, listed=replace(WEBHOOK, version=None, active=True))
    assert {listed_facts(unsaid, NOW)[name] for name in ("Version", "Active")} == {"-", "yes"}
    assert listed_facts(MAIN, NOW) == {}


def test_a_document_masks_the_phone_and_says_what_is_unknown() -> None:
    bare = ListedApp("Shop")
    assert listed_fields(replace(APP, listed=bare)) == {
        "listed": True,
        "observed": {
            "appName": "Shop",
            "wabaId": None,
            "phone": None,
            "storageRegion": None,
            "createdAt": None,
            "stageSince": "1970-01-01T00:00:00Z",
        },
    }
    assert listed_fields(APP)["observed"] == {
        "appName": "Shop91******3210",
        "wabaId": "1098",
        "phone": "91******3210",
        "storageRegion": "IN",
        "createdAt": "2023-11-13T22:13:20Z",
        "stageSince": "2023-11-14T21:13:20Z",
    }
    assert listed_fields(HOOK)["observed"] == {
        "id": "5",
        "tag": "events",
        "url": "https://hooks.example.com/x",
        "version": 3,
        "modes": ["SENT", "READ"],
        "active": False,
    }
    assert listed_fields(BARE_APP) == {"listed": None, "observed": None}
    assert listed_fields(MAIN) == {}


@pytest.mark.parametrize(
    "strange",
    [
        {},
        7,
        {"name": "x"},
        {"id": "5", "tag": "t", "url": "u", "version": 3, "mode": None, "modes": [1], "active": True},
    ],
)
def test_a_listing_of_another_form_is_unknown(strange: object) -> None:
    kept = json.loads(document(APP)) | {"observed": strange, "listed": "yes"}
    assert read_documents({"App/app-0001": json.dumps(kept)}) == (replace(APP, is_listed=None, listed=None),)


@pytest.mark.parametrize("field", ["created", "since"])
def test_a_moment_that_is_no_number_makes_a_listing_unknown(field: str) -> None:
    kept = json.loads(document(APP))
    kept["observed"][field] = float("inf")
    assert read_documents({"App/app-0001": json.dumps(kept)}) == (replace(APP, listed=None),)


def test_a_wide_table_of_foreign_webhooks_has_their_ids() -> None:
    theirs = replace(APP, foreign=(Foreign(SUB, "77", "hooks.example.org", ("SENT",), 3, allowed=False),))
    assert [line.split()[-1] for line in foreign_table([theirs], ids=True).splitlines()] == ["ID", "77"]
