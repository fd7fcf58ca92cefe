"""The pretend Gupshup as an ASGI application: bytes in, `desk` and `rude` decide, bytes out."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.routing import Mount
from starlette.types import Message, Receive, Scope, Send

from controller.simulator import control
from controller.simulator.dispatch import arrive
from controller.simulator.event_sender import carry
from controller.simulator.faults.effects import behave
from controller.simulator.route import Visit
from controller.simulator.wire import Call, Cut, End, Reply, Script, plain
from controller.simulator.world import World

TRANSPORT = "transport"
_FORM = "application/x-www-form-urlencoded"
_LONGEST_BODY = 1 << 20


class Transport(Protocol):
    """The part of a TCP connection that is needed to end it badly."""

    def abort(self) -> None:
        """Drop the connection without sending what is still buffered."""

    def close(self) -> None:
        """Send what is buffered, then close."""

    def get_extra_info(self, name: str) -> object:
        """Return the socket for the *name* ``socket``."""


def create_app(world: World) -> Starlette:
    """Return the application. Events are posted only while its lifespan runs, thus not in process.

    In process, without a TCP connection, a fault that cuts the connection raises `Cut` in the caller.
    """

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(carry(world))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    doors = [Mount("/_simulator", routes=control.routes(world)), Mount("/", app=Door(world))]
    return Starlette(routes=doors, lifespan=lifespan)


@dataclass(frozen=True, slots=True)
class Door:
    """Everything below `/` that is not the control surface."""

    world: World

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as badly as the faults say."""
        if scope["type"] != "http":
            return
        body = await _body(receive)
        if body is None:
            return
        met = arrive(self.world, self._call(scope, body))
        script = behave(self.world, met) if isinstance(met, Visit) else plain(met)
        transport: Transport | None = scope.get("state", {}).get(TRANSPORT)
        try:
            await _play(self.world, script, receive, send)
        except asyncio.CancelledError:
            if transport is None:
                raise
            transport.abort()  # the server is being stopped while an answer drips: nobody waits for the rest
        except Cut:
            if transport is None:
                raise
            await _cut(transport, script.end, receive)

    def _call(self, scope: Scope, body: bytes) -> Call:
        headers = Headers(scope=scope)
        form = body if headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM else b""
        return Call(
            method=scope["method"],
            path=scope["path"],
            at=self.world.now(),
            query=_pairs(scope["query_string"]),
            form=_pairs(form),
            credential=_credential(headers, self.world.switches.header),
        )


async def _body(receive: Receive) -> bytes | None:
    """Read the request's body; None where the caller went away before it was whole: that was no request.

    What is longer than any form of Gupshup's counts as no form.
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
    text = encoded.decode("ascii", "replace")
    return dict(reversed(parse_qsl(text, keep_blank_values=True)))


def _credential(headers: Headers, accepted: str) -> str:
    bearer = headers.get("authorization", "") if accepted != "token" else ""
    bare = headers.get("token", "") if accepted != "authorization" else ""
    return bearer.removeprefix("Bearer ").strip() or bare.strip()


async def _play(world: World, script: Script, receive: Receive, send: Send) -> None:
    """Send what the script says; stop quietly where the caller goes away before it is through."""
    hasty = not script.wait and not script.gap and script.repeat == 1
    gone = None if hasty else asyncio.ensure_future(receive())
    try:
        if script.wait and await _left(world, script.wait, gone):
            return
        if script.reply is None:
            raise Cut("the connection was closed without an answer")
        await send(_start(script, script.reply))
        await _pour(world, script, send, gone)
    finally:
        if gone is not None:
            gone.cancel()
    if script.end is not End.WHOLE:
        raise Cut("the connection was closed in the middle of an answer")
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _left(world: World, seconds: float, gone: "asyncio.Future[Message] | None") -> bool:
    """Wait, and return whether the caller went away meanwhile."""
    if gone is None:
        return False
    waiting = asyncio.ensure_future(world.sleep(seconds))
    either: set[asyncio.Future[Any]] = {waiting, gone}
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    return gone.done()


def _start(script: Script, reply: Reply) -> Message:
    headers = [(name.encode(), value.encode("latin-1", "replace")) for name, value in reply.all_headers()]
    if script.length is not None and reply.status != 204:  # noqa: PLR2004 - No Content has no length
        headers.append((b"content-length", str(script.length).encode()))
    return {"type": "http.response.start", "status": reply.status, "headers": headers}


async def _pour(world: World, script: Script, send: Send, gone: "asyncio.Future[Message] | None") -> None:
    """Send the body in the script's pieces until it is out or nobody is there any more."""
    size = script.chunk or max(len(script.body), 1)
    pieces = [script.body[start : start + size] for start in range(0, len(script.body), size)]
    for _ in range(script.repeat):
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            if gone is not None and await _left(world, script.gap, gone):
                return


async def _cut(transport: Transport, end: End, receive: Receive) -> None:
    """End the connection and wait until the server has seen it, so that it adds nothing of its own."""
    match end:
        case End.RESET:
            linger = struct.pack("ii", 1, 0)
            held = transport.get_extra_info("socket")
            if isinstance(held, socket.socket) or hasattr(held, "setsockopt"):
                held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            transport.abort()
        case End.CLOSED | End.WHOLE:
            transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass
