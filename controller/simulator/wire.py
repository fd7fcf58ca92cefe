"""HTTP as values: a call goes in, a response comes out, and a transmission is the way it is sent."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

Json: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class IncomingCall:
    """One HTTP request as Gupshup reads it. A body that is not a form, JSON included, is an empty form.

    *bearer* is whether the word `Bearer` stood before the credential.
    """

    method: str
    path: str
    at: float
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    credential: str = field(default="", repr=False)
    bearer: bool = False

    def flag(self, name: str) -> bool | None:
        """Return a flag of the form, in any case of letters; None if it is none, or not there."""
        return {"true": True, "false": False}.get(self.form.get(name, "").lower())

    def has_odd_flag(self, *names: str) -> bool:
        """Return whether one of *names* is there and is neither true nor false."""
        return any(name in self.form and self.flag(name) is None for name in names)


@dataclass(frozen=True, slots=True)
class Response:
    """One answer. *effect* is whether the call changed Gupshup's state."""

    status: int
    body: Json | Sequence[Json] | str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    effect: bool = False

    def payload(self) -> bytes:
        """Return the bytes of the body: text as it is, anything else as JSON."""
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


class ConnectionEnd(Enum):
    """The end of the connection after a response."""

    WHOLE = "whole"  # everything was sent
    CLOSED = "closed"  # the connection is closed before everything was sent
    RESET = "reset"  # the same, with a TCP reset


@dataclass(frozen=True, slots=True)
class Transmission:
    """The way a response is sent: first a pause, then the body, perhaps in pieces, then the end.

    ``response`` is None if no byte is sent. ``chunk`` bytes are sent every ``gap`` seconds.
    ``repeat`` is how often the body is sent: an endless body is a body that is repeated.
    """

    response: Response | None
    wait: float = 0.0
    body: bytes = b""
    length: int | None = None
    chunk: int = 0
    gap: float = 0.0
    repeat: int = 1
    end: ConnectionEnd = ConnectionEnd.WHOLE


class Cut(ConnectionError):
    """The connection ends without a whole answer. In process, the caller gets this error."""


def sent_whole(response: Response) -> Transmission:
    """Return the transmission without a fault: everything, at once."""
    body = response.payload()
    return Transmission(response, body=body, length=len(body))


def success(effect: bool = False, **fields: object) -> Response:  # noqa: FBT001, FBT002 - read as a flag by keyword
    """Return ``{"status": "success", ...}``."""
    return Response(200, {"status": "success", **fields}, effect=effect)


def failure(status: int, message: str, **fields: object) -> Response:
    """Return ``{"status": "error", "message": ...}`` with further *fields*."""
    return Response(status, {"status": "error", "message": message, **fields})
