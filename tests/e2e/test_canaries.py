"""No secret is seen anywhere, whatever fails and however loud the logs are; only Gupshup is called."""

import base64
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.e2e.canaries import Canaries, forms, reached, spied
from tests.e2e.world import Done, World, app, subscription, world

EMAIL = "qx7.canary.of.mail@example.com"
SECRET = "s3cR/canary+of&the=partner?Zq81"
HOOK = "hOOk-canary:of an/environ+ment~42"
FILED = "fIlEd-canary;of=a_file/77+qq"
PROXY = "pRoXy-canary-of-the-way-55"
WRONG = "wR0ng-canary-of-a-typing-error"
LOUD = ("--log-level", "debug", "--log-format", "json")


def echoes(secret: str) -> str:
    """Return words that hold *secret* as upstreams have been seen to echo it."""
    return f"no: {secret} {quote(secret, safe='')} {base64.b64encode(b'u:' + secret.encode()).decode()}"


class Watched:
    """A world whose every run is kept, with all that it said, wrote and reached for."""

    def __init__(self, there: World) -> None:
        self.there = there
        self.secrets = {"secret": SECRET, "hook": HOOK, "file": FILED, "proxy": PROXY, "wrong": WRONG}
        self.told: list[tuple[str, bytes]] = []
        folder = there.folder / "headers"
        folder.mkdir()
        (folder / "hook").write_text(FILED + "\n", encoding="utf-8")
        there.environ |= {"HOOK_SECRET": HOOK, "GUPSHUPCTL_HEADER_DIR": str(folder)}
        there.environ |= spied(there.folder)
        headers = f"headers: {{X-Hook: {{env: HOOK_SECRET}}, X-File: {{file: {folder}/hook}}}}"
        there.declare(app("AppOne", 1), app("AppTwo", 2), subscription("events", "app: AppOne", headers))

    def run(self, *arguments: str, **environ: str) -> Done:
        """Run the command, watch what it shows to others meanwhile, and keep what it said."""
        before = dict(self.there.environ)
        self.there.environ |= environ
        try:
            with self.there.going(*arguments) as run:
                self._peek(run.process.pid)
                done = run.end()
        finally:
            self.there.environ = before
        assert "Traceback" not in done.err
        self.told.append((" ".join(arguments), (done.out + done.err).encode()))
        return done

    def apply(self, *arguments: str, **environ: str) -> Done:
        return self.run("apply", "--yes", *LOUD, *arguments, **environ)

    def _peek(self, pid: int) -> None:
        with suppress(OSError):
            self.told.append(("its arguments", Path(f"/proc/{pid}/cmdline").read_bytes()))

    def learn(self) -> None:
        """Take the tokens that the simulator issues among the canaries."""
        form = {"email": EMAIL, "password": SECRET}
        login = self.there.http.post("/partner/account/login", data=form).json()
        self.secrets["partner token"] = login["token"]
        for name, each in self.there.apps().items():
            got = self.there.http.get(f"/partner/app/{each['id']}/token", headers={"token": login["token"]})
            self.secrets[f"token of {name}"] = got.json()["token"]["token"]

    def universal(self) -> str:
        """Mint a Universal Token, as a person does by hand."""
        self.learn()
        form = {"email": EMAIL, "clientSecret": SECRET, "name": "byhand"}
        token = self.secrets["partner token"]
        got = self.there.http.post("/partner/1368/auth/token", data=form, headers={"token": token})
        self.secrets["universal"] = str(got.json()["token"]["token"])
        return f"Bearer {self.secrets['universal']}"

    def artefacts(self) -> Iterator[tuple[str, bytes]]:
        """Yield all that was said, and every file but those that the secrets came from."""
        yield from self.told
        for path in sorted(self.there.folder.rglob("*")):
            if path.is_file() and path.parent.name != "headers":
                yield path.name, path.read_bytes()

    def seen(self) -> list[str]:
        return Canaries(self.secrets).seen(self.artefacts())

    def strangers(self) -> list[str]:
        """Return whom the runs reached for beside the simulator, and what they started."""
        host, port = self.there.url.removeprefix("http://").split(":")
        mine = (f"('{host}', {port})", f"'{host}' {port}")
        return [line for line in reached(self.there.folder) if not any(each in line for each in mine)]


@contextmanager
def watched(folder: Path) -> Iterator[Watched]:
    with world(folder, "--email", EMAIL, "--secret", SECRET) as there:
        yield Watched(there)


def test_a_good_run_shows_no_secret_and_calls_no_other_host(tmp_path: Path) -> None:
    """Its callback and webhook addresses are data: nobody asks for them."""
    with watched(tmp_path) as here:
        assert here.run("validate").code == 0
        assert here.run("plan", "-o", "json", *LOUD).code == 0
        assert here.apply("--wait", "-o", "json").code == 0
        assert here.run("get", "-o", "json").code == 0
        assert here.run("describe", "AppOne").code == 0
        assert here.run("show", "Subscription/events").code == 0
        listener = here.there.url.removeprefix("http://")
        assert here.run("doctor", "--waba", "--listen", listener, *LOUD).code == 0
        assert here.run("resolve", "AppTwo", "--adopt", here.there.apps()["AppTwo"]["id"], *LOUD).code == 0
        meta = json.dumps(here.there.apps()["AppOne"]["subscriptions"])
        assert "hOOk-canary" in meta, "the secrets did arrive"
        assert "fIlEd-canary" in meta, "the secrets did arrive"
        here.learn()

        assert here.seen() == []
        assert here.strangers() == []
        assert len(reached(tmp_path)) >= 3, "the spy was there"


def test_secrets_that_gupshup_echoes_are_masked(tmp_path: Path) -> None:
    with watched(tmp_path) as here:
        assert here.apply("--only", "App/AppTwo").code == 0
        here.learn()
        ours, mine = here.secrets["partner token"], here.secrets["token of AppTwo"]
        static = {"GUPSHUP_PARTNER_TOKEN": ours}
        refused = {"kind": "403", "message": echoes(SECRET)}
        here.there.faults({**refused, "route": "login"}, {**refused, "route": "mintPartner"})
        assert here.apply().code == 7
        here.there.faults({**refused, "route": "login"}, {**refused, "route": "mintPartner"})
        assert here.run("doctor", "--listen", here.there.url.removeprefix("http://"), *LOUD).code == 7
        here.there.faults({"kind": "401", "route": "list", "message": echoes(ours)})
        assert here.run("plan", *LOUD, **static).code == 7
        here.there.faults(
            {"kind": "status", "status": 400, "route": "link", "message": echoes(ours[:40])},
            {"kind": "500", "route": "details", "message": echoes(ours)},
        )
        assert here.apply("--timeout", "5s", **static).code == 5
        here.there.faults(
            {"kind": "status", "status": 400, "route": "subscribe", "message": echoes(HOOK) + echoes(FILED)},
            {"kind": "500", "route": "subscriptions", "nth": 1, "message": echoes(mine) + echoes(ours)},
        )
        assert here.apply("--only", "App/AppOne", "--wait", **static).code == 5
        assert here.run("describe", "AppOne").code == 0
        here.learn()

        assert here.seen() == []
        assert here.strangers() == []


def test_refused_and_unusable_credentials_are_named_and_never_shown(tmp_path: Path) -> None:
    with watched(tmp_path) as here:
        universal = here.universal()
        assert here.run("plan", *LOUD, GUPSHUP_PARTNER_TOKEN=universal).code == 0
        here.there.control("drift", {"revokePartnerTokens": True})
        assert here.apply(GUPSHUP_SECRET=WRONG).code == 7
        assert here.apply(GUPSHUP_PARTNER_TOKEN="eyJ" + WRONG).code == 7
        assert here.apply(GUPSHUP_PARTNER_TOKEN=WRONG + "\nX: y").code == 7
        rejected = here.apply("--wait", HOOK_SECRET=WRONG + "\nX: y")
        assert rejected.code == 5
        assert "HOOK_SECRET" in rejected.out + rejected.err
        here.there.faults({"kind": "401"})
        assert here.apply("--timeout", "5s").code == 7
        here.there.faults()
        here.learn()

        assert here.seen() == []
        assert here.strangers() == []


def test_a_crash_shows_no_secret(tmp_path: Path) -> None:
    with watched(tmp_path) as here:
        done = here.apply(**spied(tmp_path, crash=True))
        assert (done.code, "this is a bug" in done.err) == (1, True), done.err
        assert here.seen() == []


def test_a_proxy_that_echoes_its_credentials_is_masked(tmp_path: Path) -> None:
    with watched(tmp_path) as here, proxy() as port:
        here.learn()
        static = {"GUPSHUP_PARTNER_TOKEN": here.secrets["partner token"]}
        for scheme, code in (("http", 1), ("socks9", 64)):
            way = f"{scheme}://somebody:{PROXY}@127.0.0.1:{port}"
            done = here.run("plan", *LOUD, GUPSHUPCTL_PROXY=way, **static)
            assert done.code == code, done.err
        assert here.seen() == []
        assert not [line for line in here.strangers() if f"{port}" not in line]


@contextmanager
def proxy() -> Iterator[int]:
    """Serve a proxy that lets nobody through and says with which credentials they came."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_turn_away, args=(listening,), daemon=True).start()
        yield listening.getsockname()[1]


def _turn_away(listening: socket.socket) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listening.accept()
            with connection:
                asked = connection.recv(65_536).decode("latin-1")
                body = json.dumps({"message": f"who is this? {PROXY} {asked[-300:]} {asked}"}).encode()
                head = f"HTTP/1.1 407 No\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
                connection.sendall(head.encode() + b"connection: close\r\n\r\n" + body)


@pytest.mark.parametrize("secret", [SECRET, HOOK, PROXY])
def test_the_search_for_secrets_finds_each_form_and_each_part(secret: str) -> None:
    search = Canaries({"it": secret})
    for form in forms(secret):
        assert search.seen([("here", f"…{form}…".encode())])
        assert search.seen([("here", f"…{form[3:15]}…".encode())])
        assert not search.seen([("here", f"…{form[3:14]}…".encode())])
    for shift in range(3):
        text = base64.b64encode(b"Basic"[: shift + 1] + secret.encode() + b"tail")
        assert search.seen([("here", text)])
