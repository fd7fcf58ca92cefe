"""Answers to a link: each names the app that now has the phone, if one has it (docs/gupshup-api.md, Link)."""

import re

from controller.edges.gupshup.body import Json, Malformed
from controller.edges.gupshup.denials import denial
from controller.edges.gupshup.replies import (
    BadToken,
    Classified,
    Forbidden,
    NotRead,
    Ok,
    Refused,
    TooMany,
    Unreliable,
    as_error,
    message,
)
from controller.edges.gupshup.routes import Call
from controller.edges.gupshup.shapes import known_app
from controller.errors import Denied, Unclear
from controller.model.manifest import AppId
from controller.model.upstream import (
    LinkAnswer,
    Linked,
    LinkedWithoutCallback,
    LinkRefused,
    NameTaken,
    PhoneTaken,
)

_EXISTS = re.compile(r"\bapp\s+([0-9a-f-]{36})\s+already\s+exists", re.IGNORECASE | re.ASCII)
_PHONE = re.compile(r"\bphone\W{1,3}([0-9][0-9 -]{4,20}[0-9])", re.IGNORECASE | re.ASCII)


def link_answer(call: Call, classified: Classified, phone: str) -> LinkAnswer:
    """Return what Gupshup answered to the link of *phone*.

    Raises Limited, Busy if Gupshup did not read the call, and Denied if it refused the token. Raises Unclear
    if the answer does not show whether an app was created, or which one.
    """
    try:
        match classified:
            case Ok(body):
                return Linked(_app_id(body))
            case Refused():
                return _refusal(classified, phone)
            case BadToken() | Forbidden():
                raise _denied(call, classified)
            case TooMany() | NotRead() | Unreliable():
                raise as_error(call, classified)
    except Malformed as malformed:
        raise Unclear(
            f"{call.what}: {malformed}; an app may exist now, and the next read will show it"
        ) from None


def _denied(call: Call, classified: BadToken | Forbidden) -> Denied:
    return denial(
        f"{call.what}: {classified.status} {classified.words}; nothing was linked, token dropped",
        "if it lasts, check the partner's credentials and that it is a Tech Provider",
    )


def _refusal(refused: Refused, phone: str) -> LinkAnswer:
    match refused.status:
        case 400 if _app(refused.body) is not None:
            return LinkedWithoutCallback(_app_id(refused.body), refused.words)
        case 409:
            return _conflict(refused, phone)
        case status if _app(refused.body) is None:
            return LinkRefused(status, refused.words)
    raise Malformed(f"{refused.status} {refused.words}, with an appId")


def _conflict(refused: Refused, phone: str) -> LinkAnswer:
    words = message(refused.body)
    named = _EXISTS.search(words)
    if _app(refused.body) is None and named is None:
        taken = "bot already exists" in " ".join(words.lower().split())
        return NameTaken(refused.words) if taken else LinkRefused(409, refused.words)
    listed = [] if _app(refused.body) is None else [_app_id(refused.body)]
    ids = {*listed, *([known_app(named[1], "the app's id in the text")] if named else [])}
    if len(ids) > 1:
        raise Malformed(f"409 {refused.words}, with another appId in its JSON")
    other = _PHONE.search(words)
    if other and re.sub(r"[ -]", "", other[1]) != phone:
        raise Malformed(f"409 {refused.words}, which names another phone than the call")
    return PhoneTaken(ids.pop(), refused.words)


def _app(body: Json | Malformed) -> Json:
    return body.get("appId") if isinstance(body, dict) else None


def _app_id(body: Json | Malformed) -> AppId:
    return known_app(_app(body), "the appId of the answer")
