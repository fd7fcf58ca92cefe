"""What others wrote can be shown: nothing in it steers a terminal, and no secret is left in any form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.model.secret import Secret
from controller.model.text import escape, mask
from tests.builders.secret import FORMS, VALUE


@given(st.text())
def test_escaping_makes_text_printable_and_keeps_printable_text(text: str) -> None:
    assert escape(text).isprintable()
    assert escape(escape(text)) == escape(text)
    escape(text).encode()
    if text.isprintable():
        assert escape(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("\x1b[2J", "\\x1b[2J", id="a terminal's command"),
        pytest.param("a\nb", "a\\nb", id="a line's end"),
        pytest.param("\u202e", "\\u202e", id="what turns words round"),
        pytest.param("\udc1b", "\\udc1b", id="a lost surrogate"),
        pytest.param("\U000e0001", "\\U000e0001", id="a tag"),
    ],
)
def test_an_escape_shows_which_character_it_replaces(text: str, shown: str) -> None:
    assert escape(text) == shown


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_masked_in_every_form_and_in_parts(form: str) -> None:
    masked = mask(f"you sent {form} to us", [Secret(VALUE)])
    assert masked.startswith("you sent ")
    assert masked.endswith("to us")
    assert not any(form[i : i + 12] in masked for i in range(len(form) - 11) if form[i : i + 12] in VALUE)


@pytest.mark.parametrize(
    ("secret", "shortest", "masked"),
    [
        pytest.param("hi", 1, "***, a word", id="a short one"),
        pytest.param("hi", 4, "hi, a word", id="one that may be part of any word"),
        pytest.param("", 1, "hi, a word", id="none"),
    ],
)
def test_a_secret_is_masked_from_its_shortest_length_on(secret: str, shortest: int, masked: str) -> None:
    assert mask("hi, a word", [Secret(secret)], shortest=shortest) == masked
