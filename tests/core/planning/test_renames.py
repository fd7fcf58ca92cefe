"""What has another name than before is known by its phone, and a webhook by its app and its tag."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from controller.core.planning.changes.renames import renames, under_new_names
from controller.model.manifest import App, Subscription
from tests.builders.manifest import app, desired, phone, subscription

ONE, TWO, HOOK = app(1), app(2), subscription(1)
NEW, NEW_HOOK = replace(ONE, name="acme"), replace(HOOK, app="acme")


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        pytest.param([ONE], [ONE], {}, id="nothing is renamed"),
        pytest.param([ONE], [NEW], {ONE.name: "acme"}, id="an app is known by its phone"),
        pytest.param(
            [ONE],
            [replace(NEW, app_name="Acme1234")],
            {ONE.name: "acme"},
            id="its name at Gupshup may differ",
        ),
        pytest.param([ONE], [replace(NEW, phone=phone(9))], {}, id="another phone is another app"),
        pytest.param(
            [ONE], [replace(NEW, partner="other")], {}, id="the same phone at another partner is another app"
        ),
        pytest.param([ONE], [TWO], {}, id="one goes and another comes"),
        pytest.param(
            [ONE, TWO],
            [replace(ONE, name=TWO.name), replace(TWO, name=ONE.name)],
            {ONE.name: TWO.name, TWO.name: ONE.name},
            id="two names are swapped",
        ),
    ],
)
def test_an_app_keeps_its_phone(before: Sequence[App], now: Sequence[App], expected: dict[str, str]) -> None:
    assert renames(desired(*before), desired(*now)) == expected


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        pytest.param([ONE, HOOK], [ONE, HOOK], [ONE, HOOK], id="nothing is renamed"),
        pytest.param([ONE, HOOK], [NEW, NEW_HOOK], [NEW, NEW_HOOK], id="an app takes its webhooks along"),
        pytest.param(
            [ONE, HOOK], [ONE, replace(HOOK, name="all")], [ONE, replace(HOOK, name="all")], id="a webhook"
        ),
        pytest.param(
            [ONE, HOOK],
            [ONE, replace(HOOK, name="all", tag="all")],
            [ONE, HOOK],
            id="a webhook under another tag is another one",
        ),
        pytest.param(
            [ONE, HOOK],
            [NEW, replace(NEW_HOOK, name="all")],
            [NEW, replace(NEW_HOOK, name="all")],
            id="an app and its webhook",
        ),
        pytest.param(
            [ONE, HOOK, TWO, subscription(2)],
            [replace(ONE, name=TWO.name), replace(HOOK, app=TWO.name)],
            [replace(ONE, name=TWO.name), replace(HOOK, app=TWO.name)],
            id="an app under the name of one that is gone",
        ),
    ],
)
def test_a_declaration_is_read_under_the_names_of_now(
    before: Sequence[App | Subscription],
    now: Sequence[App | Subscription],
    expected: Sequence[App | Subscription],
) -> None:
    assert under_new_names(desired(*before), desired(*now)) == desired(*expected)
