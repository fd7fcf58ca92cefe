"""Effects: the values before and after, and the digest that names them."""

from dataclasses import replace

import pytest

from controller.core.planning.changes.effects import Diff, diff_of, fingerprint, subject_of
from controller.core.planning.digest import Canonical
from controller.core.planning.matched_app import app_item, subscription_item
from controller.model.manifest import FromEnv, FromFile, Subscription
from controller.model.plan import Effect, Link, SetCallback, Subscribe, Unsubscribe, Update, Verb
from controller.model.upstream import RemoteSubscription
from tests.builders.manifest import CALLBACK, WANTED, app, subscription
from tests.builders.upstream import EXTRA, MOVED, OFF, THERE, app_id, remote

APP = replace(app(1), callback_url=CALLBACK)
DECLARED: dict[str, Canonical] = {
    "tag": "events",
    "url": WANTED.url,
    "version": 3,
    "modes": ["SENT", "READ"],
    "active": True,
    "showOnUI": False,
}
FOUND: dict[str, Canonical] = {name: value for name, value in DECLARED.items() if name != "showOnUI"}
SECRET = replace(WANTED, headers={"X-B": FromFile("/run/b"), "X-A": FromEnv("HOOK_A")})
REFERENCES: dict[str, Canonical] = {"X-A": {"env": "HOOK_A"}, "X-B": {"file": "/run/b"}}
LINKED: dict[str, Canonical] = {
    "appName": APP.app_name,
    "wabaId": APP.waba_id,
    "phone": APP.phone,
    "callbackUrl": CALLBACK,
}


def update(found: RemoteSubscription = MOVED, wanted: Subscription = WANTED, *fields: str) -> Update:
    return Update(wanted, app_id(), found, dict.fromkeys(fields, ("", "")), drift=False)


@pytest.mark.parametrize(
    ("effect", "diff"),
    [
        pytest.param(Link(APP), Diff(None, LINKED), id="a link"),
        pytest.param(APP, Diff(None, LINKED), id="a declared app"),
        pytest.param(
            SetCallback(APP, app_id(), CALLBACK),
            Diff({"callbackUrl": None}, {"callbackUrl": CALLBACK}),
            id="a callback, which cannot be read",
        ),
        pytest.param(Subscribe(WANTED, app_id()), Diff(None, DECLARED), id="a new subscription"),
        pytest.param(WANTED, Diff(None, DECLARED), id="a declared subscription"),
        pytest.param(SECRET, Diff(None, {**DECLARED, "headers": REFERENCES}), id="headers by reference"),
        pytest.param(update(), Diff({**FOUND, "url": MOVED.url}, DECLARED), id="an update, whole"),
        pytest.param(
            update(THERE, SECRET, "headers"),
            Diff({**FOUND, "headers": None}, {**DECLARED, "headers": REFERENCES}),
            id="headers, which cannot be read",
        ),
        pytest.param(
            Unsubscribe(APP, app_id(), EXTRA),
            Diff({**FOUND, "tag": "gitops-old", "url": EXTRA.url}, None),
            id="a removal",
        ),
    ],
)
def test_an_effect_has_every_value_before_and_after(effect: Effect, diff: Diff) -> None:
    assert diff_of(effect) == diff


@pytest.mark.parametrize(
    ("effect", "verb"),
    [(APP, Verb.LINK), (WANTED, Verb.SUBSCRIBE), (Link(APP), Verb.LINK), (update(), Verb.UPDATE)],
)
def test_what_is_declared_is_a_link_or_a_subscription_to_come(effect: Effect, verb: Verb) -> None:
    item = app_item(APP) if verb is Verb.LINK else subscription_item(WANTED)
    assert subject_of(effect) == (verb, item)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Link(APP), Link(replace(APP, waba_id="5"))),
        (Link(APP), Link(replace(APP, callback_url=None))),
        (SetCallback(APP, app_id(), CALLBACK), SetCallback(APP, app_id(), f"{CALLBACK}/2")),
        (Subscribe(WANTED, app_id()), Subscribe(SECRET, app_id())),
        (Subscribe(WANTED, app_id()), Subscribe(replace(WANTED, show_on_ui=True), app_id())),
        (update(MOVED), update(OFF)),
        (update(MOVED), Subscribe(WANTED, app_id())),
        (update(MOVED), update(MOVED, replace(WANTED, modes=frozenset({"READ"})))),
        (Unsubscribe(APP, app_id(), THERE), Unsubscribe(APP, app_id(), MOVED)),
        (Unsubscribe(APP, app_id(), THERE), Unsubscribe(app(2), app_id(), THERE)),
    ],
)
def test_effects_that_differ_in_one_value_have_different_fingerprints(one: Effect, other: Effect) -> None:
    assert fingerprint(one) != fingerprint(other)


def test_what_is_declared_has_the_fingerprint_of_the_action_that_follows() -> None:
    assert fingerprint(APP) == fingerprint(Link(APP))
    assert fingerprint(WANTED) == fingerprint(Subscribe(WANTED, app_id(7)))
    assert fingerprint(update(remote(WANTED, "7"))) == fingerprint(update(remote(WANTED, "8")))


def test_a_release_covers_no_other_change_of_the_same_thing() -> None:
    """The world moved after a person agreed: what would be overwritten now is not what they saw."""
    wanted = subscription()
    assert fingerprint(update(MOVED, wanted)) != fingerprint(update(replace(MOVED, active=False), wanted))
