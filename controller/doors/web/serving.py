"""The HTTP servers inside our own loop: they run until they are cancelled, and then end at once."""

import asyncio
import contextlib
import socket
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from controller.doors.web.connection import Connection

LONGEST_HEAD = 16 * 1024
KEEP_ALIVE = 5
LAST_ANSWERS = 1
"""Seconds for which answers that are under way may still go out."""


class _Server(uvicorn.Server):
    """A server that leaves signals to whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    listeners: Sequence[tuple[socket.socket, ASGIApp]],
    *beside: Coroutine[Any, Any, Any],
    connection: type[Connection] = Connection,
) -> None:
    """Serve each app on its listening socket until cancelled, and run *beside* as long.

    Closes the sockets. Where one of *beside* fails, so does this. It ends within two seconds.
    """
    servers = [_Server(_config(app, connection)) for _, app in listeners]
    async with asyncio.TaskGroup() as group:
        for coroutine in beside:
            group.create_task(coroutine)
        for server, (listening, _) in zip(servers, listeners, strict=True):
            group.create_task(_until_cancelled(server, listening))


async def _until_cancelled(server: uvicorn.Server, listening: socket.socket) -> None:
    """Run a server. One that is cancelled itself would leave its connections open."""
    task = asyncio.ensure_future(server.serve(sockets=[listening]))
    try:
        await asyncio.shield(task)
    finally:
        server.should_exit = True
        await task


def _config(app: ASGIApp, connection: type[Connection]) -> uvicorn.Config:
    """Log no access: a hook's secret stands in its path. Believe no header about who calls.

    What breaks is logged by the application itself, as one event. How many may come is for `Connection` and
    for the rooms of the application to say: the server's own limit would count those who say nothing, too.
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
