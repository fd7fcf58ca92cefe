"""Equal declarations have equal fingerprints; whatever counts changes them, and nothing else does."""

from dataclasses import replace
from hashlib import sha256

import pytest

from controller.core.planning.digest import (
    Canonical,
    callback_key,
    digest,
    link_key,
    of_callback,
    of_link,
    of_subscription,
    subscription_key,
)
from controller.model.manifest import App, FromEnv, Subscription
from tests.builders.manifest import app, subscription
from tests.builders.upstream import app_id

TEXT = '{"a":[1,"é"],"b":null}'
APP, WANTED = app(), subscription()


def test_a_digest_is_the_same_on_any_machine() -> None:
    same: Canonical = {"a": [1, "é"], "b": None}
    assert digest(same) == digest({"b": None, "a": [1, "é"]})
    assert digest(same) == f"sha256:{sha256(TEXT.encode()).hexdigest()}"


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(replace(APP, app_name="Other"), id="appName"),
        pytest.param(replace(APP, waba_id="1"), id="wabaId"),
        pytest.param(replace(APP, phone="1"), id="phone"),
        pytest.param(replace(APP, callback_url="https://x.example.com"), id="callbackUrl"),
        pytest.param(replace(APP, storage_region="IN"), id="storageRegion"),
    ],
)
def test_every_field_that_a_link_sends_changes_its_digest(changed: App) -> None:
    assert of_link(changed) != of_link(APP)


def test_a_field_that_no_link_sends_leaves_the_digest_of_a_link() -> None:
    assert of_link(replace(APP, name="renamed", labels={"a": "b"}, policies=frozenset())) == of_link(APP)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(replace(WANTED, url="https://x.example.com"), id="url"),
        pytest.param(replace(WANTED, version=2), id="version"),
        pytest.param(replace(WANTED, modes=frozenset({"SENT"})), id="modes"),
        pytest.param(replace(WANTED, active=False), id="active"),
    ],
)
def test_every_field_that_can_be_read_back_changes_the_digest_of_a_subscription(
    changed: Subscription,
) -> None:
    assert of_subscription(changed) != of_subscription(WANTED)


def test_headers_and_callbacks_have_digests_of_their_own() -> None:
    headers = {"X-Hook": FromEnv("HOOK_A")}
    assert of_subscription(replace(WANTED, headers=headers, name="renamed")) == of_subscription(WANTED)


def test_the_order_of_modes_does_not_change_a_digest() -> None:
    ordered = digest([WANTED.url, WANTED.version, ["READ", "SENT"], True])
    assert of_subscription(WANTED) == ordered


def test_ledger_keys_are_those_that_existing_stores_hold() -> None:
    assert callback_key(app_id()) == f"callback:{app_id()}"
    assert subscription_key(app_id(), "events") == f"subscription:{app_id()}:events"
    assert link_key("919876543210") == "link:919876543210"
    assert of_callback("https://x.example.com") == digest("https://x.example.com")
