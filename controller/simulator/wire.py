"""What crosses the pretend wire: a call in, a reply out, or a connection that is cut."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

Json: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request as Gupshup would read it: a JSON body is an empty form."""

    method: str
    path: str
    at: float
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    credential: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. *effect* says whether the upstream's state changed because of it."""

    status: int
    body: Json | str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    effect: bool = False

    def payload(self) -> bytes:
        """Return the bytes of the body; text goes out as it is, anything else as JSON."""
        if self.body is None:
            return b""
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode()

    def all_headers(self) -> tuple[tuple[str, str], ...]:
        """Return the headers with a content type that fits the body."""
        if self.body is None or any(name == "content-type" for name, _ in self.headers):
            return self.headers
        kind = "application/json" if not isinstance(self.body, str) else "text/plain;charset=UTF-8"
        return (("content-type", kind), *self.headers)


class End(Enum):
    """How a reply ends on the wire."""

    WHOLE = "whole"
    CLOSED = "closed"  # the connection is closed before all was sent
    RESET = "reset"  # the same with a TCP reset


@dataclass(frozen=True, slots=True)
class Script:
    """A reply as it is played on the wire: wait, send, perhaps slowly, end.

    ``reply`` is None where not a byte comes back. ``chunk`` bytes are sent every ``gap`` seconds;
    ``repeat`` says how often the body is sent (an endless body is a long one).
    """

    reply: Reply | None
    wait: float = 0.0
    body: bytes = b""
    length: int | None = None
    chunk: int = 0
    gap: float = 0.0
    repeat: int = 1
    end: End = End.WHOLE


class Cut(ConnectionError):
    """The connection ends without a whole answer; in process this is what the caller gets."""


def plain(reply: Reply) -> Script:
    """Return the script of a polite server."""
    body = reply.payload()
    return Script(reply, body=body, length=len(body))


def success(effect: bool = False, **fields: object) -> Reply:  # noqa: FBT001, FBT002 - read as a flag by keyword
    """Return ``{"status": "success", ...}``."""
    return Reply(200, {"status": "success", **fields}, effect=effect)


def failure(status: int, message: str, **fields: object) -> Reply:
    """Return ``{"status": "error", "message": ...}`` with further *fields*."""
    return Reply(status, {"status": "error", "message": message, **fields})
