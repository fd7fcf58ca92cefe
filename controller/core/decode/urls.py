"""URLs that Gupshup calls, and the one of Gupshup itself. Only their text is checked."""

import ipaddress
import re
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from controller.model.source import Rules

LONGEST = 2_048
GUPSHUP = "https://partner.gupshup.io"


class UrlProblem(NamedTuple):
    """The problem of a URL. The message never repeats the URL."""

    rule: str
    message: str
    fix: str | None = None


_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_WHOLE = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<rest>.*)\Z", re.IGNORECASE | re.DOTALL
)
_BARE = re.compile(r"(?:[a-z0-9][-a-z0-9]{0,62}\.){1,10}[a-z]{2,20}(?:/[^\s\\@<>\"`{}|^]*)?\Z", re.IGNORECASE)
_FOREIGN = re.compile(r"(?!https?:)[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
_ILLEGAL = re.compile(r"[^\x21-\x7e]|[\\<>\"`{}|^]|%(?![0-9A-Fa-f]{2})|%0[0ADad]", re.ASCII)
_OF_GUPSHUP = re.compile(
    r"(?:https?://)?(?:[a-z0-9-]+\.)*gupshup\.io(?::[0-9]{1,5})?(?:/[^@]*)?\Z", re.IGNORECASE
)
_HOST_PORT = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[^:\[\]]*)(?::(?P<port>[0-9]{0,9}))?\Z")
_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?\Z")
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)\Z")
_PRIVATE_ENDS = frozenset(
    {"localhost", "local", "internal", "intranet", "lan", "corp", "home", "private", "invalid"}
)
_PRIVATE_SUFFIXES = (".home.arpa", ".in-addr.arpa", ".ip6.arpa")
_LAB = "; for a simulator or a lab, set allowInsecureUrls: true in a Partner"
_GLOBAL = ipaddress.ip_network("2000::/3")
"""All of IPv6 that is routed. Old forms outside of it, such as ::127.0.0.1, may be this machine."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_HIGHEST_PORT = 65_535
_LONGEST_HOST = 253


class _Parts(NamedTuple):
    scheme: str
    host: str
    port: int | None
    rest: str


class _Origin(NamedTuple):
    text: str
    is_loopback: bool


@lru_cache(maxsize=4_096)
def url_problem(url: str, *, insecure: bool = False) -> UrlProblem | None:
    """Return what keeps Gupshup from calling *url*, or None. *insecure* allows http and private addresses."""
    parts = _parts(url)
    if isinstance(parts, UrlProblem):
        return parts
    if parts.scheme != "https" and not (insecure and parts.scheme == "http"):
        return _not_https(url, parts)
    if "#" in parts.rest:
        return UrlProblem("GS506", "must hold no fragment ('#'): it is never sent", url.partition("#")[0])
    return _host_flaw(parts.host, insecure=insecure)


def _not_https(url: str, parts: _Parts) -> UrlProblem:
    """Return the problem, with https as its fix. A private host gets none: a lab, or a wrong host."""
    message = f"must begin with https://; found {parts.scheme[:20]}:"
    if parts.scheme != "http":
        return UrlProblem("GS501", message)
    if _host_flaw(parts.host, insecure=False):
        return UrlProblem("GS501", f"{message}//, and its host cannot be reached either{_LAB}")
    return UrlProblem("GS501", message, f"https{url[4:]}")


def upstream(url: str, rules: Rules) -> str | UrlProblem:
    """Return the canonical origin of Gupshup's address, or the problem that the address is not allowed.

    A pull request must not send credentials to a host of its choice, nor to a port of this machine. Only the
    default, the environment's and the listed addresses are allowed, with https unless on loopback.
    """
    origin = _origin(url)
    if isinstance(origin, UrlProblem):
        return UrlProblem("GS803", origin.message, _meant(url) or origin.fix)
    allowed = {_origin(one) for one in (GUPSHUP, rules.url, *rules.allowed_urls)}
    if origin in allowed:
        return origin.text
    more = (
        f": set GUPSHUPCTL_ALLOW_URLS={origin.text} where a simulator is meant" if origin.is_loopback else ""
    )
    message = "credentials would go to an address that is neither Gupshup's, GUPSHUP_URL, nor listed in "
    return UrlProblem("GS803", f"{message}GUPSHUPCTL_ALLOW_URLS{more}", _meant(url))


def on_loopback(url: str) -> bool:
    """Return whether an address of Gupshup's is on this machine: a simulator."""
    origin = _origin(url)
    return not isinstance(origin, UrlProblem) and origin.is_loopback


def _meant(url: str) -> str | None:
    """Return Gupshup's own address if *url* names a host of Gupshup's, in whatever form."""
    return GUPSHUP if _OF_GUPSHUP.match(url) else None


def _origin(url: str) -> _Origin | UrlProblem:
    parts = _parts(url)
    if isinstance(parts, UrlProblem):
        return parts
    default = {"https": 443, "http": 80}.get(parts.scheme)
    port = "" if parts.port in {None, default} else f":{parts.port}"
    origin = _Origin(f"{parts.scheme}://{parts.host}{port}", _is_loopback(parts.host))
    if parts.rest not in {"", "/"}:
        return UrlProblem("GS506", "must be an address without a path", origin.text)
    if default is None or (parts.scheme == "http" and not origin.is_loopback):
        return UrlProblem("GS501", "must begin with https:// (http:// on loopback only)")
    return origin


def _parts(url: str) -> _Parts | UrlProblem:
    if len(url) > LONGEST:
        return UrlProblem("GS506", f"must be at most {LONGEST:,} characters; found {len(url):,}")
    match = _WHOLE.match(url)
    if match is None or not match["authority"]:
        foreign = _FOREIGN.match(url)
        return (
            UrlProblem("GS501", "must begin with https://")
            if foreign
            else UrlProblem("GS506", "must begin with https://, as https://host/path does", _schemed(url))
        )
    if "@" in match["authority"]:
        return UrlProblem("GS502", "holds a user name or password (not shown)")
    illegal = _ILLEGAL.search(url)
    if illegal:
        hint = "; a variable is written ${app.name}" if illegal.group() in {"{", "}"} else ""
        where = f"(at character {illegal.start() + 1})"
        return UrlProblem("GS506", f"must not hold {_named(illegal.group())} {where}{hint}")
    return _split(match["scheme"].lower(), match["authority"].lower(), match["rest"])


def _schemed(url: str) -> str | None:
    """Return *url* with the https:// that it lacks, None if *url* has any other problem."""
    return f"https://{url}" if _BARE.match(url) else None


def _named(text: str) -> str:
    return f"'{text}'" if text.isascii() and text.isprintable() and text != " " else f"U+{ord(text[0]):04X}"


def _split(scheme: str, authority: str, rest: str) -> _Parts | UrlProblem:
    match = _HOST_PORT.match(authority)
    if match is None or not match["host"]:
        return UrlProblem("GS506", "must name a host, and at most one port")
    port = match["port"]
    if port is not None and not (port and 1 <= int(port) <= _HIGHEST_PORT):
        return UrlProblem("GS506", f"must have a port from 1 to {_HIGHEST_PORT}")
    return _Parts(scheme, match["host"], None if port is None else int(port), rest)


def _host_flaw(host: str, *, insecure: bool) -> UrlProblem | None:
    if host.endswith("."):
        return UrlProblem("GS506", "must have a host without a dot at its end")
    labels = host.split(".")
    address = _address(host)
    if address is None and _NUMBER.match(labels[-1]):
        return UrlProblem("GS503", "must name a host; this is an address in disguise")
    if address is None and (len(host) > _LONGEST_HOST or not all(_LABEL.match(label) for label in labels)):
        return UrlProblem("GS506", "must have a host of letters, digits, '-' and '.'")
    if insecure:
        return None
    return _unreachable(host, address)


def _unreachable(host: str, address: _Address | None) -> UrlProblem | None:
    if address is not None:
        old = isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL
        public = address.is_global and not address.is_multicast and not old
        return (
            None if public else UrlProblem("GS503", f"must not be a private, local or reserved address{_LAB}")
        )
    if "." not in host:
        return UrlProblem("GS503", f"must be a full host name: Gupshup cannot resolve a single word{_LAB}")
    if host.rpartition(".")[2] in _PRIVATE_ENDS or host.endswith(_PRIVATE_SUFFIXES):
        return UrlProblem(
            "GS503", f"must be a public host: names with this ending exist inside one network only{_LAB}"
        )
    return None


def _address(host: str) -> _Address | None:
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    embedded = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    return embedded or address


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)
