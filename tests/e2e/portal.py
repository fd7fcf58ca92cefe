"""A portal of a tech provider: it signs sign-ups for the receiver, whose manifests go to git."""

import copy
import hashlib
import hmac
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
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


STRANGE = {
    "777": (400, b'{"error": {"message": "Unsupported get request"}}'),
    "778": (401, f'{{"error": {{"message": "Malformed access token {GRAPH_TOKEN}"}}}}'.encode()),
    "779": (500, b"\xff\x00"),
    "780": (200, b"[]"),
    "781": (200, b"null"),
    "782": (200, b'{"display_phone_number": null}'),
    "783": (200, b"<html>\xff</html>"),
    "784": (200, b"[" * 5000),
    "785": (429, b""),
    "786": (302, b""),
    "787": (200, b'{"display_phone_number": ""}'),
}
"""What Meta answers to some ids. No other sign-up waits for them."""


class Graph(BaseHTTPRequestHandler):
    """Meta's Graph API, as far as a phone number id goes."""

    strange: Mapping[str, tuple[int, bytes]] = {}

    def do_GET(self) -> None:
        number = self.path.split("?")[0].rpartition("/")[2]
        body = json.dumps({"id": number, "display_phone_number": f"+91 98765 {number[-5:]}"}).encode()
        known = self.headers["Authorization"] == f"Bearer {GRAPH_TOKEN}"
        status, body = self.strange.get(number, (200, body)) if known else (401, b"{}")
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def graph(strange: Mapping[str, tuple[int, bytes]] = STRANGE) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("ThisGraph", (Graph,), {"strange": strange}))
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
        (folder / "secret").write_text(f"{SECRET}\n")
        (folder / "token").write_text(f"{GRAPH_TOKEN}\n")
        self.spool = folder / "spool"
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
            "ONBOARDING_SPOOL": str(self.spool),
            "ONBOARDING_REPOSITORY": str(folder / "origin.git"),
            "ONBOARDING_LISTEN": self.address,
            "ONBOARDING_EVERY": "0.2",
            "GRAPH_URL": graph_url,
            "GRAPH_TOKEN_FILE": str(folder / "token"),
        }

    def beside(self, folder: Path) -> "Onboarding":
        """Return the same portal with a receiver of its own."""
        other = copy.copy(self)
        other.folder, other.spool, other.address = folder, folder / "spool", free_address()
        own = {"ONBOARDING_SPOOL": str(other.spool), "ONBOARDING_LISTEN": other.address}
        other.environ = {**self.environ, **own}
        folder.mkdir()
        return other

    def author_commits(self, files: Mapping[str, str | None], branch: str) -> str:
        """Let somebody else push a commit to *branch*; return its id."""
        tree = WorkingTree(self.folder / "author")
        made = tree.commit(files)
        tree.git("push", "--quiet", "--force", "../origin.git", f"HEAD:refs/heads/{branch}")
        return made

    @contextmanager
    def receiver(self, *before: str, **environ: str) -> Iterator["subprocess.Popen[bytes]"]:
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [*before, sys.executable, RECEIVER],
                env={**self.environ, **environ},
                stdout=log,
                stderr=log,
            )
            try:
                self.until(lambda: self.is_up() or process.poll() is not None)
                yield process
            finally:
                process.kill()
                process.wait(PATIENCE)

    def is_up(self) -> bool:
        return self.status("/healthz") == 200

    def status(self, path: str, address: str = "") -> int:
        """Return the status of a GET, 0 if nothing answers. *address* is another one than the receiver's."""
        try:
            return httpx.get(f"http://{address or self.address}{path}", trust_env=False).status_code
        except httpx.TransportError:
            return 0

    def get(self, path: str) -> str:
        return httpx.get(f"http://{self.address}{path}", trust_env=False).text

    def post(self, body: bytes | Iterator[bytes], signature: str | None = None) -> int:
        if signature is None:
            assert isinstance(body, bytes)
            signature = signed(body)
        headers = {"X-Signature-256": signature}
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

    def branches(self) -> list[str]:
        return self.git("branch", "--list", "onboarding/*", "--format=%(refname:short)").split()

    def files(self, revision: str = "main") -> list[str]:
        return self.git("ls-tree", "-r", "--name-only", revision, "manifests/customers").split()

    def spooled(self) -> list[str]:
        return sorted(path.name for path in self.spool.glob("*.json"))

    def reasons(self) -> str:
        return "".join(path.read_text() for path in (self.spool / "refused").glob("*.txt"))

    def begun(self, **environ: str) -> tuple[int, str]:
        """Return the exit code and the words of a receiver that does not start."""
        done = subprocess.run(
            [sys.executable, RECEIVER],
            env={**self.environ, **environ},
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        return done.returncode, done.stdout + done.stderr

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def until(self, true: Callable[[], object]) -> None:
        end, nothing = time.monotonic() + PATIENCE, threading.Event()
        while not true():
            assert time.monotonic() < end, self.log()
            nothing.wait(0.02)


def signed(body: bytes) -> str:
    return "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


def sign_up(number: int = 1, *, age: float = 0, **more: object) -> bytes:
    """Return a sign-up that ended *age* seconds ago."""
    fields = {
        "name": f"Café {number}",
        "wabaId": f"10987654321{number:04}",
        "phoneNumberId": f"5550000{number:05}",
        "labels": {"tier": "gold"},
        "at": time.time() - age,
        **more,
    }
    return json.dumps(fields).encode()
