"""Authentication: a token if one is set, else only callers on this machine. Other requests are refused."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from controller.edges.log_throttle import LogThrottle
from controller.edges.secrets import reveal
from controller.errors import Denied, Usage
from controller.model.manifest import FromEnv, FromFile
from controller.model.secret import Secret

HOOK_SECRET = "GUPSHUPCTL_HOOK_SECRET"  # noqa: S105  (the name of a variable)
SHORTEST = 32
MOST = 2
_SAFE = re.compile(r"[A-Za-z0-9._~-]+")
_MAKE_ONE = "make one with `openssl rand -hex 32`"
_HOST = re.compile(r"(?:\[(?P<six>[^\]]*)\]|(?P<name>[^:]*))(?::[0-9]*)?")
_ELSEWHERE = "without --auth-token-file this is served only under 127.0.0.1 and localhost"
_CHALLENGE = 'Basic realm="gupshup-controller", charset="UTF-8"'
_REFUSED = "request refused: no token, or a wrong one"


def refusal(path: str, words: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer to a refused request for *path*: JSON below /api/, else text."""
    if path.startswith("/api/"):
        return JSONResponse({"error": words}, status, headers)
    return PlainTextResponse(f"{words}\n", status, headers)


class Tokens:
    """The secrets that *read* returns: one, or while they are exchanged two, the old and the new one.

    If the secrets cannot be read any more, no token matches.
    """

    def __init__(self, read: Callable[[], Secret], name: str) -> None:
        self._read = read
        self._name = name
        self._wanted()

    def match(self, given: str) -> bool:
        """Return whether *given* is accepted. The time that this takes reveals nothing about the secrets."""
        try:
            wanted = self._wanted()
        except (Denied, Usage):
            return False
        digest = _digest(given)
        return any(hmac.compare_digest(digest, _digest(key)) for key in wanted)

    def _wanted(self) -> list[str]:
        keys = self._read().reveal().split()
        if not 1 <= len(keys) <= MOST:
            raise Usage(f"{self._name} must hold one secret, or two lines while secrets are exchanged")
        if any(len(key) < SHORTEST or not _SAFE.fullmatch(key) for key in keys):
            raise Usage(
                f"{self._name}: a secret is at least {SHORTEST} letters, digits, `-`, `_`, `.` or `~`; "
                f"{_MAKE_ONE}"
            )
        return keys


def hook_tokens(environ: Mapping[str, str]) -> Tokens | None:
    """Return the secrets of Gupshup's hook, None if no secret is set: there is no such hook then.

    Raises Usage if a secret is too short or does not fit into a URL, Denied if it cannot be read.
    """
    if not (environ.get(HOOK_SECRET) or environ.get(f"{HOOK_SECRET}_FILE")):
        return None
    return Tokens(lambda: reveal(FromEnv(HOOK_SECRET), environ), HOOK_SECRET)


def auth_tokens(path: str | None) -> Tokens | None:
    """Return the tokens for everything but health and hooks, from the file *path*; None without a file.

    Raises Usage if a token is too short, Denied if the file cannot be read.
    """
    return None if path is None else Tokens(lambda: reveal(FromFile(path), {}), f"the token file {path}")


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def require_token(
    routes: Iterable[BaseRoute], token: Tokens | None, throttle: LogThrottle
) -> list[Route | Mount]:
    """Return *routes*, each of which requires *token*. Other paths are answered without a token."""
    guarded: list[Route | Mount] = []
    for route in routes:
        if not isinstance(route, Route | Mount):
            raise TypeError(f"{type(route).__name__} cannot be guarded")
        route.app = RequireToken(route.app, token, throttle)
        guarded.append(route)
    return guarded


class RequireToken:
    """Requires *token*, as a bearer token or, for browsers, as the password of any user.

    With *token* None, only requests to this machine's own names are served: another site cannot read the
    answers through a browser here if its name points to this machine (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, token: Tokens | None, throttle: LogThrottle) -> None:
        self._app = app
        self._token = token
        self._throttle = throttle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = self._refused(scope["path"], Headers(scope=scope))
        await (refused or self._app)(scope, receive, send)

    def _refused(self, path: str, headers: Headers) -> Response | None:
        if self._token is None:
            here = _is_of_this_machine(headers.get("host", ""))
            return None if here else refusal(path, _ELSEWHERE, 421)
        if self._token.match(_presented(headers.get("authorization", ""))):
            return None
        self._throttle.warn(_REFUSED)
        return refusal(path, "a token is needed", 401, {"WWW-Authenticate": _CHALLENGE})


def _presented(authorization: str) -> str:
    scheme, _, value = authorization.partition(" ")
    match scheme.lower():
        case "bearer":
            return value.strip()
        case "basic":
            return _password(value.strip())
        case _:
            return ""


def _password(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def _is_of_this_machine(host: str) -> bool:
    match = _HOST.fullmatch(host)
    name = (match["six"] or match["name"]) if match else ""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name.lower() == "localhost"
