"""Before anything that tells something: a token where there is one, else a caller on this machine."""

import base64
import binascii
import re
from collections.abc import Iterable
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from controller.doors.web.alarm import Alarm
from controller.doors.web.keys import Keys
from controller.doors.web.refusal import refusal

_HOST = re.compile(r"(?:\[(?P<six>[^\]]*)\]|(?P<name>[^:]*))(?::[0-9]*)?")
_ELSEWHERE = "without --auth-token-file this is served under 127.0.0.1 and localhost only"
_CHALLENGE = 'Basic realm="gupshup-controller", charset="UTF-8"'


def guarded(routes: Iterable[BaseRoute], token: Keys | None, alarm: Alarm) -> list[Route | Mount]:
    """Put a guard before each of *routes*; a path that is none of them is answered without it."""
    found: list[Route | Mount] = []
    for route in routes:
        if not isinstance(route, Route | Mount):
            raise TypeError(f"{type(route).__name__} cannot be guarded")
        route.app = Guard(route.app, token, alarm)
        found.append(route)
    return found


class Guard:
    """Asks for *token*: as a bearer token, or as the password of any user, for browsers.

    Without one only this machine is served, and only under its own names: another site's page cannot read
    what a browser here may see by letting its name point to this machine.
    """

    def __init__(self, app: ASGIApp, token: Keys | None, alarm: Alarm) -> None:
        self._app = app
        self._token = token
        self._alarm = alarm

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = self._refused(scope["path"], Headers(scope=scope))
        await (refused or self._app)(scope, receive, send)

    def _refused(self, path: str, headers: Headers) -> Response | None:
        if self._token is None:
            here = _is_of_this_machine(headers.get("host", ""))
            return None if here else refusal(path, _ELSEWHERE, 421)
        if self._token.match(_presented(headers.get("authorization", ""))):
            return None
        self._alarm.ring()
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
    found = _HOST.fullmatch(host)
    name = (found["six"] or found["name"]) if found else ""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name.lower() == "localhost"
