"""A process that never stops, with thousands of settled apps: what it takes, and how soon it acts.

Run: python -m benchmarks fleet. FLEET_APPS (5000), FLEET_HOOKED (150) and FLEET_EVENTS (25) change how
much. Everything runs for real: the installed command, the simulator, TCP on loopback, SQLite. It takes some
minutes.
"""

import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx

from benchmarks.figure import Figure
from tests.e2e.world import COMMAND, PARTNER, World, app, subscription, world

APPS = int(os.environ.get("FLEET_APPS", "5000"))
EVENTS = int(os.environ.get("FLEET_EVENTS", "25"))
HOOKED = int(os.environ.get("FLEET_HOOKED", "150"))
"""Apps with a webhook at first: after a start each of them is looked at once, two or three a second.

The figures of a sweep are taken with a webhook on every app, right after another start.
"""
QUIET = "appSelector: {matchLabels: {fleet: quiet}}"

SECRET = "benchmark-benchmark-benchmark-42"  # noqa: S105  (of a simulator)
PATIENCE = 900.0
IDLE = 60.0
TICKS = os.sysconf("SC_CLK_TCK")


def measure() -> Iterator[Figure]:
    """Yield what a settled fleet costs, how soon a commit is acted on, and how soon an event is."""
    with (
        tempfile.TemporaryDirectory(prefix="fleet-") as scratch,
        world(Path(scratch), scale=1_000_000) as there,
    ):
        settle(there, APPS, HOOKED)
        with running(there, "--interval", "1h", "--drift-interval", "12h") as (process, door):
            until(lambda: len(there.calls("subscriptions")) >= HOOKED)
            yield Figure(f"events to subscribe, {APPS} apps (median of {EVENTS})", _events(there, door))
            before = _cpu(process)
            time.sleep(IDLE)
            yield Figure(f"CPU a second, idle between passes, {APPS} apps", (_cpu(process) - before) / IDLE)
        there.declare(PARTNER, subscription(), subscription("quiet", QUIET, "tag: events"), name="all.yaml")
        with running(there, "--interval", "1m") as (process, door):
            until(lambda: looked(door) > 0)
            yield Figure("manifest to link, during a drift sweep", _commit(there))
            before = _cpu(process)
            time.sleep(IDLE)
            yield Figure("CPU a second, lists and sweep going on", (_cpu(process) - before) / IDLE)
            yield Figure(f"memory, as 1 ms a MB, {APPS} apps", _megabytes(process) / 1000)


def settle(there: World, apps: int, hooked: int) -> None:
    """Have so many apps there as they will be declared; the first *hooked* of them declare their webhook."""
    there.environ["GUPSHUPCTL_HOOK_SECRET"] = SECRET
    hook = {"tag": "events", "version": 3, "modes": ["SENT", "MESSAGE"]}
    fleet = [
        {
            "name": f"Fleet{number:05}",
            "phone": f"91{number:010}",
            "wabaId": f"30{number:08}",
            "subscriptions": [{**hook, "url": f"https://hooks.example.com/Fleet{number:05}"}],
        }
        for number in range(apps)
    ]
    for first in range(0, apps, 500):
        there.seed(*fleet[first : first + 500])
    for number in range(apps):
        said = app(f"Fleet{number:05}", number)
        label = "all" if number < hooked else "quiet"
        there.declare(said.replace("fleet: all", f"fleet: {label}"), name=f"fleet{number:05}.yaml")
    there.declare(PARTNER, subscription(), name="all.yaml")


@contextmanager
def running(there: World, *arguments: str) -> Iterator[tuple[int, httpx.Client]]:
    """Let the command run; yield its process and a client of its door."""
    command = [str(COMMAND), "run", "--listen", "127.0.0.1:0", "--log-format", "json", *arguments]
    with subprocess.Popen(  # noqa: S603  (our own command)
        command, cwd=there.folder, env=there.environ, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None  # noqa: S101  (a pipe)
        at = next(json.loads(line)["at"] for line in process.stderr if '"listening"' in line)
        drained = subprocess.Popen(["cat"], stdin=process.stderr, stdout=subprocess.DEVNULL)  # noqa: S607
        try:
            with httpx.Client(base_url=at, timeout=30, trust_env=False) as door:
                yield process.pid, door
        finally:
            process.terminate()
            process.wait(30)
            drained.kill()


def _events(there: World, door: httpx.Client) -> float:
    """Return the median seconds from posting a live event to the subscribe call that it leads to."""
    taken = []
    for number in range(EVENTS):
        name = f"Fleet{number:05}"
        there.control("drift", {"app": name, "subscriptions": [{"tag": "events", "delete": True}]})
        time.sleep(3.1)  # twenty looks a minute are what events may cause
        event = {"app": name, "type": "onboarding-event", "payload": {"type": "docker-status-event"}}
        taken.append(after(there, "subscribe", partial(door.post, f"/hooks/gupshup/{SECRET}", json=event)))
    return statistics.median(taken)


def after(there: World, route: str, act: Callable[[], object]) -> float:
    """Return the seconds from *act* to the next call of *route*."""
    before, begun = sent(there, route), time.monotonic()
    act()
    until(lambda: sent(there, route) > before, pause=0.01)
    return time.monotonic() - begun


def _commit(there: World) -> float:
    return after(there, "link", lambda: there.declare(app("Newcomer", APPS + 1), name="new.yaml"))


def sent(there: World, route: str) -> int:
    """Return how many calls of *route* reached the simulator."""
    return int(there.http.get("/_simulator/calls", params={"route": route}).json()["total"])


def looked(door: httpx.Client) -> float:
    """Return when a list was last had whole, 0 where none was."""
    partners = door.get("/api/v1/partners").json()["items"]
    return sum(1.0 for partner in partners if partner["listedAt"])


def until(true: Callable[[], bool], pause: float = 0.5) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise TimeoutError("it takes too long")
        time.sleep(pause)


def _cpu(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _megabytes(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024
