"""A simulator on a free port, a folder of manifests, a store, and the installed command as people run it."""

import json
import os
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import httpx

from tests.builders.documents import check_document
from tests.e2e import commands
from tests.e2e.commands import Process, start

COMMAND = commands.COMMAND
ROOT = Path(__file__).parents[2]
_NOT_OURS = ("GUPSHUP", "CI", "GITHUB")
"""How the names of variables begin that would change what a run does: those of the machine that tests."""

PATIENCE = 120
"""Seconds that any single run and any single line may take."""

PARTNER = """apiVersion: gupshup.controller/v1
kind: Partner
metadata: {name: main}
spec: {settle: {lateEffect: 3s, staleList: 2s}}
"""

LEGACY = PARTNER.replace("spec: {", "spec: {credentials: {auth: legacy}, ")
"""Each command signs in, which a test can count: no token is kept."""

AMPLE = ("--switch", "limits-times=20")
"""A Gupshup that allows twenty times as many calls. HASTY declares as much.

A test of many commands waits for no minute then. What the true limits mean is shown in simulated time.
"""

_SLOW = ("login", "mint", "auth", "link", "token", "subscription", "callback")
_LIMITS = ", ".join([*(f"{name}: 10/s" for name in _SLOW), "list: 100/s", "other: 100/s"])
HASTY = PARTNER.replace("spec: {", f"spec: {{limits: {{{_LIMITS}}}, ")


def app(name: str, phone: int, *more: str) -> str:
    """Return an App manifest; its phone is a number of twelve digits, *more* are lines of its spec."""
    spec = "".join(f"  {line}\n" for line in (f'wabaId: "30{phone:08}"', f'phone: "91{phone:010}"', *more))
    return (
        f"apiVersion: gupshup.controller/v1\nkind: App\n"
        f"metadata: {{name: {name}, labels: {{fleet: all}}}}\nspec:\n{spec}"
    )


def subscription(
    name: str = "events", target: str = "appSelector: {matchLabels: {fleet: all}}", *more: str
) -> str:
    """Return a Subscription manifest for every app, or for *target*; *more* are lines of its spec."""
    url = "url: https://hooks.example.com/${app.name}"
    lines = (target, *(more if any(line.startswith("url:") for line in more) else (url, *more)))
    spec = "".join(f"  {line}\n" for line in (*lines, "version: 3", "modes: [SENT, MESSAGE]"))
    return f"apiVersion: gupshup.controller/v1\nkind: Subscription\nmetadata: {{name: {name}}}\nspec:\n{spec}"


THREE = (app("AppOne", 1), app("AppTwo", 2), app("AppThree", 3), subscription())


@dataclass(frozen=True, slots=True)
class Done:
    """A run that ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:  # noqa: ANN401  (what a document holds is what the test is about)
        assert self.out, self.err
        return json.loads(self.out)

    @property
    def summary(self) -> dict[str, int]:
        """What the document counts, without what it counts none of."""
        return {name: count for name, count in self.json()["summary"].items() if count}


class Going:
    """A run that goes on: what it says on stderr can be waited for."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self._said: Queue[str] = Queue()
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._said.put(line)

    def said(self, words: str) -> str:
        """Return the line with *words*, once it was said."""
        while True:
            try:
                self._lines.append(self._said.get(timeout=PATIENCE))
            except Empty:
                raise AssertionError(f"{words!r} was not said, only {self._lines}") from None
            if words in self._lines[-1]:
                return self._lines[-1]

    def lines(self) -> list[str]:
        """Return all that was said so far."""
        return [*self._lines, *self._said.queue]

    def signal(self, number: signal.Signals) -> Done:
        self.process.send_signal(number)
        return self.end()

    def end(self) -> Done:
        assert self.process.stdout is not None
        out = self.process.stdout.read()
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        self._lines += self._said.queue
        return Done(code, out, "".join(self._lines))


class World:
    """One simulator with what belongs to it. *environ* is what the command is told beside the usual.

    *before* are words that stand before it, of a program that runs it. *forks*: what nobody could tell from a
    run of the installed command need not start an interpreter of its own.
    """

    def __init__(self, folder: Path, exported: Mapping[str, str]) -> None:
        self.folder = folder
        self.manifests = folder / "manifests"
        self.manifests.mkdir(exist_ok=True)
        self.url = exported["GUPSHUP_URL"]
        ours = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_OURS)}
        self.environ = {**ours, **exported, **self._handed_out()}
        self.before: tuple[str, ...] = ()
        self.forks = True
        self.http = httpx.Client(base_url=self.url, timeout=10, trust_env=False)
        self._nothing = threading.Event()

    def _handed_out(self) -> dict[str, str]:
        """Return what an operator sets so that manifests may name this world's address and its files."""
        return {"GUPSHUPCTL_ALLOW_URLS": self.url, "GUPSHUPCTL_CREDENTIALS_DIR": str(self.folder)}

    def declare(self, *documents: str, name: str = "all.yaml") -> None:
        """Write *documents* as the file *name* of the manifests."""
        (self.manifests / name).write_text("---\n".join(documents), encoding="utf-8")

    def run(self, *arguments: str, **environ: str) -> Done:
        code, out, err = commands.run(
            [*self.before, COMMAND, *arguments],
            self.folder,
            {**self.environ, **environ},
            forks=self.forks,
            timeout=2 * PATIENCE,
        )
        assert "Traceback" not in err
        check_document(arguments, out)
        return Done(code, out, err)

    def apply(self, *arguments: str, **environ: str) -> Done:
        return self.run("apply", "--yes", "-o", "json", *arguments, **environ)

    def plan(self, *arguments: str, **environ: str) -> Done:
        return self.run("plan", "-o", "json", *arguments, **environ)

    @contextmanager
    def going(self, *arguments: str) -> Iterator[Going]:
        """Start the command; it is killed where it goes on after the block."""
        process = start([COMMAND, *arguments], self.folder, self.environ, forks=self.forks)
        with process:
            try:
                yield Going(process)
            finally:
                if process.poll() is None:
                    process.kill()

    def control(self, what: str, body: object) -> Any:  # noqa: ANN401  (JSON, as the test knows it)
        answer = self.http.post(f"/_simulator/{what}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def faults(self, *faults: Mapping[str, object]) -> None:
        self.control("faults", faults)

    def seed(self, *apps: Mapping[str, object]) -> list[str]:
        """Put apps there that existed before, and return their ids."""
        found: list[str] = self.control("apps", {"apps": apps})["ids"]
        return found

    def apps(self) -> dict[str, Any]:
        """Return what is there, by name."""
        found = self.http.get("/_simulator/state").json()["apps"]
        return {each["name"]: each for each in found}

    def token(self, email: str | None = None) -> str:
        """Sign in, and return a partner token."""
        return str(self._signed_in(email)["token"])

    def stay_signed_in(self) -> None:
        """Hand one partner token to every run: a test of ten runs waits for no minute of sign-ins then."""
        self.environ["GUPSHUP_PARTNER_TOKEN"] = self.token()

    def upstream(self) -> str:
        """Sign in, and return the name under which stores know this account."""
        return f"{self.url}#{self._signed_in()['id']}"

    def _signed_in(self, email: str | None = None) -> Any:  # noqa: ANN401  (JSON)
        form = {"email": email or self.environ["GUPSHUP_EMAIL"], "password": self.environ["GUPSHUP_SECRET"]}
        return self.http.post("/partner/account/login", data=form).json()

    def tags(self) -> dict[str, list[str]]:
        """Return the tags of each app's subscriptions."""
        return {name: sorted(s["tag"] for s in each["subscriptions"]) for name, each in self.apps().items()}

    def calls(self, *routes: str, since: int = 0) -> list[Any]:
        """Return the calls of *routes* (none: all), leaving out the first *since* of them all."""
        found = self.http.get("/_simulator/calls").json()["calls"][since:]
        return [each for each in found if not routes or each["route"] in routes]

    def counted(self, since: int = 0) -> dict[str, int]:
        """Return how many calls there were of each route."""
        routes = [each["route"] for each in self.calls(since=since)]
        return {route: routes.count(route) for route in sorted(set(routes))}

    def counted_faults(self) -> int:
        """Return how often faults struck."""
        return sum(each["struck"] for each in self.http.get("/_simulator/state").json()["faults"])

    def until(self, true: Callable[["World"], bool]) -> None:
        """Poll until something is *true* of this world."""
        end = time.monotonic() + PATIENCE
        while not true(self):
            assert time.monotonic() < end, self.calls()
            self._nothing.wait(0.02)

    def within_limits(self) -> bool:
        """Say whether the server never counted a call too many."""
        found = self.http.get("/_simulator/worst").json()
        return not found["exceeded"] and all(call["status"] != 429 for call in self.calls())

    def rest(self) -> None:
        """Wait until the calls so far count no more against a limit of one second."""
        last = self.calls()[-1]["at"]
        self.until(lambda _: time.time() > last + 1)


@contextmanager
def world(folder: Path, *arguments: str, scale: int = 100_000) -> Iterator[World]:
    """Run a simulator that provisions *scale* times as fast (at once, mostly) while the block goes on.

    Lists go by the larger of the two limits that the pages name, so that a test of six commands takes no
    minute; what happens under the smaller one is shown in simulated time, and where a test asks for it.
    """
    words: list[str | Path] = [
        COMMAND,
        "simulate",
        "--listen",
        "127.0.0.1:0",
        "--time-scale",
        str(scale),
        "--switch",
        "list-limit=10/s",
        *arguments,
    ]
    with served(folder, words) as there:
        yield there


@contextmanager
def served(folder: Path, program: Sequence[str | Path]) -> Iterator[World]:
    """Run *program*, a simulator, while the block goes on."""
    process = start(program, ROOT, os.environ, stderr=False)
    with process:
        there = World(folder, dict(_exports(process)))
        try:
            yield there
        finally:
            there.http.close()
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()


def _exports(process: Process) -> Iterator[tuple[str, str]]:
    assert process.stdout is not None
    for _ in range(3):
        name, _sign, value = shlex.split(process.stdout.readline())[1].partition("=")
        yield name, value
