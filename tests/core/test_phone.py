"""Phones are masked wherever others read along."""

import pytest

from controller.model.phone import masked, without_phones


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("phone 919876543210 is taken", "phone 91******3210 is taken", id="a phone"),
        pytest.param("+919876543210, again", "+91******3210, again", id="with its plus"),
        pytest.param("waited 1234567 s at 1.5", "waited 1234567 s at 1.5", id="a shorter number"),
        pytest.param(
            "app 7f9c1234-0000-4000-8000-000000000001", "app 7f9c1234-0000-4000-8000-000000000001", id="an id"
        ),
        pytest.param("1234567890123456 is none", "1234567890123456 is none", id="a longer number"),
        pytest.param("revision 0f12345678ab", "revision 0f12345678ab", id="inside a word"),
    ],
)
def test_numbers_as_long_as_phones_are_masked(text: str, told: str) -> None:
    assert without_phones(text) == told


def test_a_short_phone_number_is_not_shown_whole() -> None:
    assert masked("12345678") == "12**5678"
    assert masked("123456") == "12*3456"
