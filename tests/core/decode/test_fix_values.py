"""What is offered instead of a value that is wrong: the one that was meant, or nothing."""

import pytest

from controller.core.decode.fixes import choice, fix, listed, truth

HEX = "0123456789abcdef0123456789abcdef"
UUID = "01234567-89ab-cdef-0123-456789abcdef"
NAME, DURATION, PACE, CEILING = "GS307", "GS320", "GS321", "GS322"
APP_NAME, PHONE, WABA, APP_ID = "GS401", "GS402", "GS403", "GS404"


@pytest.mark.parametrize(
    ("rule", "raw", "meant"),
    [
        pytest.param(WABA, "1098 7654-3210", '"109876543210"', id="an id with gaps"),
        pytest.param(WABA, "waba 109876543210", None, id="an id with words"),
        pytest.param(WABA, "1234", None, id="too short for an id"),
        pytest.param(WABA, "1" * 26, None, id="too long for an id"),
        pytest.param(APP_NAME, "Acme Support_2", "AcmeSupport2", id="an app name with gaps"),
        pytest.param(APP_NAME, "acme!", None, id="an app name too short without its mark"),
        pytest.param(APP_NAME, "Größe-Support", None, id="an app name in another script"),
        pytest.param(APP_NAME, "A" * 150 + "-", "A" * 150, id="an app name as long as may be"),
        pytest.param(APP_NAME, "A" * 151, None, id="an app name too long"),
        pytest.param(NAME, "-acme_north!!eu-", "acme-north-eu", id="a name with other marks"),
        pytest.param(NAME, "größe", None, id="a name in another script"),
        pytest.param(NAME, "___", None, id="a name of marks alone"),
        pytest.param(NAME, "a" * 150 + "!", "a" * 150, id="a name as long as may be"),
        pytest.param(NAME, "a" * 151, None, id="a name too long"),
        pytest.param(DURATION, " 45 Minutes ", "45m", id="minutes in full"),
        pytest.param(DURATION, "007 hrs", "7h", id="hours with noughts"),
        pytest.param(DURATION, "0s", None, id="no time at all"),
        pytest.param(DURATION, "5 weeks", None, id="a unit that is none"),
        pytest.param(DURATION, "soon", None, id="no number"),
        pytest.param(PACE, "5 per Minute", "5/min", id="a pace in words"),
        pytest.param(PACE, "10/sec", "10/s", id="a pace a second"),
        pytest.param(PACE, "5/day", None, id="a window that is none"),
        pytest.param(PACE, "5/fortnight", None, id="no window at all"),
        pytest.param(PACE, "fast", None, id="no pace"),
        pytest.param(CEILING, "20 %", "20%", id="a share with a gap"),
        pytest.param(CEILING, "120%", None, id="more than all"),
        pytest.param(CEILING, "many", None, id="no ceiling"),
        pytest.param(CEILING, "+05", "5", id="a ceiling with a sign and a nought"),
        pytest.param(CEILING, "1_000", "1000", id="a ceiling with a gap that some languages allow"),
        pytest.param(CEILING, "010", None, id="a ceiling that is two numbers"),
        pytest.param(CEILING, "-1", None, id="a ceiling below nothing"),
        pytest.param(CEILING, "0" * 31, None, id="a number that is too long to be one"),
        pytest.param(APP_ID, HEX.upper(), UUID, id="an id without its dashes"),
        pytest.param(APP_ID, f"{{{UUID}}}", UUID, id="an id in braces"),
        pytest.param(APP_ID, HEX + "0", None, id="an id with a digit too many"),
        pytest.param(APP_ID, HEX + "-z", None, id="an id with a letter that is no digit"),
        pytest.param(PHONE, "+91 98765-43210", '"919876543210"', id="a phone as people write it"),
        pytest.param("GS999", "anything", None, id="a rule without a remedy"),
        pytest.param(NAME, None, None, id="nothing typed"),
        pytest.param(PHONE, "9" * 8 + " " * 192, '"99999999"', id="200 characters are looked at"),
        pytest.param(PHONE, "9" * 8 + " " * 193, None, id="more are not"),
    ],
)
def test_a_suggestion_is_the_value_that_was_probably_meant(
    rule: str, raw: str | None, meant: str | None
) -> None:
    assert fix(rule, raw) == meant


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        pytest.param("30", "30s", id="a bare number"),
        pytest.param("007", "7s", id="with noughts"),
        pytest.param("0", None, id="nought"),
        pytest.param("123456", None, id="too many digits"),
        pytest.param("5 min", "5m", id="with a unit of its own"),
    ],
)
def test_a_bare_number_gets_the_unit_that_it_most_probably_lacks(raw: str, meant: str | None) -> None:
    assert fix(DURATION, raw, "s") == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        pytest.param("3", "3", id="a text for a number"),
        pytest.param(3, "3", id="the number itself"),
        pytest.param("2.0", "2", id="with a nought behind it"),
        pytest.param("-0x3", None, id="below nothing"),
        pytest.param("0_2", "2", id="with a gap"),
        pytest.param(["SENT"], None, id="a list is no choice"),
        pytest.param("Always", "always", id="in another case"),
    ],
)
def test_a_misspelt_choice_is_corrected_to_the_nearest_one(typed: object, meant: str | None) -> None:
    assert choice(typed, [1, 2, 3, "always"]) == meant


@pytest.mark.parametrize(
    ("raw", "meant"), [("Yes", "true"), ("OFF", "false"), ("maybe", None), ("", None), (None, None)]
)
def test_a_boolean_in_another_word_is_corrected(raw: str | None, meant: str | None) -> None:
    assert truth(raw) == meant


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        pytest.param("Sent, READ_all", "[Sent, READ_all]", id="words with commas"),
        pytest.param("123", None, id="no words"),
        pytest.param(None, None, id="nothing"),
        pytest.param("a" + " " * 199, "[a]", id="200 characters are looked at"),
        pytest.param("a" + " " * 200, None, id="more are not"),
    ],
)
def test_words_in_one_text_are_corrected_to_a_list(raw: str | None, meant: str | None) -> None:
    assert listed(raw) == meant
