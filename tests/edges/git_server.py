"""A git server over HTTP on loopback: asks for a password, notes what it is shown, and can be rude."""

import os
import shutil
import ssl
import subprocess
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

BACKEND = Path(
    subprocess.run(["git", "--exec-path"], check=True, capture_output=True, text=True).stdout.strip(),
    "git-http-backend",
)


@dataclass(slots=True)
class Manners:
    """How the server behaves: *hold* keeps those waiting who signed in, until *go*."""

    folder: Path
    user: str = "git"
    password: str = ""
    redirect: str = ""
    is_proxy: bool = False
    echo: bool = False
    hold: bool = False
    arrived: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)
    shown: list[str | None] = field(default_factory=list)
    port: int = 0
    scheme: str = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/{self.folder.name}"

    def opens(self, header: str | None) -> bool:
        pair = b64encode(f"{self.user}:{self.password}".encode()).decode()
        return not self.password or header == f"Basic {pair}"


class _Door(BaseHTTPRequestHandler):
    manners: Manners
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def _answer(self, body: bytes) -> None:
        header = self.headers.get("Authorization")
        self.manners.shown.append(header)
        if self.manners.redirect:
            self._send(302, b"", Location=self.manners.redirect + self.path)
        elif self.manners.is_proxy and not self.headers.get("Proxy-Authorization"):
            self._send(407, b"", **{"Proxy-Authenticate": 'Basic realm="proxy"'})
        elif not self.manners.opens(header):
            both = f"{header} by way of {self.headers.get('Proxy-Authorization')}"
            said = f"no entry for {both}".encode() if self.manners.echo else b"no entry"
            self._send(401, said, **{"WWW-Authenticate": 'Basic realm="git"', "Content-Type": "text/plain"})
        else:
            if self.manners.hold:
                self.manners.arrived.set()
                self.manners.go.wait(60)
            self._serve(body)

    def _serve(self, body: bytes) -> None:
        path = urlsplit(self.path)
        answer = subprocess.run(
            [str(BACKEND)],
            input=body,
            capture_output=True,
            check=True,
            env={
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(self.manners.folder.parent),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "REQUEST_METHOD": self.command,
                "PATH_INFO": path.path,
                "QUERY_STRING": path.query,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
            },
        ).stdout
        head, _, rest = answer.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self._send(int(headers.pop("Status", "200 OK")[:3]), rest, **headers)

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        try:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        except ConnectionError:  # a client that was killed
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its name in the library)
        """Keep quiet."""


@contextmanager
def serving(folder: Path, *, password: str = "", pem: Path | None = None) -> Iterator[Manners]:
    """Serve the repository at *folder*, over TLS where *pem* holds a certificate and its key."""
    manners = Manners(folder, password=password)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Door", (_Door,), {"manners": manners}))
    if pem is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pem)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        manners.scheme = "https"
    manners.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield manners
    finally:
        manners.go.set()
        server.shutdown()
        thread.join()
        server.server_close()


def has_backend() -> bool:
    return BACKEND.exists() and shutil.which("git") is not None
