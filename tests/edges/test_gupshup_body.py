"""Whatever the bytes are, they become a value or Malformed."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.edges.gupshup.body import Json, Malformed, decode, flag, number, text, text_or_none
from controller.edges.gupshup.shapes import moment, phone


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param(b"", "empty", id="nothing"),
        pytest.param(b" \n", "empty", id="space only"),
        pytest.param(b"<html>", "not JSON", id="a web page"),
        pytest.param(b'{"a":', "not JSON", id="cut off"),
        pytest.param(b'{"a":1}{"a":2}', "not JSON", id="two documents"),
        pytest.param(b"\xef\xbb\xbf{}", "not JSON", id="a byte order mark"),
        pytest.param("{}".encode("utf-16"), "not UTF-8", id="UTF-16"),
        pytest.param(b'{"a":"\xff"}', "not UTF-8", id="Latin-1"),
        pytest.param(b'{"a":NaN}', "NaN", id="NaN"),
        pytest.param(b"[-Infinity]", "NaN", id="an infinity"),
        pytest.param(b"[1e999]", "absurd", id="an infinity in disguise"),
        pytest.param(b"[" + b"9" * 21 + b"]", "absurd", id="a huge number"),
        pytest.param(b"[" + b"9" * 100_000 + b"]", "absurd", id="a number that Python refuses"),
        pytest.param(b'{"a":1,"a":1}', "repeats", id="a key twice"),
        pytest.param(b'[{"a":{"b":1,"b":2}}]', "repeats", id="a key twice, deep inside"),
        pytest.param(b"[" * 100_000, "nested", id="deep and open"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, "nested", id="deep and closed"),
        pytest.param(b'{"a":' * 100_000, "nested", id="deep objects"),
    ],
)
def test_a_body_that_is_no_clean_json_is_malformed(content: bytes, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        decode(content)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_of_a_body_raise_nothing_but_malformed(content: bytes) -> None:
    with suppress(Malformed):
        decode(content)


@pytest.mark.parametrize("value", ["a\0b", "\ud800", True, 1.5, [], {}, None])
def test_a_value_that_is_no_text_is_malformed(value: Json) -> None:
    with pytest.raises(Malformed):
        text(value, "it")


@pytest.mark.parametrize(("value", "wanted"), [(None, None), ("", None), ("x", "x"), (0, "0")])
def test_an_optional_text_may_be_missing(value: Json, wanted: str | None) -> None:
    assert text_or_none(value, "it") == wanted


@pytest.mark.parametrize(
    ("value", "wanted"), [(None, True), (False, False), ("True", True), ("false", False)]
)
def test_a_flag_may_be_a_text(value: Json, wanted: bool) -> None:  # noqa: FBT001  (it is the value)
    assert flag(value, "it", default=True) is wanted


@pytest.mark.parametrize("value", [0, 1, "yes", "", []])
def test_a_value_that_is_no_flag_is_malformed(value: Json) -> None:
    with pytest.raises(Malformed):
        flag(value, "it", default=False)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (7, 7),
        ("7", 7),
        (0, 0),
        (-1, None),
        (True, None),
        ("-1", None),
        ("٣", None),
        ("9" * 21, None),
        (None, None),
    ],
)
def test_a_number_may_be_a_text(value: Json, wanted: int | None) -> None:
    assert number(value) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        pytest.param(1_636_986_446_609, 1_636_986_446.609, id="milliseconds"),
        pytest.param(1_636_986_446, 1_636_986_446.0, id="seconds"),
        pytest.param("1636986446609", 1_636_986_446.609, id="a text"),
        pytest.param(1_636_986_446_609.0, 1_636_986_446.609, id="a float"),
        pytest.param(0, None, id="zero is no moment"),
        pytest.param(10**19, None, id="absurd"),
        pytest.param("soon", None, id="a word"),
    ],
)
def test_a_timestamp_is_read_in_seconds(value: Json, wanted: float | None) -> None:
    assert moment(value) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("919876543210", "919876543210"),
        (919876543210, "919876543210"),
        ("+91 98765-43210", "919876543210"),
        ("NA", None),
        ("", None),
        (None, None),
        ("call me", "call me"),
    ],
)
def test_a_phone_is_digits_as_manifests_write_it(value: Json, wanted: str | None) -> None:
    assert phone(value) == wanted
