"""Gupshup's words reach a person short, printable, and without a secret in any form."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.edges.gupshup.redact import redact
from controller.model.secret import Secret
from tests.builders.secret import FORMS, VALUE

CANARY = Secret(VALUE)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        pytest.param("Bot Already Exists", "Bot Already Exists", id="as it is"),
        pytest.param("\x1b[31mred\x1b[0m", "red", id="no colours"),
        pytest.param("\x1b]8;;http://x\x07link\x1b]8;;\x07", "link", id="no terminal links"),
        pytest.param("a\r\nb\tc\x00d", "a b c d", id="one line"),
        pytest.param("a\u202eb\u200bc\ud800d", "a b c d", id="nothing unseen"),
        pytest.param("x" * 300, "x" * 199 + "…", id="clipped"),
        pytest.param("", "", id="nothing"),
        pytest.param(" \n", "", id="space"),
        pytest.param("key sk_0123456789abcdef", "key ***", id="what looks like an app token"),
        pytest.param("jwt eyJhbGciOiJI.eyJwYXls.sig-x_y!", "jwt ***!", id="what looks like a JWT"),
    ],
)
def test_words_of_gupshup_are_made_short_and_printable(said: str, wanted: str) -> None:
    assert redact(said) == wanted


@pytest.mark.parametrize(
    "form",
    [
        *FORMS,
        base64.b64encode(b"u@x:" + VALUE.encode() + b"!").decode(),
        base64.b64encode(b"me@x:" + VALUE.encode()).decode(),
        f"Bearer {VALUE}",
    ],
)
def test_a_secret_is_masked_in_every_form_and_in_parts(form: str) -> None:
    masked = redact(f"you sent {form} to us", [CANARY])

    assert masked.startswith("you sent ")
    assert masked.endswith("to us")
    assert "***" in masked
    assert not any(form[i : i + 12] in masked for i in range(len(form) - 11) if form[i : i + 12] in VALUE)


def test_a_short_secret_is_masked_whole_and_a_tiny_one_is_left() -> None:
    assert redact("pin 4711 is a", [Secret("4711"), Secret("a"), Secret("")]) == "pin *** is a"


def test_a_secret_that_begins_another_one_leaves_no_end_of_it() -> None:
    assert redact("it was abcdefghij.", [Secret("abcdefg"), Secret("abcdefghij")]) == "it was ***."


def test_a_token_given_with_its_scheme_is_masked_without_it() -> None:
    assert redact("you sent abc.def-12", [Secret("Bearer abc.def-12")]) == "you sent ***"


def test_a_secret_at_the_clip_leaves_no_part_behind() -> None:
    assert "p4ss" not in redact("x" * 190 + " " + VALUE, [CANARY])


def test_joining_spaces_completes_no_secret() -> None:
    assert redact("abcdef  ghijkl", [Secret("abcdef ghijkl")]) == "***"


@given(st.text(max_size=400), st.text(max_size=40))
def test_any_words_become_one_short_printable_line(said: str, secret: str) -> None:
    line = redact(said, [Secret(secret)])

    assert len(line) <= 200
    assert line.isprintable()
    if len(secret) >= 12:
        assert secret not in line
