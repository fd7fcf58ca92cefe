"""A portal of a tech provider: it signs sign-ups for the receiver, whose manifests go to git."""

import hashlib
import hmac
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

from tests.e2e.world import COMMAND, HASTY, PATIENCE, ROOT
from tests.edges.checkouts import WorkingTree

RECEIVER = ROOT / "examples/onboarding/receiver.py"
SECRET = "a-secret-of-the-portal-with-32-characters"
GRAPH_TOKEN = "canary-of-the-graph"
MAIN = HASTY.replace(", settle: {lateEffect: 3s, staleList: 2s}", "")


class Graph(BaseHTTPRequestHandler):
    """Meta's Graph API, as far as a phone number id goes."""

    def do_GET(self) -> None:
        known = self.headers["Authorization"] == f"Bearer {GRAPH_TOKEN}" and "/777" not in self.path
        number = self.path.split("?")[0].rpartition("/")[2]
        body = json.dumps({"id": number, "display_phone_number": f"+91 98765 {number[-5:]}"}).encode()
        self.send_response(200 if known else 400)
        self.end_headers()
        self.wfile.write(body if known else b"{}")

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def graph() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Graph)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def free_address() -> str:
    """Return an address of this machine at which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


class Onboarding:
    """A portal that signs, the receiver it posts to, and the repository that gets the manifests."""

    def __init__(self, folder: Path, graph_url: str) -> None:
        self.folder = folder
        tree = WorkingTree(folder / "author")
        tree.commit({"manifests/partner.yaml": MAIN})
        tree.git("clone", "--quiet", "--bare", ".", "../origin.git")
        tree.git("clone", "--quiet", "../origin.git", "../clone")
        (folder / "secret").write_text(f"{SECRET}\n")
        (folder / "token").write_text(f"{GRAPH_TOKEN}\n")
        (folder / "spool").mkdir()
        self.address = free_address()
        who = {
            f"GIT_{role}_{what}": "bot@example.com"
            for role in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        }
        self.environ = {
            **who,
            "PATH": f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "ONBOARDING_SECRET_FILE": str(folder / "secret"),
            "ONBOARDING_SPOOL": str(folder / "spool"),
            "ONBOARDING_CLONE": str(folder / "clone"),
            "ONBOARDING_LISTEN": self.address,
            "ONBOARDING_EVERY": "0.2",
            "GRAPH_URL": graph_url,
            "GRAPH_TOKEN_FILE": str(folder / "token"),
        }

    @contextmanager
    def receiver(self, **environ: str) -> Iterator["subprocess.Popen[bytes]"]:
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, RECEIVER], env={**self.environ, **environ}, stdout=log, stderr=log
            )
            try:
                self.until(lambda: self.is_up() or process.poll() is not None)
                yield process
            finally:
                process.kill()
                process.wait(PATIENCE)

    def is_up(self) -> bool:
        return self.status("/") == 404

    def status(self, path: str, address: str = "") -> int:
        """Return the status of a GET, 0 if nothing answers. *address* is another one than the receiver's."""
        try:
            return httpx.get(f"http://{address or self.address}{path}", trust_env=False).status_code
        except httpx.TransportError:
            return 0

    def post(self, body: bytes, signature: str | None = None) -> int:
        signed = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-Signature-256": signature if signature is not None else f"sha256={signed}"}
        url = f"http://{self.address}/sign-ups"
        return httpx.post(url, content=body, headers=headers, trust_env=False, timeout=PATIENCE).status_code

    def git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", "-C", self.folder / "origin.git", *words],
            env=self.environ,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def files(self, revision: str = "main") -> list[str]:
        return self.git("ls-tree", "-r", "--name-only", revision, "manifests/customers").split()

    def spooled(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "spool").glob("*.json"))

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def until(self, true: Callable[[], object]) -> None:
        end, nothing = time.monotonic() + PATIENCE, threading.Event()
        while not true():
            assert time.monotonic() < end, self.log()
            nothing.wait(0.02)


def sign_up(number: int = 1, **more: object) -> bytes:
    fields = {
        "name": f"Café {number}",
        "wabaId": f"10987654321{number:04}",
        "phoneNumberId": f"5550000{number:05}",
        "labels": {"tier": "gold"},
        "at": time.time(),
        **more,
    }
    return json.dumps(fields).encode()
