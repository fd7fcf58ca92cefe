"""The ASGI application: bytes go in, `dispatch` and the faults decide, and bytes come out."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from controller.simulator.control import surface
from controller.simulator.dispatch import admit
from controller.simulator.events.sender import deliver_events
from controller.simulator.faults.effects import respond
from controller.simulator.route import ApiRequest
from controller.simulator.transmit import transmit
from controller.simulator.wire import ConnectionEnd, Cut, IncomingCall, sent_whole
from controller.simulator.world import World

TRANSPORT = "transport"
_FORM = "application/x-www-form-urlencoded"
_LONGEST_BODY = 1 << 20


class TcpTransport(Protocol):
    """The part of a TCP connection that is needed to end it badly."""

    def abort(self) -> None:
        """Drop the connection without sending what is still buffered."""

    def close(self) -> None:
        """Send what is buffered, then close."""

    def get_extra_info(self, name: str) -> object:
        """Return the socket for the *name* ``socket``."""


def create_app(world: World) -> Starlette:
    """Return the application, which posts events only while its lifespan runs, and thus not in process.

    In process there is no TCP connection: a fault that cuts the connection raises `Cut` in the caller.
    """

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(deliver_events(world))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    routes = [Mount("/_simulator", routes=surface.routes(world)), Mount("/", app=PartnerApi(world))]
    return Starlette(routes=routes, lifespan=lifespan)


@dataclass(frozen=True, slots=True)
class PartnerApi:
    """Gupshup's Partner API: everything below `/` that is not the control surface."""

    world: World

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, with the faults that hit it."""
        body = await _body(receive) if scope["type"] == "http" else None
        if body is None:
            return
        admitted = admit(self.world, self._call(scope, body))
        transmission = (
            respond(self.world, admitted) if isinstance(admitted, ApiRequest) else sent_whole(admitted)
        )
        transport: TcpTransport | None = scope.get("state", {}).get(TRANSPORT)
        try:
            await transmit(self.world, transmission, receive, send)
        except asyncio.CancelledError:
            if transport is None:
                raise
            transport.abort()  # the server stops while an answer drips: the rest is not sent
        except Cut:
            if transport is None:
                raise
            await _cut(transport, transmission.end, receive)

    def _call(self, scope: Scope, body: bytes) -> IncomingCall:
        headers = Headers(scope=scope)
        form = body if headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM else b""
        credential, bearer = _credential(headers, self.world.switches.header)
        return IncomingCall(
            method=scope["method"],
            path=scope["path"],
            at=self.world.now(),
            query=_pairs(scope["query_string"]),
            form=_pairs(form),
            credential=credential,
            bearer=bearer,
        )


async def _body(receive: Receive) -> bytes | None:
    """Return the body of a request. None if the caller went away before the end: there is no request then.

    A body that is longer than any form of Gupshup's counts as no form.
    """
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        size += len(message.get("body", b""))
        parts += [message.get("body", b"")] if size <= _LONGEST_BODY else []
        more = message.get("more_body", False)
    return b"".join(parts) if size <= _LONGEST_BODY else b""


def _pairs(encoded: bytes) -> Mapping[str, str]:
    """Return the fields of a form or a query. The first value of a field counts.

    A field whose name ends in `[]` is a list: its values are joined by commas.
    """
    pairs = parse_qsl(encoded.decode("ascii", "replace"), keep_blank_values=True)
    lists: dict[str, list[str]] = {}
    for name, value in pairs:
        lists.setdefault(name, []).append(value)
    return {name: ",".join(values) if name.endswith("[]") else values[0] for name, values in lists.items()}


def _credential(headers: Headers, accepted: str) -> tuple[str, bool]:
    """Return the credential of a call, and whether `Bearer` stood before it."""
    authorization = headers.get("authorization", "") if accepted != "token" else ""
    bare = headers.get("token", "") if accepted != "authorization" else ""
    credential = authorization.strip() or bare.strip()
    word, blank, rest = credential.partition(" ")
    if word.lower() == "bearer" and blank:
        return rest.strip(), True
    return credential, False


async def _cut(transport: TcpTransport, end: ConnectionEnd, receive: Receive) -> None:
    """End the connection and wait until the server knows it: otherwise the server adds bytes itself."""
    match end:
        case ConnectionEnd.RESET:
            linger = struct.pack("ii", 1, 0)
            held = transport.get_extra_info("socket")
            if isinstance(held, socket.socket) or hasattr(held, "setsockopt"):
                held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            transport.abort()
        case ConnectionEnd.CLOSED | ConnectionEnd.WHOLE:
            transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass
