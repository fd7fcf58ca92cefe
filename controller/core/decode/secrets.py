"""Secrets, known by their shape or by their key: an error in a manifest, and never shown."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_SHAPE = re.compile(
    r"\bsk_[0-9a-f]{32}\b"
    r"|(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{8,4096}(?:\.[A-Za-z0-9_-]{0,4096})?"
    r"|-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----"
    r"|\bgh[pousr]_[A-Za-z0-9]{30,255}"
    r"|\bglpat-[A-Za-z0-9_-]{20,64}"
    r"|\bxox[abprs]-[A-Za-z0-9-]{10,128}"
    r"|\bAKIA[0-9A-Z]{16}\b"
    r"|\bBearer +[A-Za-z0-9._~+/-]{16,4096}"
)
_MARKS = ("sk_", "eyJ", "BEGIN", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "glpat-", "xox", "AKIA", "Bearer")
_KEYS = frozenset(
    {
        "accesstoken",
        "apikey",
        "appsecret",
        "apptoken",
        "authorization",
        "authtoken",
        "clientsecret",
        "partnertoken",
        "passphrase",
        "passwd",
        "password",
        "privatekey",
        "pwd",
        "refreshtoken",
        "secret",
        "secretkey",
        "token",
        "webhooksecret",
    }
)
_HINT = re.compile(r"pass|secret|token|key|auth|pwd", re.IGNORECASE)
_NOT_SECRET = frozenset({("spec", "limits", "token")})


class Leak(NamedTuple):
    """The beginning of a literal that looks like a secret, counted in characters of the text."""

    start: int


def leaks(text: str) -> Iterator[Leak]:
    """Yield each literal with the shape of a secret, comments included."""
    if any(mark in text for mark in _MARKS):  # cheap, and false for nearly every file
        yield from (Leak(match.start()) for match in _SHAPE.finditer(text))


def mask(text: str) -> str:
    """Return *text* with `***` for each literal of the shape of a secret."""
    return _SHAPE.sub("***", text)


def hinted(text: str) -> bool:
    """Return whether *text* may hold a key that is named like a secret."""
    return _HINT.search(text) is not None


def literal_paths(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the paths of literals under a key that is named like a secret."""
    if isinstance(value, dict):
        for key, child in value.items():
            here = (*path, key)
            if _is_literal(child) and names_secret(key) and here not in _NOT_SECRET:
                yield here
            yield from literal_paths(child, here)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from literal_paths(child, (*path, index))


def names_secret(key: str) -> bool:
    """Return whether *key* is a usual name for a secret."""
    return key[:64].lower().replace("_", "").replace("-", "") in _KEYS


def _is_literal(value: object) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool) and value != ""
