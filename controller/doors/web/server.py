"""The HTTP server inside our own event loop, which runs until it is cancelled, and then ends at once."""

import asyncio
import contextlib
import socket
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any, ClassVar

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from controller.doors.web.connection_limit import connection_to_drop, peer_of

LONGEST_HEAD = 16 * 1024
KEEP_ALIVE = 5
LAST_ANSWERS = 1
"""Seconds for which answers that are under way may still go out."""


class Connection(H11Protocol):
    """A connection, dropped if a request's head takes more than *head* seconds, or its answer *answer*.

    Uvicorn's own keep-alive timer starts again with each byte, and does not limit a first request or a client
    that reads nothing. If a listener has more than *most* connections, or more than *share* of one peer, idle
    connections are dropped for new ones.
    """

    head: ClassVar[float] = 5.0
    answer: ClassVar[float] = 30.0
    most: ClassVar[int] = 320
    share: ClassVar[int] = 160

    _deadline: asyncio.TimerHandle | None = None
    _cycle: object = None
    _since: float = 0.0

    @property
    def peer(self) -> str:
        return peer_of(self.client[0] if self.client else "")

    @property
    def idle(self) -> float | None:
        """Return the time since when no request is under way, None during a request."""
        under_way = self.cycle is not None and not self.cycle.response_complete
        return None if under_way else self._since

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._set_deadline(self.head)
        self._since = self.loop.time()
        crowd = [held for held in self.connections if isinstance(held, Connection)]
        dropped = connection_to_drop(self, crowd, most=self.most, share=self.share)
        if dropped is not None:
            dropped.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._clear_deadline()

    def handle_events(self) -> None:
        super().handle_events()
        if self.cycle is not self._cycle and not self.cycle.response_complete:
            self._cycle = self.cycle
            self._set_deadline(self.answer)

    def on_response_complete(self) -> None:
        self._set_deadline(self.head)
        self._since = self.loop.time()
        super().on_response_complete()

    def _set_deadline(self, seconds: float) -> None:
        self._clear_deadline()
        self._deadline = self.loop.call_later(seconds, self.transport.abort)

    def _clear_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()


class _Server(uvicorn.Server):
    """A server that leaves signals to its caller."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    listeners: Sequence[tuple[socket.socket, ASGIApp]],
    *beside: Coroutine[Any, Any, Any],
    connection: type[Connection] = Connection,
) -> None:
    """Serve each app on its listening socket, and run *beside*, until cancelled.

    Closes the sockets. An error in one of *beside* ends the server and is raised. The end takes at most two
    seconds.
    """
    servers = [_Server(_config(app, connection)) for _, app in listeners]
    async with asyncio.TaskGroup() as group:
        for coroutine in beside:
            group.create_task(coroutine)
        for server, (listening, _) in zip(servers, listeners, strict=True):
            group.create_task(_until_cancelled(server, listening))


async def _until_cancelled(server: uvicorn.Server, listening: socket.socket) -> None:
    """Run a server until this task is cancelled. A server that is itself cancelled keeps its connections."""
    task = asyncio.ensure_future(server.serve(sockets=[listening]))
    try:
        await asyncio.shield(task)
    finally:
        server.should_exit = True
        await task


def _config(app: ASGIApp, connection: type[Connection]) -> uvicorn.Config:
    """Return uvicorn's settings: no access log, since a hook's secret is in its path; no proxy headers.

    The application logs errors itself, one event each. `Connection` and `RequestLimit` hold the limits:
    uvicorn's own limit would count idle connections, too.
    """
    return uvicorn.Config(
        app,
        http=connection,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=LAST_ANSWERS,
        h11_max_incomplete_event_size=LONGEST_HEAD,
    )
