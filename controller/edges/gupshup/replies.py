"""The one table of answers: route, status and body become a verdict, and a verdict becomes our exception.

Published statuses and messages stand in docs/gupshup-api.md. What is in no row there is never a success, and
after a write never a refusal either unless the status alone proves that nothing happened.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeAlias, assert_never

from controller.edges.gupshup.body import Json, Malformed, PlainText
from controller.edges.gupshup.redact import redact
from controller.edges.gupshup.routes import LINK, LOGIN, PIPELINE, Call, Route
from controller.edges.gupshup.transport import Reply
from controller.errors import Busy, ControllerError, Denied, Limited, Rejected, Unclear


@dataclass(frozen=True, slots=True)
class Ok:
    """2xx, and the body does not say otherwise."""

    body: Json


@dataclass(frozen=True, slots=True)
class BadToken:
    """The token was not accepted, so nothing was done."""

    status: int
    words: str


@dataclass(frozen=True, slots=True)
class Forbidden:
    """The token is good, its owner may not do this."""

    status: int
    words: str


@dataclass(frozen=True, slots=True)
class TooMany:
    status: int
    words: str


@dataclass(frozen=True, slots=True)
class NotRead:
    """Not read at all: the same request may be sent again."""

    status: int
    words: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Understood, and no. *body* as it came, for a link's appId."""

    status: int
    words: str
    body: Json | Malformed


@dataclass(frozen=True, slots=True)
class Unreliable:
    """No answer to rely on: a write may have happened."""

    why: str


Failure: TypeAlias = BadToken | Forbidden | TooMany | NotRead | Refused | Unreliable
Classified: TypeAlias = Ok | Failure

_BY_STATUS: Mapping[int, type[BadToken | Forbidden | TooMany | NotRead]] = {
    401: BadToken,
    403: Forbidden,
    421: NotRead,
    425: NotRead,
    429: TooMany,
}

_TOKEN_WORDS = ("invalid access token", "authentication failed", "unauthorised access to the resource")
_SUSPECT_WORDS = "review the request parameters"
_DESCRIBED = frozenset({400, 409, 422})
"""Refusals that mean something only together with their body: 400 may come with an app that was created."""
_KNOWN_WORDS = (
    "duplicate component tag",
    "invalid url passed",
    "subscription does not exist",
    "not subscription owner",
)
"""Refusals of a subscription that are understood in bare text, too, as Gupshup has been seen to send them."""


def classify(route: Route, reply: Reply) -> Classified:
    """Read one answer to *route*."""
    words = redact(message(reply.body), reply.secrets)
    match reply.status // 100, reply.status:
        case 2, _:
            return _classify_success(route, reply, words)
        case _, (400 | 403) as status if _about_token(route, status, words):
            return BadToken(status, words)
        case _, status if status in _BY_STATUS:
            return _BY_STATUS[status](status, words)
        case 4, status if status != HTTPStatus.REQUEST_TIMEOUT:
            return _classify_refusal(route, reply, words)
        case 3, status:
            return Unreliable(f"{status}, a redirect, which is never followed")
    return Unreliable(f"{reply.status} {words}".rstrip())


def _classify_success(route: Route, reply: Reply, words: str) -> Classified:
    body = reply.body
    if body is None and reply.status == HTTPStatus.NO_CONTENT:
        return Ok(None)
    if isinstance(body, Malformed):
        return Unreliable(f"{reply.status} with an answer that cannot be read: {body}")
    if not isinstance(body, dict | list):
        return Unreliable(f"{reply.status} with an answer that is empty or no object")
    if isinstance(body, list) or not _says_error(body.get("status")):
        return Ok(body)
    return _classify_denial(route, reply, words)


def _classify_denial(route: Route, reply: Reply, words: str) -> Classified:
    """Judge a success by status whose body says error: to believe it of a link could link twice."""
    if route is LINK:
        return Unreliable(f"{reply.status}, and the body says error: {words}")
    if "too many requests" in words.lower():
        return TooMany(reply.status, words)
    if _about_token(route, reply.status, words):
        return BadToken(reply.status, words)
    if route.writes or route is LOGIN:
        return Refused(reply.status, words, reply.body)
    return Unreliable(f"{reply.status}, and the body says error: {words}")


def _classify_refusal(route: Route, reply: Reply, words: str) -> Classified:
    known = route is not LINK and any(sign in words.lower() for sign in _KNOWN_WORDS)
    if reply.status in _DESCRIBED and not (isinstance(reply.body, dict) or known):
        said = f": {words}" if words else ""
        return Unreliable(f"{reply.status} with an answer that cannot be read{said}")
    return Refused(reply.status, words, reply.body)


def message(body: Json | Malformed) -> str:
    """Return what an answer says for people, also in bare text; "" if it says nothing, or is a page."""
    if isinstance(body, str | PlainText):
        said = body if isinstance(body, str) else body.said
        return "" if "<" in said else said
    if not isinstance(body, Mapping):
        return ""
    found = (body.get(key) for key in ("message", "data", "error", "reason"))
    return next((text for text in found if isinstance(text, str) and text.strip()), "")


def _about_token(route: Route, status: int, words: str) -> bool:
    said = words.lower()
    suspect = route is PIPELINE and status == HTTPStatus.BAD_REQUEST and _SUSPECT_WORDS in said
    return suspect or any(sign in said for sign in _TOKEN_WORDS)


def _says_error(status: Json) -> bool:
    match status:
        case bool():
            return not status
        case int():
            return status >= HTTPStatus.BAD_REQUEST
        case str():
            return status.lower().startswith(("err", "fail"))
    return False


def as_error(call: Call, failure: Failure) -> ControllerError:
    """Return the exception that says who moves next after a read, or after a write other than a link."""
    match failure:
        case TooMany(status, words):
            return Limited(f"{call.what}: {status} {words}; too fast, or others spend the same budget")
        case NotRead(status, words):
            return Busy(f"{call.what}: {status} {words}; it was not read and can be sent again")
        case Unreliable(why):
            return _unreliable(call, why)
        case BadToken(status, words) if call.route.writes:
            return Busy(f"{call.what}: {status} {words}; nothing was done, the next try asks for a new token")
        case BadToken(status, words) | Forbidden(status, words) | Refused(status, words):
            return _refused(call, status, words)
        case _:
            assert_never(failure)


def _unreliable(call: Call, why: str) -> ControllerError:
    if call.route.writes:
        return Unclear(f"{call.what}: {why}; it may have happened: look")
    return Busy(f"{call.what}: {why}; it is read again later")


def _refused(call: Call, status: int, words: str) -> ControllerError:
    if call.route.per_app:
        return Rejected(f"{call.what}: {status} {words}", status=status, words=words)
    if status in {401, 403}:
        return Denied(f"{call.what}: {status} {words}; check the partner's credentials and what they may do")
    return Busy(f"{call.what}: {status} {words}; it is read again later")
