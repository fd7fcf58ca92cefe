"""A GitHub of a few routes: pages of two, hiccups, lists in no order, and answers lost after the effect."""

import io
import json
import re
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

REPOSITORY = "acme/manifests"
TOKEN = "ghs-not-to-be-printed"
BOT = {"login": "github-actions[bot]"}
Row = dict[str, Any]


@dataclass
class FakeGitHub:
    """What there is, and what was asked. *failing* are answers to give instead, each once, by method."""

    url: str = ""
    comments: list[Row] = field(default_factory=list)
    issues: list[Row] = field(default_factory=list)
    pulls: list[Row] = field(default_factory=list)
    runs: list[Row] = field(default_factory=list)
    artefacts: list[Row] = field(default_factory=list)
    statuses: list[Row] = field(default_factory=list)
    blobs: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    failing: list[tuple[str, int, Mapping[str, str]]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    foreign_headers: list[str | None] = field(default_factory=list)
    secret: tuple[str, str] = ("Authorization", f"Bearer {TOKEN}")

    def environ(self) -> dict[str, str]:
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.url,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_RUN_ID": "77",
            "GITHUB_REF_NAME": "main",
            "GITHUB_WORKFLOW_REF": f"{REPOSITORY}/.github/workflows/gupshup.yml@refs/heads/main",
        }

    def writes(self) -> list[tuple[str, str]]:
        return [call for call in self.calls if call[0] != "GET"]

    def keep(self, name: str, files: Mapping[str, bytes], run: int, head: str) -> Row:
        """Keep an artefact of a run."""
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            for each, content in {"../evil": b"", **files}.items():
                archive.writestr(each, content)
        of = {"id": run, "head_sha": head}
        row = {"id": 900 + len(self.artefacts), "name": name, "expired": False, "workflow_run": of}
        self.artefacts.append({**row, "data": data.getvalue()})
        return self.artefacts[-1]

    def get(self, path: str, query: Mapping[str, str]) -> Any:  # noqa: ANN401  (JSON)
        """Return the answer to a read; None if there is none."""
        for pattern, answer in self.routes(query).items():
            found = re.fullmatch(pattern, path)
            if found:
                return answer(*found.groups())
        return None

    def routes(self, query: Mapping[str, str]) -> dict[str, Callable[..., Any]]:
        """Return the answer to each read; what a pattern captures is given to it."""
        repo = f"/repos/{REPOSITORY}"
        return {
            rf"{repo}/issues/\d+/comments": lambda: self.comments,
            rf"{repo}/issues": lambda: [
                each
                for each in self.issues
                if each["state"] == query["state"] and query["labels"] in each["labels"]
            ],
            rf"{repo}/commits/\w+/pulls": lambda: self.pulls,
            rf"{repo}/pulls/(\d+)": lambda number: next(
                each for each in self.pulls if each["number"] == int(number)
            ),
            rf"{repo}/contents/(.+)": lambda path: {"sha": self.blobs.get(query["ref"], f"blob of {path}")},
            rf"{repo}/actions/runs": lambda: {
                "total_count": len(self.runs),
                "workflow_runs": [each for each in self.runs if each["head_sha"] == query["head_sha"]],
            },
            rf"{repo}/actions/runs/\d+/artifacts": lambda: {
                "total_count": len(self.artefacts),
                "artifacts": [
                    {name: value for name, value in each.items() if name != "data"}
                    for each in reversed(self.artefacts)
                ],
            },
            rf"{repo}/commits/(\w+)/statuses": lambda sha: [
                each for each in reversed(self.statuses) if each["sha"] == sha
            ],
        }

    def write(self, method: str, path: str, body: Row) -> Row:
        """Do a write, and return the answer."""
        last = path.rpartition("/")[2]
        if path.endswith("/comments"):
            row = {**body, "id": 500 + len(self.comments), "user": BOT, "on": int(path.split("/")[-2])}
            self.comments.append(row)
        elif "/issues/comments/" in path:
            row = next(each for each in self.comments if each["id"] == int(last))
            row |= body
        elif "/statuses/" in path:
            row = {**body, "sha": last, "creator": BOT}
            self.statuses.append(row)
        elif path.endswith("/issues"):
            row = {**body, "number": 20 + len(self.issues), "user": BOT, "state": "open"}
            self.issues.append(row)
        else:
            assert method == "PATCH", path
            row = next(each for each in self.issues if each["number"] == int(last))
            row |= body
        return row


class FakeApiHandler(BaseHTTPRequestHandler):
    """One connection to the *hub* of its class."""

    hub: ClassVar[FakeGitHub]

    def log_message(self, *_arguments: object) -> None:
        pass

    def _answer(self, status: int, data: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def _refused(self) -> bool:
        self.hub.calls.append((self.command, self.path))
        for each in self.hub.failing:
            if each[0] == self.command:
                self.hub.failing.remove(each)
                self._answer(each[1], b'{"message": "hiccup"}', each[2])
                return True
        if self.headers[self.hub.secret[0]] != self.hub.secret[1]:
            self._answer(401, b'{"message": "Bad credentials"}')
            return True
        return False

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path.startswith("/blobs/"):
            self.hub.foreign_headers.append(self.headers["Authorization"])
            row = next(each for each in self.hub.artefacts if each["id"] == int(url.path.rpartition("/")[2]))
            self._answer(200, row["data"])
            return
        if self._refused():
            return
        if url.path.endswith("/zip"):
            where = self.hub.url.replace("127.0.0.1", "localhost")
            self._answer(302, b"", {"Location": f"{where}/blobs/{url.path.split('/')[-2]}"})
            return
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        found = self.hub.get(url.path, query)
        if isinstance(found, bytes):
            self._answer(200, found)
        elif found is None:
            self._answer(404, b'{"message": "Not Found"}')
        else:
            self._page(url.path, query, found)

    def _page(self, path: str, query: Mapping[str, str], found: Any) -> None:  # noqa: ANN401
        page, headers = int(query.get("page", "1")), {}
        rows = (
            found
            if isinstance(found, list)
            else next((v for v in found.values() if isinstance(v, list)), None)
        )
        if rows is not None and "per_page" in query:
            if len(rows) > 2 * page:
                words = "&".join(f"{k}={v}" for k, v in {**query, "page": page + 1}.items())
                headers["Link"] = (
                    f'<{self.hub.url}{path}?page=1>; rel="first", <{self.hub.url}{path}?{words}>; rel="next"'
                )
            part = rows[2 * page - 2 : 2 * page]
            found = (
                part
                if isinstance(found, list)
                else {name: part if value is rows else value for name, value in found.items()}
            )
        self._answer(200, json.dumps(found).encode(), headers)

    def _write(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self._refused():
            return
        row = self.hub.write(self.command, urlsplit(self.path).path, body)
        if self.command in self.hub.lost:
            self.hub.lost.remove(self.command)
            self._answer(502, b"<html>")
        else:
            self._answer(200, json.dumps(row).encode())

    do_POST = do_PATCH = do_PUT = _write  # noqa: N815


@contextmanager
def fake_github() -> Iterator[FakeGitHub]:
    """Serve one on a free port."""
    hub = FakeGitHub()
    with served_api(hub):
        yield hub


@contextmanager
def served_api(hub: FakeGitHub) -> Iterator[None]:
    """Serve *hub* on a free port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (FakeApiHandler,), {"hub": hub}))
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
