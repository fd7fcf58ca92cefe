"""Transmission of an answer over ASGI, piece by piece, until everything is sent or the caller has gone."""

import asyncio
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from starlette.types import Message, Receive, Send

from controller.simulator.wire import ConnectionEnd, Cut, Response, Transmission
from controller.simulator.world import World


async def transmit(world: World, transmission: Transmission, receive: Receive, send: Send) -> None:
    """Send *transmission*. If the caller goes away before the end, stop without an error.

    Raises Cut if the connection has to end without a whole answer.
    """
    caller = _Caller(world, None if _immediate(transmission) else asyncio.ensure_future(receive()))
    try:
        if transmission.wait and await caller.leaves_within(transmission.wait):
            return
        if transmission.response is None:
            raise Cut("the connection was closed without an answer")
        await send(_head(world, transmission, transmission.response))
        await _send_body(transmission, send, caller)
    finally:
        caller.forget()
    if transmission.end is not ConnectionEnd.WHOLE:
        raise Cut("the connection was closed in the middle of an answer")
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _immediate(transmission: Transmission) -> bool:
    return not transmission.wait and not transmission.gap and transmission.repeat == 1


@dataclass(frozen=True, slots=True)
class _Caller:
    """The caller of one request. *gone* is done when the caller goes away; None if nothing has to wait."""

    world: World
    gone: "asyncio.Future[Message] | None"

    async def leaves_within(self, seconds: float) -> bool:
        """Wait for *seconds*, and return whether the caller went away meanwhile."""
        if self.gone is None:
            return False
        waiting = asyncio.ensure_future(self.world.sleep(seconds))
        either: set[asyncio.Future[Any]] = {waiting, self.gone}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        return self.gone.done()

    def forget(self) -> None:
        """Stop waiting for the caller to go away."""
        if self.gone is not None:
            self.gone.cancel()


def _head(world: World, transmission: Transmission, response: Response) -> Message:
    """Return the head of an answer. Its `Date` is Gupshup's time, which need not be this machine's."""
    date = [("date", formatdate(world.time.clock(), usegmt=True))] if world.switches.date == "told" else []
    pairs = [*response.all_headers(), *date]
    headers = [(name.encode(), value.encode("latin-1", "replace")) for name, value in pairs]
    if transmission.length is not None and response.status != 204:  # noqa: PLR2004 - No Content has no length
        headers.append((b"content-length", str(transmission.length).encode()))
    return {"type": "http.response.start", "status": response.status, "headers": headers}


async def _send_body(transmission: Transmission, send: Send, caller: _Caller) -> None:
    body, size = transmission.body, transmission.chunk or max(len(transmission.body), 1)
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    for _ in range(transmission.repeat):
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            if await caller.leaves_within(transmission.gap):
                return
