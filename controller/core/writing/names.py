"""Names of new manifests and apps: from a customer's display name and phone, by rules that can be foretold.

Letters lose their accents (`é` is `e`, `ß` is `ss`); what is no Latin letter or digit then only parts words.
"""

import re
import unicodedata

SHORTEST_APP_NAME = 6
MOST = 150
_SHOWN = 4
_LONGEST_PHONE = 15
_INSIDE_WORDS = re.compile("['\u2019\u02bc`\u00b4]")
_WORD = re.compile(r"[A-Za-z0-9]+")
_LETTERS = str.maketrans({"\u00df": "ss", "\u1e9e": "SS", "\u0131": "i"}) | str.maketrans(
    {"æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "þ": "th", "Þ": "Th"}
    | {"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "ħ": "h", "Ħ": "H", "ŋ": "n", "Ŋ": "N"}
)
"""Latin letters that Unicode does not decompose."""


def manifest_name(display: str, phone: str = "") -> str:
    """Return the metadata.name for a display name: lower-case words with `-` between.

    `app-` and the last digits of *phone* if no word is left.
    """
    return manifest_names(display, phone)[0]


def manifest_names(display: str, phone: str = "") -> tuple[str, ...]:
    """Return the names to try, in this order: each later one holds more digits of *phone*."""
    name = _clipped("-".join(words(display)).lower(), "-")
    short, whole = phone[-_SHOWN:], phone
    if not name:
        return _unique(f"app-{short}".rstrip("-"), f"app-{whole}".rstrip("-"))
    return _unique(name, *(f"{name}-{digits}" for digits in (short, whole) if digits))


def app_name(display: str, phone: str) -> str:
    """Return the name at Gupshup for a display name: 6 to 150 letters and digits.

    The words stand together, each with a capital. A shorter name is padded with the last digits of *phone*.
    """
    return app_names(display, phone)[0]


def app_names(display: str, phone: str) -> tuple[str, ...]:
    """Return the names at Gupshup to try, in this order: each later one holds more digits of *phone*."""
    name = _clipped("".join(word[0].upper() + word[1:] for word in words(display))) or "App"
    padded = name + phone[-max(_SHOWN, SHORTEST_APP_NAME - len(name)) :]
    return _unique(*(each for each in (name, padded, name + phone) if len(each) >= SHORTEST_APP_NAME))


def words(display: str) -> list[str]:
    """Return the words of a text, of Latin letters and digits, without their accents."""
    plain = unicodedata.normalize("NFKD", _INSIDE_WORDS.sub("", display).translate(_LETTERS))
    return _WORD.findall("".join(char for char in plain if not unicodedata.combining(char)))


def _clipped(name: str, separator: str = "") -> str:
    """Clip a name, so that a whole phone can stand behind it."""
    return name[: MOST - _LONGEST_PHONE - 1].rstrip(separator or None)


def _unique(*names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
