import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.writing.names import app_name, app_names, manifest_name, manifest_names

PHONE = "919876543210"
PHONES = st.from_regex(r"[1-9][0-9]{7,14}", fullmatch=True)


@pytest.mark.parametrize(
    ("display", "manifest", "app"),
    [
        pytest.param("Acme Support", "acme-support", "AcmeSupport", id="words"),
        pytest.param("Café Ärger & Söhne", "cafe-arger-sohne", "CafeArgerSohne", id="accents go"),
        pytest.param(
            "Straße Łódź Ærø", "strasse-lodz-aero", "StrasseLodzAero", id="letters that decompose not"
        ),
        pytest.param("Joe's Pizza", "joes-pizza", "JoesPizza", id="an apostrophe parts no word"),
        pytest.param("Ⓐcme Ⅻ", "acme-xii", "AcmeXII", id="ringed letters, and digits that are letters"),
        pytest.param("McDonald iPhone", "mcdonald-iphone", "McDonaldIPhone", id="capitals inside stay"),
        pytest.param(
            "--A.B  c--", "a-b-c", "ABc".replace("c", "C") + "3210", id="what is no letter parts words"
        ),
        pytest.param("Bob", "bob", "Bob3210", id="a short name is padded"),
        pytest.param("B", "b", "B43210", id="with as many digits as it needs"),
        pytest.param("Kiosk6", "kiosk6", "Kiosk6", id="six are enough"),
        pytest.param("बेकरी", "app-3210", "App3210", id="no Latin letter"),
        pytest.param("", "app-3210", "App3210", id="nothing"),
        pytest.param("Caffè मुंबई", "caffe", "Caffe3210", id="what cannot be written is left out"),
        pytest.param("x" * 400, "x" * 134, "X" + "x" * 133, id="clipped, with room for a phone"),
        pytest.param("x" * 133 + " yz", "x" * 133, "X" + "x" * 132 + "Y", id="no '-' at the end"),
    ],
)
def test_names(display: str, manifest: str, app: str) -> None:
    assert manifest_name(display, PHONE) == manifest
    assert app_name(display, PHONE) == app


def test_names_to_try_hold_more_and_more_of_the_phone() -> None:
    assert manifest_names("Bob's", PHONE) == ("bobs", "bobs-3210", f"bobs-{PHONE}")
    assert manifest_names("ब", PHONE) == ("app-3210", f"app-{PHONE}")
    assert app_names("Acme Ltd", PHONE) == ("AcmeLtd", "AcmeLtd3210", f"AcmeLtd{PHONE}")
    assert app_names("Bob", PHONE) == ("Bob3210", f"Bob{PHONE}")


def test_a_manifest_without_phone_has_a_name() -> None:
    assert manifest_names("Order events") == ("order-events",)
    assert manifest_name("!") == "app"


@given(st.text(), PHONES)
def test_every_name_is_legal_and_the_same_each_time(display: str, phone: str) -> None:
    for name in manifest_names(display, phone):
        assert re.fullmatch(r"[a-z0-9](?:[-a-z0-9]{0,148}[a-z0-9])?", name)
    for name in app_names(display, phone):
        assert re.fullmatch(r"[A-Za-z0-9]{6,150}", name)
    assert manifest_names(display, phone) == manifest_names(display, phone)
    assert manifest_names(display, phone)[-1].endswith(phone)
    assert app_names(display, phone)[-1].endswith(phone)
