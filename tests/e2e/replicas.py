"""Replicas of `run` beside one another: a simulator with several partners, one PostgreSQL, real processes."""

import asyncio
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from controller.edges.clock import SystemClock
from controller.edges.store import open_store
from tests.e2e.torture import twice
from tests.e2e.world import PATIENCE, Going, World, app, served, subscription
from tests.postgresql import Server

SECRET = "0123456789abcdef0123456789abcdef"
PARTNERS = 4
APPS = 2
"""Apps that each partner begins with."""

LONGEST = 2 * PATIENCE
"""Seconds for what only the machine's speed bounds."""

_PARTNER = """apiVersion: gupshup.controller/v1
kind: Partner
metadata: {{name: p{0}}}
spec:
  url: {1}
  credentials: {{email: {{env: GUPSHUP_MAIL_{0}}}, secret: {{env: GUPSHUP_SECRET}}}}
  settle: {{lateEffect: 4s, staleList: 2s}}
"""


@dataclass
class Fleet:
    """What the replicas share; *running* are those of them that are."""

    there: World
    server: Server
    database: str
    partners: int
    running: list[Going] = field(default_factory=list)
    _apps: dict[int, int] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)

    @property
    def store(self) -> str:
        return self.server.url(self.database)

    def declare_more(self, count: int = 1) -> None:
        """Declare *count* more apps for each partner."""
        for partner in range(1, self.partners + 1):
            self._apps[partner] = self._apps.get(partner, 0) + count
        documents = [_PARTNER.format(partner, self.there.url) for partner in self._apps]
        for partner, apps in self._apps.items():
            for number in range(apps):
                name = f"Partner{partner}App{number:02}"
                documents.append(app(name, partner * 1000 + number, f"partner: p{partner}"))
        self.there.declare(*documents, subscription())

    def start(self, *words: str) -> Going:
        """Start a replica."""
        told = ("--log-level", "info", "--log-format", "json", "--listen", "127.0.0.1:0")
        options = ("--manifests", "manifests", "--store", self.store, *told, *words)
        replica = self._stack.enter_context(self.there.going("run", *options))
        self.running.append(replica)
        return replica

    def end(self) -> None:
        self._stack.close()

    def holders(self) -> dict[str, int]:
        """Return who holds each partner now, by process id."""
        with self.server.connect(self.database) as connection:
            rows = connection.execute(
                "SELECT upstream, holder FROM gupshup_controller.leases"
                " WHERE token <> '' AND expires > extract(epoch FROM clock_timestamp())"
            ).fetchall()
        return {str(name).partition("#")[2]: int(json.loads(str(holder))["pid"]) for name, holder in rows}

    def held_by(self, replica: Going) -> set[str]:
        """Return the partners that *replica* holds."""
        return {partner for partner, pid in self.holders().items() if pid == replica.process.pid}

    def ready(self) -> bool:
        """Say whether every replica that runs is known to be alive, and signed in to every partner."""
        with self.server.connect(self.database) as connection:
            rows = connection.execute(
                "SELECT holder, stands FROM gupshup_controller.replicas"
                " WHERE expires > extract(epoch FROM clock_timestamp())"
            ).fetchall()
        ready = {json.loads(str(holder))["pid"]: len(json.loads(str(stands))) for holder, stands in rows}
        return all(ready.get(each.process.pid) == self.partners for each in self.running)

    def start_all(self, count: int, *words: str) -> None:
        """Start *count* replicas, and return when they are ready and everything is held."""
        for _ in range(count):
            self.start(*words)
        self.until(lambda: self.ready() and self.led())

    def asking(self, partner: str, route: str) -> bool:
        """Say whether *partner* waits for an answer of *route*."""
        with self.server.connect(self.database) as connection:
            found = connection.execute(
                "SELECT 1 FROM gupshup_controller.calls WHERE route = %s AND upstream = %s AND ended IS NULL",
                [route, f"{self.there.url}#{partner}"],
            )
            return found.fetchone() is not None

    def loads(self) -> list[int]:
        """Return how many partners each running replica holds, the least first."""
        held = [*self.holders().values()]
        return sorted(held.count(replica.process.pid) for replica in self.running)

    def led(self) -> bool:
        """Return whether every partner is held by a replica that runs."""
        return sum(self.loads()) == self.partners

    def settled(self) -> bool:
        """Say whether everything that was declared is there."""
        tags = self.there.tags()
        return len(tags) == sum(self._apps.values()) and all(found == ["events"] for found in tags.values())

    def until(self, true: Callable[[], bool], seconds: float = LONGEST) -> float:
        """Wait until something is *true*, for so many *seconds* at the most; return how long it took."""
        began = time.monotonic()
        while not true():
            took = time.monotonic() - began
            assert took < seconds, f"not within {seconds} s: {self.holders()} {self.said()}"
            self.wait(0.1)
        return time.monotonic() - began

    def wait(self, seconds: float) -> None:
        """Let time pass that nothing else can make pass: the processes are real."""
        threading.Event().wait(seconds)

    def said(self) -> list[str]:
        """Return what the replicas said last."""
        return [line for each in self.running for line in each.lines()[-5:]]

    def reconcile(self, partner: str, name: str) -> float:
        """Request a pass over an app as `reconcile` does, through the store; return when."""

        async def leave() -> float:
            async with open_store(self.store, SystemClock()) as store:
                at = self.now()
                await store.hints.leave(f"{self.there.url}#{partner}", name, "reconcile")
                return at

        return asyncio.run(leave())

    def event(self, partner: str, name: str) -> float:
        """Post an event to a replica that does not lead *partner*; return when."""
        stranger = next(each for each in self.running if partner not in self.held_by(each))
        said = next(line for line in stranger.lines() if "listening" in line)
        event = {"app": name, "type": "onboarding-event", "payload": {"type": "docker-status-event"}}
        at = self.now()
        answer = httpx.post(f"{json.loads(said)['at']}/hooks/gupshup/{SECRET}", json=event, trust_env=False)
        assert answer.status_code == 200, answer.text
        return at

    def calls_of(self, partner: str, since: float) -> list[float]:
        """Return when calls about *partner* came in after the moment *since*, of the simulator's clock."""
        found = self.there.http.get(f"/_simulator/calls?since={since}").json()["calls"]
        return [each["at"] for each in found if each["partner"] == partner]

    def now(self) -> float:
        """Return the moment on the simulator's clock."""
        return float(self.there.http.get("/_simulator/state?name=nobody").json()["now"])

    def wrongs(self) -> list[str]:
        """Return everything that the simulator saw and may not have happened."""
        worst = self.there.http.get("/_simulator/worst").json()
        over = [f"over the limit: {each}" for each in worst["buckets"] if each["exceeded"]]
        refused = [f"too many: {each}" for each in self.there.calls() if each["status"] == 429]
        return [*over, *refused, *twice(self.there.calls("link"))]


@contextmanager
def fleet(folder: Path, server: Server, partners: int = PARTNERS) -> Iterator[Fleet]:
    folder.mkdir()
    program = [sys.executable, "-m", "tests.e2e.partners", str(partners), "100000"]
    with served(folder, program) as there:
        there.environ.update(
            {f"GUPSHUP_MAIL_{each}": f"p{each}@example.com" for each in range(1, partners + 1)}
        )
        there.environ["GUPSHUPCTL_HOOK_SECRET"] = SECRET
        there.forks = False  # replicas are told apart by what they are as processes
        them = Fleet(there, server, server.database(), partners)
        them.declare_more(APPS)
        asyncio.run(open_store(them.store, SystemClock()).close())
        try:
            yield them
        finally:
            them.end()
