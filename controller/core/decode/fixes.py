"""Fixes: the value that was probably meant, as it would be typed, or None if it is not known."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping

from controller.core.closest import closest
from controller.core.decode.quoting import quoted
from controller.core.decode.scalars import core, doubtful, whole

_PHONE = re.compile(r"[1-9][0-9]{7,14}\Z")
_AMOUNT = re.compile(r"([0-9]{1,6}) ?([a-z]{1,8})\Z")
_PACE = re.compile(r"([1-9][0-9]{0,4}) ?(?:/|per) ?([a-z]{1,8})\Z")
_UNITS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "d"),
}
_WINDOWS = {"s": "s", "m": "min", "h": "h"}
_TRUTH = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}
_LONGEST = 200
_BARE = re.compile(r"0{0,3}[1-9][0-9]{0,4}\Z")


def digits(text: str) -> str:
    """Return the digits of *text*; digits of other scripts become ASCII."""
    return "".join(str(unicodedata.digit(one)) for one in text if unicodedata.digit(one, None) is not None)


def phone(text: str) -> str | None:
    """Return `+91 98765-43210` or `0091…` as digits with the country code; None if there are letters."""
    if any(one.isalpha() for one in text):
        return None
    number = digits(text)
    number = number.removeprefix("00")
    return quoted(number) if _PHONE.match(number) else None


def waba(text: str) -> str | None:
    number = digits(text)
    stripped = re.sub(r"[\s-]", "", text)
    return quoted(number) if len(number) == len(stripped) and re.match(r"[0-9]{5,25}\Z", number) else None


def plain(text: str) -> str:
    """Return *text* as it is typed: in quotes if YAML would read a number, a boolean or a date."""
    return quoted(text) if doubtful(text) or core(text) != text else text


def app_name(text: str) -> str | None:
    bare = re.sub(r"[^A-Za-z0-9]", "", text)
    return plain(bare) if text.isascii() and re.match(r"[A-Za-z0-9]{6,150}\Z", bare) else None


def name(text: str) -> str | None:
    bare = re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")
    return plain(bare) if bare and text.isascii() and len(bare) <= 150 else None  # noqa: PLR2004  (the schema's figure)


def duration(text: str) -> str | None:
    match = _AMOUNT.match(text.strip().lower())
    unit = _UNITS.get(match[2]) if match else None
    return f"{int(match[1])}{unit}" if match and unit and int(match[1]) else None


def pace(text: str) -> str | None:
    match = _PACE.match(text.strip().lower())
    window = _WINDOWS.get(_UNITS.get(match[2], "")) if match else None
    return f"{match[1]}/{window}" if match and window else None


def ceiling(text: str) -> str | None:
    bare = text.replace(" ", "")
    bare = whole(bare) or bare
    return bare if re.match(r"(?:0|[1-9][0-9]{0,5}|(?:100|[1-9]?[0-9])%)\Z", bare) else None


def uuid(text: str) -> str | None:
    bare = re.sub(r"[^0-9a-f]", "", text.lower())
    if len(bare) != 32 or re.search(r"[g-z]", text.lower()):  # noqa: PLR2004  (digits of a UUID)
        return None
    return f"{bare[:8]}-{bare[8:12]}-{bare[12:16]}-{bare[16:20]}-{bare[20:]}"


_BY_RULE: Mapping[str, Callable[[str], str | None]] = {
    "GS307": name,
    "GS320": duration,
    "GS321": pace,
    "GS322": ceiling,
    "GS401": app_name,
    "GS402": phone,
    "GS403": waba,
    "GS404": uuid,
}


def fix(rule: str, raw: str | None, unit: str = "") -> str | None:
    """Return the value that would keep *rule*, made from *raw*, the text as typed, or None.

    *unit* is the unit that a bare number most probably lacks.
    """
    if unit and raw and _BARE.match(raw):
        return f"{int(raw)}{unit}"
    make = _BY_RULE.get(rule)
    return make(raw) if make and raw and len(raw) <= _LONGEST else None


def choice(typed: object, allowed: Iterable[object]) -> str | None:
    """Return the allowed value nearest to *typed*, None if none is near."""
    names = [str(one) for one in allowed]
    text = str(typed) if isinstance(typed, (str, int)) else ""
    text = whole(text) or text
    return text if text in names else closest(text, names)


def truth(raw: str | None) -> str | None:
    return _TRUTH.get((raw or "").lower())


def listed(raw: str | None) -> str | None:
    """Return a list of the words of a scalar: `SENT, READ` becomes `[SENT, READ]`."""
    words = re.findall(r"[A-Za-z_]{1,40}", raw or "")
    return f"[{', '.join(words)}]" if words and len(raw or "") <= _LONGEST else None
