"""Values of an effect: all that is to be, and of an update only what differs."""

from dataclasses import replace

import pytest

from controller.core.render.entries.phones import MASKED, Phones
from controller.core.render.entries.values import values_of
from controller.model.manifest import FromFile
from controller.model.modes import mask
from controller.model.plan import Effect, Link, SetCallback, Subscribe, Unsubscribe, Update
from tests.builders.manifest import APP, CALLBACK, WANTED, desired, phone
from tests.builders.upstream import app_id, remote

FULL = replace(APP, callback_url=CALLBACK, storage_region="IN")
HEADED = replace(WANTED, headers={"X-B": FromFile("/b"), "X-A": FromFile("/a")})
URL = WANTED.url


def update(**changes: tuple[str, str]) -> Update:
    found = replace(remote(WANTED), mode=mask(frozenset({"READ", "OTHERS"})))
    return Update(HEADED, app_id(), found, changes, drift=False)


@pytest.mark.parametrize(
    ("effect", "values"),
    [
        pytest.param(None, (), id="nothing is known"),
        pytest.param(Link(APP), ("as Name0001, phone 91******0001, WABA 100000000000001",), id="a link"),
        pytest.param(
            FULL,
            (f"as Name0001, phone 91******0001, WABA 100000000000001, callback {CALLBACK}, region IN",),
            id="an app with everything",
        ),
        pytest.param(
            SetCallback(APP, app_id(), CALLBACK),
            (f"callbackUrl: (cannot be read) → {CALLBACK}",),
            id="a callback",
        ),
        pytest.param(
            SetCallback(APP, app_id(), CALLBACK, unknown=True),
            (f"callbackUrl: unknown → declared ({CALLBACK})",),
            id="a callback that was never written from here",
        ),
        pytest.param(Subscribe(WANTED, app_id()), (f"→ {URL}, SENT, READ, version 3",), id="a subscription"),
        pytest.param(
            replace(HEADED, tag="other", active=False, show_on_ui=True),
            (f"tag other, → {URL}, SENT, READ, version 3, headers X-A X-B, inactive, shown on the UI",),
            id="a subscription with what is not usual",
        ),
        pytest.param(
            Unsubscribe(APP, app_id(), remote(WANTED)), (f"→ {URL}, SENT, READ, version 3",), id="a removal"
        ),
        pytest.param(
            Unsubscribe(APP, app_id(), replace(remote(WANTED), version=None, active=False)),
            (f"→ {URL}, SENT, READ, inactive",),
            id="a removal of what is inactive, and whose version Gupshup does not show",
        ),
        pytest.param(
            update(url=("a", "b"), version=("2", "3"), active=("false", "true")),
            ("url: a → b", "version: 2 → 3", "active: false → true"),
            id="only what differs",
        ),
        pytest.param(update(modes=("READ, OTHERS", "SENT, READ")), ("modes: +SENT -OTHERS",), id="modes"),
        pytest.param(
            replace(update(modes=("x", "y")), found=remote(WANTED)),
            ("modes: x → y",),
            id="modes of equal names",
        ),
        pytest.param(
            update(headers=("(hidden)", "(hidden)")),
            ("headers: (cannot be read) → declared (X-A, X-B)",),
            id="headers by their names",
        ),
    ],
)
def test_an_effect_is_shown_with_its_values(effect: Effect | None, values: tuple[str, ...]) -> None:
    assert values_of(effect, MASKED) == values


def test_phones_in_urls_are_masked_unless_they_are_asked_for() -> None:
    hook, moved = replace(WANTED, url=f"https://h.example/{phone(1)}"), update(url=(phone(1), phone(2)))
    assert values_of(replace(hook, tag=phone(2)), MASKED) == (
        "tag 91******0002, → https://h.example/91******0001, SENT, READ, version 3",
    )
    assert values_of(moved, MASKED) == ("url: 91******0001 → 91******0002",)
    assert values_of(moved, Phones(shown=True)) == (f"url: {phone(1)} → {phone(2)}",)


def test_a_declared_phone_is_masked_inside_a_word_and_another_number_there_stays() -> None:
    known = MASKED.knowing(desired(APP))
    named = replace(
        APP, app_name=f"shop{phone(1)}", callback_url=f"https://h.example/wa_{phone(1)}/x-{phone(2)}"
    )
    (told,) = values_of(Link(named), known)
    assert "as shop91******0001, " in told
    assert f"callback https://h.example/wa_91******0001/x-{phone(2)}" in told
    assert known.document({"appName": named.app_name}) == {"appName": "shop91******0001"}
    assert Phones(shown=True).knowing(desired(APP)).words(named.app_name) == named.app_name
