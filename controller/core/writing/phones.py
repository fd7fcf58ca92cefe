"""Phone numbers as people write them: their digits, and whether the numbering plan of a country knows them.

A link with a wrong number cannot be undone. So a number that says itself that it is international, by + or
00, is taken as it is, with a doubt if no country has such numbers. Any other is a guess, and has to be one.
"""

import re
import unicodedata

from phonenumbers import NumberParseException, is_valid_number, parse

_SHAPE = re.compile(r"\(?(\+|00)?(\d+(?:[ ().-]+\d+)*)\)?")
_SEPARATORS = frozenset(" ().-")
_DECIMAL = re.compile(r"\+?\d+[.,]\d\d?")
_ROUNDED = re.compile(r"\d+(?:[.,]\d+)?E\+?\d+", re.IGNORECASE)
_LENGTH = range(8, 16)
_EXAMPLE = "for example +91 98765 43210"

ROUNDED = "was rounded by a spreadsheet; make its column a text"


class NoPhone(Exception):
    """Why a text is taken for no phone number."""


def is_rounded(text: str) -> bool:
    """Return whether a spreadsheet wrote a long number with an exponent: its last digits are lost."""
    return _ROUNDED.fullmatch(text) is not None


def typed_phone(text: str) -> str:
    """Return the digits of a text such as `+91 98765-43210` or `0044 (0)20 7946 0000`. Raises NoPhone."""
    plain = _plain(text)
    shape = _SHAPE.fullmatch(plain.replace("(0)", " "))
    if shape is None or _DECIMAL.fullmatch(plain):
        raise NoPhone(_misshapen(plain))
    international, number = shape[1] is not None, "".join(filter(str.isdigit, shape[2]))
    if number.startswith("0"):
        raise NoPhone(f"lacks its country code; write + and the country code first, {_EXAMPLE}")
    if not international and not shape[2].isdigit():
        raise NoPhone(f"does not begin with + or 00; write + and the country code first, {_EXAMPLE}")
    if len(number) not in _LENGTH:
        raise NoPhone(f"must have 8 to 15 digits, country code included; found {len(number)}")
    if not international and (doubt := doubt_of(number)):
        raise NoPhone(f"{doubt}; write + and the country code first, {_EXAMPLE}")
    return number


def doubt_of(number: str) -> str:
    """Return why *number*, its country code first, may be wrong, "" if its country has such numbers."""
    try:
        parsed = parse(f"+{number}")
    except NumberParseException:
        return "begins with no country code"
    known = is_valid_number(parsed)
    return "" if known else f"is no number that +{parsed.country_code} is known to have"


def _plain(text: str) -> str:
    """Return *text* in ASCII as far as it means digits, dashes and spaces. Invisible marks are left out."""
    return "".join(_plain_sign(char) for char in text).strip()


def _plain_sign(char: str) -> str:
    match unicodedata.category(char):
        case "Zs":
            return " "
        case "Pd":
            return "-"
        case "Cf":
            return ""
        case "Nd":
            return str(unicodedata.decimal(char))
        case _:
            return char


def _misshapen(plain: str) -> str:
    if is_rounded(plain):
        return ROUNDED
    if _DECIMAL.fullmatch(plain):
        return "is a decimal, as a spreadsheet writes a number; make its column a text"
    wrong = next(
        (char for char in plain.removeprefix("+") if not char.isdigit() and char not in _SEPARATORS), ""
    )
    found = f': "{wrong}" is no digit' if wrong else ""
    return f"is no phone number{found}; write digits with spaces, - ( ) or . between them, {_EXAMPLE}"
