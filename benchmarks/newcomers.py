"""A process that has just begun, over a fleet whose every app has webhooks: how soon newcomers are served.

Run: python -m benchmarks newcomers. NEWCOMERS_APPS (1000) and NEWCOMERS (20) change how much. Everything runs
for real: the installed command, the simulator, TCP on loopback, SQLite. It takes three minutes, in which the
first look at each app goes on; Gupshup lets ten links a minute through.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx

from benchmarks.figure import Figure
from benchmarks.fleet import SECRET, after, looked, running, settle, until
from tests.e2e.world import World, app, world

APPS = int(os.environ.get("NEWCOMERS_APPS", "1000"))
NEWCOMERS = int(os.environ.get("NEWCOMERS", "20"))
APART = 7.0


def measure() -> Iterator[Figure]:
    """Yield the median and the worst, from a commit to its link and from a live event to its webhook."""
    with (
        tempfile.TemporaryDirectory(prefix="newcomers-") as scratch,
        world(
            Path(scratch), "--switch", "provision-min=86400", "--switch", "provision-max=86400", scale=1
        ) as there,
    ):
        settle(there, APPS, APPS)
        with running(there, "--interval", "1m") as (_, door):
            until(lambda: looked(door) > 0)
            waited = [_newcomer(there, door, number) for number in range(1, NEWCOMERS + 1)]
        if not there.within_limits():
            raise RuntimeError("a limit was not kept")
        for what, seconds in zip(
            ("commit to link", "live event to webhook"), zip(*waited, strict=True), strict=True
        ):
            about = f"{what}, right after a start, {APPS} apps with webhooks"
            yield Figure(f"{about} (median of {NEWCOMERS})", statistics.median(seconds))
            yield Figure(f"{about} (worst of {NEWCOMERS})", max(seconds))


def _newcomer(there: World, door: httpx.Client, number: int) -> tuple[float, float]:
    """Return the seconds from a commit to its link, and from a live event to its webhook."""
    begun, name = time.monotonic(), f"Newcomer{number:03}"
    linked = after(there, "link", partial(there.declare, app(name, APPS + number), name=f"{name}.yaml"))
    time.sleep(1.0)
    there.control("drift", {"app": name, "set": {"live": True}})
    event = {"app": name, "type": "onboarding-event", "payload": {"type": "docker-status-event"}}
    subscribed = after(there, "subscribe", partial(door.post, f"/hooks/gupshup/{SECRET}", json=event))
    time.sleep(max(0.0, APART - (time.monotonic() - begun)))
    return linked, subscribed
