import pytest

from controller.core.writing.phones import NoPhone, doubt_of, typed_phone

PLUS = "write + and the country code first, for example +91 98765 43210"
SHAPE = "write digits with spaces, - ( ) or . between them, for example +91 98765 43210"
DECIMAL = "is a decimal, as a spreadsheet writes a number; make its column a text"
ROUNDED = "was rounded by a spreadsheet; make its column a text"


@pytest.mark.parametrize(
    "text",
    [
        "919876543210",
        "+919876543210",
        "00919876543210",
        "+91 98765 43210",
        "+91-98765-43210",
        "+91.98765.43210",
        "(+91) 98765 43210",
        "(0091) 98765 43210",
        "0091 (98765) 43210",
        "+91\u00a098765\u202f43210",
        "\u202a+91 98765\u201143210\u202c",
        "+\u096f\u0967 \u096f\u096e\u096d\u096c\u096b \u096a\u0969\u0968\u0967\u0966",
    ],
)
def test_phones_as_people_write_them(text: str) -> None:
    assert typed_phone(text) == "919876543210"


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        pytest.param("+44 (0)20 7946 0000", "442079460000", id="a trunk zero in brackets is left out"),
        pytest.param("+1.4155550100", "14155550100", id="the form of registries, with one dot"),
        pytest.param("+1 555 000 1111", "15550001111", id="a number of Meta's own, which no plan has"),
        pytest.param("+52 1 55 1234 5678", "5215512345678", id="Mexico as WhatsApp writes it"),
    ],
)
def test_a_number_with_a_plus_is_taken_as_it_is(text: str, digits: str) -> None:
    assert typed_phone(text) == digits


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("919876543777.0", DECIMAL, id="a decimal"),
        pytest.param("+919876543777.00", DECIMAL, id="a decimal with a plus"),
        pytest.param("919876543777,0", DECIMAL, id="a decimal comma"),
        pytest.param("9.19877E+11", ROUNDED, id="an exponent"),
        pytest.param("(415) 555-0100", f"does not begin with + or 00; {PLUS}", id="a national form"),
        pytest.param("91 98765 43210", f"does not begin with + or 00; {PLUS}", id="a code, or none"),
        pytest.param("4155550100", f"is no number that +41 is known to have; {PLUS}", id="of the US"),
        pytest.param("9876543888", f"is no number that +98 is known to have; {PLUS}", id="of India"),
        pytest.param("9991234567890", f"begins with no country code; {PLUS}", id="of no country"),
        pytest.param("098765 43210", f"lacks its country code; {PLUS}", id="a trunk zero"),
        pytest.param("+0171 1234567", f"lacks its country code; {PLUS}", id="a plus and a trunk zero"),
        pytest.param("+91 98765 4321O", f'is no phone number: "O" is no digit; {SHAPE}', id="a letter"),
        pytest.param("+91 98765/43210", f'is no phone number: "/" is no digit; {SHAPE}', id="a slash"),
        pytest.param("+91+98765 43210", f'is no phone number: "+" is no digit; {SHAPE}', id="a second plus"),
        pytest.param("+", f"is no phone number; {SHAPE}", id="a plus alone"),
        pytest.param("+91 98765 43210 -", f"is no phone number; {SHAPE}", id="a sign at the end"),
        pytest.param("12345", "must have 8 to 15 digits, country code included; found 5", id="short"),
    ],
)
def test_what_may_be_another_number_is_refused(text: str, why: str) -> None:
    with pytest.raises(NoPhone) as refused:
        typed_phone(text)
    assert str(refused.value) == why


def test_a_doubt_names_the_country_code() -> None:
    assert [doubt_of(each) for each in ("919876543210", "9198765432100", "9991234567890")] == [
        "",
        "is no number that +91 is known to have",
        "begins with no country code",
    ]
