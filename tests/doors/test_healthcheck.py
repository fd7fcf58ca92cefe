"""The health check of the container, run as the image runs it, against real servers on loopback."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from controller.doors.healthcheck import address


class _Handler(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/healthz" else 404)
        self.end_headers()
        self.wfile.write(b"a secret of the server's\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its name in the library)
        """Keep quiet."""


@contextmanager
def answering(status: int) -> Iterator[int]:
    """Serve on loopback, answering with *status*, and yield the port."""
    server = HTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"status": status}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def healthcheck(listen: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "controller.doors.healthcheck"],
        env={**os.environ, "GUPSHUPCTL_LISTEN": listen},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.stdout == ""
    return done.returncode, done.stderr


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", ""])  # noqa: S104  (asked about, not bound to)
def test_a_healthcheck_of_a_healthy_controller_succeeds(host: str) -> None:
    with answering(200) as port:
        assert healthcheck(f"{host}:{port}") == (0, "")


@pytest.mark.parametrize("status", [503, 404, 302, 204])
def test_a_healthcheck_fails_at_any_other_status(status: int) -> None:
    with answering(status) as port:
        assert healthcheck(f"127.0.0.1:{port}") == (1, f"/healthz answered {status}\n")


def test_a_healthcheck_fails_if_nothing_listens() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        code, stderr = healthcheck(f"127.0.0.1:{closed.getsockname()[1]}")
    assert (code, "cannot be reached" in stderr) == (1, True)


def test_a_healthcheck_fails_if_the_address_is_malformed() -> None:
    code, stderr = healthcheck("nonsense")
    assert (code, "cannot be reached" in stderr, "Traceback" in stderr) == (1, True, False)


@pytest.mark.parametrize(
    ("listen", "asks"),
    [
        pytest.param({}, ("127.0.0.1", 8080), id="the default"),
        pytest.param({"GUPSHUPCTL_LISTEN": "[::]:80"}, ("::1", 80), id="every address, both families"),
        pytest.param({"GUPSHUPCTL_LISTEN": "10.0.0.7:80"}, ("10.0.0.7", 80), id="one address"),
    ],
)
def test_a_healthcheck_asks_the_address_that_the_controller_listens_on(
    listen: dict[str, str], asks: tuple[str, int]
) -> None:
    assert address(listen) == asks
