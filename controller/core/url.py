"""URLs in normal form (RFC 3986, section 6.2): two with equal normal forms differ in their spelling only."""

import ipaddress
import re
import unicodedata
from functools import lru_cache
from urllib.parse import quote, unquote

_URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<path>[^?#]*)(?P<rest>.*)\Z",
    re.IGNORECASE | re.DOTALL,
)
_AUTHORITY = re.compile(r"(?P<user>.*@)?(?P<host>\[[^\]]*\]|[^:@\[\]]*)(?::(?P<port>[0-9]*))?\Z", re.DOTALL)
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
_LEGAL = "%:/?#[]@!$&'()*+,;="
_DEFAULTS = {"http": "80", "https": "443"}


def same(one: str, other: str) -> bool:
    """Return whether two URLs are the same one, whatever their spelling.

    The order of a query's fields is no spelling: no rule says that the order means nothing.
    """
    return one == other or normal(one) == normal(other)


@lru_cache(maxsize=16_384)
def normal(url: str) -> str:
    """Return *url* in normal form. A text that is no URL with a host is returned as it is."""
    parts = _URL.match(url)
    if parts is None:
        return url
    scheme = parts["scheme"].lower()
    path, rest = _without_dots(_escaped(parts["path"])), _escaped(parts["rest"])
    return f"{scheme}://{_authority(parts['authority'], scheme)}{path}{rest}"


def _authority(text: str, scheme: str) -> str:
    parts = _AUTHORITY.match(text)
    if parts is None:
        return text
    port = (parts["port"] or "").lstrip("0")
    shown = "" if port in {"", _DEFAULTS.get(scheme)} else f":{port}"
    return f"{_escaped(parts['user'] or '')}{_host(parts['host'])}{shown}"


def _host(host: str) -> str:
    """Return a host in lower case, an address in its short form, a name that is not ASCII as in DNS."""
    if host.startswith("["):
        return _literal(host.lower())
    labels = unicodedata.normalize("NFC", unquote(host).lower()).split(".")
    return quote(".".join(_label(each) for each in labels), safe="")


def _literal(host: str) -> str:
    try:
        return f"[{ipaddress.IPv6Address(host[1:-1])}]"
    except ValueError:
        return host


def _label(label: str) -> str:
    return label if label.isascii() else f"xn--{label.encode('punycode').decode()}"


def _escaped(text: str) -> str:
    """Escape what must be escaped and nothing else, with digits in upper case."""
    return _ESCAPE.sub(_escape, quote(text, safe=_LEGAL))


def _escape(escape: re.Match[str]) -> str:
    char = chr(int(escape.group()[1:], 16))
    return char if _UNRESERVED.match(char) else escape.group().upper()


def _without_dots(path: str) -> str:
    """Return *path* without `.` and `..` (section 5.2.4); an empty one is `/`."""
    kept: list[str] = []
    for segment in path.split("/")[1:]:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if path.endswith(("/.", "/..")):
        kept.append("")
    return "/" + "/".join(kept)
