"""Hosts of webhooks: the host in a URL that Gupshup shows, and the patterns of a Partner that allow hosts."""

import ipaddress
import re
import unicodedata
from collections.abc import Iterable

_URL = re.compile(r"[a-z][a-z0-9+.-]*://(?P<authority>[^/?#]*)", re.IGNORECASE)
_AUTHORITY = re.compile(r"(?:.*@)?(?P<host>\[[0-9a-f:.]+\]|[^:@\[\]]+)(?::[0-9]*)?\Z", re.DOTALL)
_LABEL = re.compile(r"[a-z0-9_](?:[-a-z0-9_]{0,61}[a-z0-9_])?\Z")
_LONGEST = 253
_DOUBTFUL = frozenset("\\\u3002")
"""A backslash and an ideographic full stop: they end a host, or a label, for some readers only."""


def host_of(url: str) -> str:
    """Return the host of *url* as DNS spells it, in lower case and without a port.

    Return "" if *url* has no host, or if two readers could see two different hosts in it.
    """
    match = _URL.match(url)
    if match is None:
        return ""
    authority = unicodedata.normalize("NFC", match["authority"]).lower()
    if unicodedata.normalize("NFKC", authority).lower() != authority:
        return ""  # a letter that some readers take for another one, or for a dot
    parts = _AUTHORITY.match(authority)
    return "" if parts is None or not _DOUBTFUL.isdisjoint(authority) else _name(parts["host"])


def is_allowed(host: str, patterns: Iterable[str]) -> bool:
    """Return whether one of *patterns* allows *host*: `*.` is one or more labels. "" is never allowed."""
    return bool(host) and any(_matches(host, pattern) for pattern in patterns)


def _matches(host: str, pattern: str) -> bool:
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern


def _name(host: str) -> str:
    if host.startswith("["):
        return _literal(host)
    labels = [_label(each) for each in host.removesuffix(".").split(".")]
    name = ".".join(labels)
    return name if len(name) <= _LONGEST and all(_LABEL.match(label) for label in labels) else ""


def _literal(host: str) -> str:
    try:
        return f"[{ipaddress.IPv6Address(host[1:-1])}]"
    except ValueError:
        return ""


def _label(label: str) -> str:
    return label if label.isascii() else f"xn--{label.encode('punycode').decode()}"
