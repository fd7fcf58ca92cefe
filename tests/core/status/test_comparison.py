"""Comparison of what is declared with what was observed last: a field for each, as a plan judges them."""

from dataclasses import replace

import pytest

from controller.core.status.comparison import Agreement, compare_app, compare_subscription
from controller.model.manifest import App, Subscription
from controller.model.status import ListedApp, Status
from controller.model.upstream import RemoteSubscription
from tests.builders.manifest import APP, CALLBACK, SECRET, WANTED
from tests.builders.plan import ITEM, SUB
from tests.builders.status import status_of
from tests.builders.upstream import app_id, remote

SAME, DIFFERS, UNREADABLE, UNKNOWN, ABSENT, UNDECLARED = Agreement
LISTED = ListedApp(APP.app_name, APP.phone, APP.waba_id)
THERE = replace(status_of(ITEM, app_id=app_id()), is_listed=True, listed=LISTED)
HOOK = replace(status_of(SUB), is_listed=True, listed=remote(WANTED))
ABSENT_APP = replace(status_of(ITEM), is_listed=False)


@pytest.mark.parametrize(
    ("declared", "status", "agreements"),
    [
        pytest.param(
            APP,
            THERE,
            {"appName": SAME, "wabaId": SAME, "phone": SAME, "appId": UNDECLARED},
            id="as declared",
        ),
        pytest.param(
            replace(APP, app_id=app_id(2), callback_url=CALLBACK, storage_region="IN"),
            replace(THERE, listed=replace(LISTED, name="Other", waba="", region="EU")),
            {
                "appName": DIFFERS,
                "wabaId": UNKNOWN,
                "phone": SAME,
                "callbackUrl": UNREADABLE,
                "storageRegion": DIFFERS,
                "appId": DIFFERS,
            },
            id="another name, a WABA that nobody told, a callback",
        ),
        pytest.param(
            replace(APP, callback_url=CALLBACK),
            ABSENT_APP,
            {"appName": ABSENT, "wabaId": ABSENT, "phone": ABSENT, "callbackUrl": ABSENT},
            id="not listed",
        ),
        pytest.param(APP, None, {"appName": UNKNOWN, "wabaId": UNKNOWN, "phone": UNKNOWN}, id="never seen"),
        pytest.param(
            None,
            replace(THERE, listed=replace(LISTED, region="IN")),
            dict.fromkeys(("appName", "wabaId", "phone", "storageRegion", "appId"), UNDECLARED),
            id="not declared",
        ),
        pytest.param(None, None, {}, id="neither"),
    ],
)
def test_the_fields_of_an_app(
    declared: App | None, status: Status | None, agreements: dict[str, Agreement]
) -> None:
    assert {each.name: each.agreement for each in compare_app(declared, status)} == agreements


ALL_SAME = {
    "tag": SAME,
    "url": SAME,
    "version": SAME,
    "modes": SAME,
    "active": SAME,
    "showOnUI": UNREADABLE,
}


def listed(**changes: object) -> Status:
    """Return the status of a subscription whose listing has *changes*."""
    found: RemoteSubscription = replace(remote(WANTED), **changes)  # type: ignore[arg-type]  # a test's own fields
    return replace(HOOK, listed=found)


@pytest.mark.parametrize(
    ("declared", "status", "agreements"),
    [
        pytest.param(WANTED, HOOK, ALL_SAME, id="as declared"),
        pytest.param(SECRET, HOOK, {**ALL_SAME, "headers": UNREADABLE}, id="headers"),
        pytest.param(
            WANTED,
            listed(url="https://elsewhere.example.com", active=False, version=None),
            {**ALL_SAME, "url": DIFFERS, "active": DIFFERS, "version": UNKNOWN},
            id="another URL, and a version that Gupshup does not give",
        ),
        pytest.param(
            WANTED,
            replace(HOOK, is_listed=False, listed=None),
            dict.fromkeys(ALL_SAME, ABSENT),
            id="not listed",
        ),
        pytest.param(
            None,
            HOOK,
            dict.fromkeys(("tag", "url", "version", "modes", "active"), UNDECLARED),
            id="not declared",
        ),
    ],
)
def test_the_fields_of_a_subscription(
    declared: Subscription | None, status: Status | None, agreements: dict[str, Agreement]
) -> None:
    assert {each.name: each.agreement for each in compare_subscription(declared, status)} == agreements


def test_values_stand_beside_each_other() -> None:
    url = next(
        each
        for each in compare_subscription(
            replace(WANTED, active=False), listed(url="https://else.example.com")
        )
        if each.name == "url"
    )
    assert (url.declared, url.observed) == (WANTED.url, "https://else.example.com")
