"""Replies by class: route, status and body decide the class, and the class decides our exception.

Published statuses and messages are in docs/gupshup-api.md. An answer that is in no row there is never a
success. After a write such an answer is a refusal only if its status alone proves that nothing happened.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeAlias, assert_never

from controller.edges.gupshup.body import Json, Malformed, PlainText
from controller.edges.gupshup.callback_answers import says_unsupported, unsupported
from controller.edges.gupshup.denials import denial
from controller.edges.gupshup.redact import redact
from controller.edges.gupshup.routes import CALLBACK, LINK, LOGIN, MINT, PIPELINE, Call, Route
from controller.edges.gupshup.transport import Reply
from controller.errors import Busy, ControllerError, Limited, Rejected, Unclear, Unsupported


@dataclass(frozen=True, slots=True)
class Ok:
    """A success: 2xx, and the body reports no error."""

    body: Json


@dataclass(frozen=True, slots=True)
class BadToken:
    """The token was not accepted, so nothing was done."""

    status: int
    words: str


@dataclass(frozen=True, slots=True)
class Forbidden:
    """The token is good, and its owner may not do this."""

    status: int
    words: str


@dataclass(frozen=True, slots=True)
class TooMany:
    status: int
    words: str


@dataclass(frozen=True, slots=True)
class NotRead:
    """Gupshup did not read the request, so the same request may be sent again."""

    status: int
    words: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Gupshup understood the request and refused it. *body* may hold the appId of a link."""

    status: int
    words: str
    body: Json | Malformed


@dataclass(frozen=True, slots=True)
class Unreliable:
    """No answer to rely on. A write may have happened."""

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
"""Refusals whose meaning is in the body: a 400 may come with an app that was created."""
_KNOWN_WORDS = (
    "duplicate component tag",
    "maximum of ",
    "invalid url passed",
    "subscription does not exist",
    "not subscription owner",
)
"""Refusals of a subscription that are also understood as bare text, which Gupshup is known to send."""


def classify(route: Route, reply: Reply) -> Classified:
    """Return the class of one answer to *route*."""
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
    """Classify a 2xx whose body reports an error. After a link it proves nothing: the app may exist."""
    if route is LINK:
        return Unreliable(f"{reply.status}, and the body says error: {words}")
    if "too many requests" in words.lower():
        return TooMany(reply.status, words)
    if _about_token(route, reply.status, words):
        return BadToken(reply.status, words)
    if route.writes or route in {LOGIN, MINT}:
        return Refused(reply.status, words, reply.body)
    return Unreliable(f"{reply.status}, and the body says error: {words}")


def _classify_refusal(route: Route, reply: Reply, words: str) -> Classified:
    known = route is not LINK and any(sign in words.lower() for sign in _KNOWN_WORDS)
    known = known or (route is CALLBACK and says_unsupported(words))
    if reply.status in _DESCRIBED and not (isinstance(reply.body, dict) or known):
        detail = f": {words}" if words else ""
        return Unreliable(f"{reply.status} with an answer that cannot be read{detail}")
    return Refused(reply.status, words, reply.body)


def message(body: Json | Malformed) -> str:
    """Return the text of an answer that is meant for people. "" if it has none, or is an HTML page."""
    if isinstance(body, str | PlainText):
        content = body if isinstance(body, str) else body.text
        return "" if "<" in content else content
    if not isinstance(body, Mapping):
        return ""
    values = (body.get(key) for key in ("message", "data", "error", "reason"))
    return next((text for text in values if isinstance(text, str) and text.strip()), "")


def _about_token(route: Route, status: int, words: str) -> bool:
    lowered = words.lower()
    suspect = route is PIPELINE and status == HTTPStatus.BAD_REQUEST and _SUSPECT_WORDS in lowered
    return suspect or any(sign in lowered for sign in _TOKEN_WORDS)


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
    """Return the exception for a failed read or write other than a link. Its class says who acts."""
    match failure:
        case TooMany(status, words):
            return Limited(
                f"{call.what}: {status} {words}; calls were too fast, or others use the same budget"
            )
        case NotRead(status, words):
            return Busy(f"{call.what}: {status} {words}; it was not read and can be sent again")
        case Unreliable(why):
            return _unreliable(call, why)
        case BadToken(status, words) if call.route.writes:
            return Busy(f"{call.what}: {status} {words}; nothing was done, the next try gets a new token")
        case BadToken(status, words) | Forbidden(status, words) | Refused(status, words):
            return _refused(call, status, words)
        case _:
            assert_never(failure)


def _unreliable(call: Call, why: str) -> ControllerError:
    if call.route.writes:
        return Unclear(f"{call.what}: {why}; it may have happened, and the next read will show it")
    return Busy(f"{call.what}: {why}; it is read again later")


def _refused(call: Call, status: int, words: str) -> ControllerError:
    if call.route is CALLBACK and unsupported(status, words):
        return Unsupported(f"{call.what}: {status} {words}", status=status, words=words)
    if call.route.per_app:
        return Rejected(f"{call.what}: {status} {words}", status=status, words=words)
    if status in {401, 403}:
        return denial(
            f"{call.what}: {status} {words}", "check the partner's credentials and what they may do"
        )
    return Busy(f"{call.what}: {status} {words}; it is read again later")
