"""The server: the simulated Gupshup on a TCP port of its own."""

import asyncio
import socket
import time
from collections.abc import Callable

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from controller.simulator.app import TRANSPORT, create_app
from controller.simulator.world import World


class _Connection(H11Protocol):
    """A connection that the application can end without a whole answer."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self.app_state = {**self.app_state, TRANSPORT: transport}


def steady_clock() -> Callable[[], float]:
    """Return a clock of epoch seconds that never steps: the wall clock's start, and the monotonic clock."""
    offset = time.time() - time.monotonic()
    return lambda: time.monotonic() + offset


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket. Port 0 chooses a free port. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=2048)


def address(listening: socket.socket) -> str:
    """Return the base URL of *listening*."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def server(world: World) -> uvicorn.Server:
    """Return a server for *world*. Its ``serve(sockets=[...])`` takes the socket that `listen` returns."""
    config = uvicorn.Config(
        create_app(world),
        http=_Connection,
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)
