"""Replicas over TCP and a real PostgreSQL: killed, paused, cut off and asked, each app is linked once.

All of it takes real time, so the scenes play side by side, in one test: workers would not share them.
"""

import json
import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from tests.e2e.replicas import APPS, Fleet, fleet
from tests.e2e.torture import WRITES
from tests.postgresql import Server, running

T = TypeVar("T")

pytestmark = pytest.mark.timeout(900)

KILLS = int(os.environ.get("TORTURE_REPLICAS", "3"))
OUTAGE = 30.0 if KILLS > 3 else 14.0
"""Seconds without a database: longer than any lease lasts."""

FAULTS = (
    {"kind": "lose-reply", "route": "link", "probability": 0.1},
    {"kind": "slow", "route": "link", "probability": 0.6, "seconds": 0.4},
    {"kind": "stale-list", "probability": 0.4, "seconds": 1.5},
    {"kind": "reset", "route": "subscribe", "probability": 0.1},
)


@dataclass
class Kills:
    """What came of them. *took* are seconds from a kill to the next holder's first call, for each partner."""

    took: list[float]
    logins: int
    wrongs: list[str]


def kills(there: Fleet) -> Kills:
    """Kill the oldest holder of three replicas in the middle of a link, again and again; start another."""
    there.start_all(3)
    there.there.faults(*FAULTS)
    took: list[float] = []
    for _ in range(KILLS):
        took += killed(there)
    there.there.faults()
    there.until(there.settled)
    return Kills(sorted(took), there.there.counted()["login"], there.wrongs())


def killed(there: Fleet) -> list[float]:
    there.until(there.ready)
    victim = next(each for each in there.running if there.held_by(each))
    had = there.held_by(victim)
    links = there.there.counted().get("link", 0)
    there.declare_more()
    there.until(lambda: there.there.counted().get("link", 0) > links)
    at = there.now()
    victim.process.kill()
    there.running.remove(victim)
    there.start()
    first: dict[str, float] = {}

    def all_moved() -> bool:
        for partner in had - first.keys():
            if calls := there.calls_of(partner, at + 0.2):
                first[partner] = calls[0] - at
        return first.keys() == had

    there.until(all_moved)
    return [*first.values()]


@dataclass
class Pause:
    """*written* is what was written after the paused holder woke up."""

    moved: float
    written: list[str]
    back: float
    wrongs: list[str]


def pause(there: Fleet) -> Pause:
    """Stop a holder in its last read before it subscribes, until others did that; then wake it."""
    there.start_all(1)
    (first,) = there.running
    there.until(there.settled)
    there.start()
    there.until(there.ready)
    there.there.faults({"kind": "slow", "route": "subscriptions", "probability": 1, "seconds": 2})
    there.declare_more()
    new = f"Partner1App{APPS:02}"
    there.until(lambda: there.asking("1", "subscriptions") and there.there.tags().get(new) == [])
    first.process.send_signal(signal.SIGSTOP)
    moved = there.until(lambda: there.held_by(first) == set() and sum(there.loads()) == there.partners)
    there.until(there.settled)
    before = len(there.there.calls())
    first.process.send_signal(signal.SIGCONT)
    there.there.faults()
    back = there.until(there.led)
    written = [call["route"] for call in there.there.calls(*WRITES, since=before)]
    return Pause(moved, written, back, there.wrongs())


@dataclass
class Asked:
    heard: dict[str, float]
    at_once: int
    in_turn: int
    held_again: float
    ended: int
    left: float
    wrongs: list[str]


def asked(there: Fleet) -> Asked:
    """Leave hints for a partner of another replica; apply beside it; end one of two replicas cleanly."""
    there.start_all(2)
    there.until(there.led)
    there.until(there.settled)
    heard = {
        "event": heard_of(there, lambda: there.event("1", "Partner1App00")),
        "reconcile": heard_of(there, lambda: there.reconcile("1", "Partner1App01")),
    }
    apply = ("apply", "manifests", "--yes", "-o", "json", "--store", there.store)
    at_once = there.there.run(*apply).code
    done = there.there.run(*apply, "--lock-timeout", "30s")
    assert set(done.summary) == {"unchanged"}, done.out
    held_again = there.until(there.led)
    first = there.running.pop(0)
    ended = first.signal(signal.SIGTERM).code
    left = there.until(lambda: there.loads() == [there.partners])
    return Asked(heard, at_once, done.code, held_again, ended, left, there.wrongs())


def heard_of(there: Fleet, tell: Callable[[], float]) -> float:
    """Post an event about an app at rest; return how long it took until the app was observed."""
    there.until(lambda: not there.calls_of("1", there.now() - 5.5))
    at = tell()
    there.until(lambda: bool(there.calls_of("1", at)))
    return there.calls_of("1", at)[0] - at


@dataclass
class Outage:
    written: list[str]
    alive: int
    logins: int
    again: float
    wrongs: list[str]


def outage(there: Fleet) -> Outage:
    """Take the database away for longer than a lease lasts, while there is something to do.

    A revision that could not be kept meanwhile is read again an interval later.
    """
    there.start_all(2, "--interval", "5s")
    there.until(there.settled)
    before = len(there.there.calls())
    there.server.stop()
    there.declare_more()
    there.wait(OUTAGE)
    written = [call["route"] for call in there.there.calls(*WRITES, since=before)]
    alive = sum(each.process.poll() is None for each in there.running)
    there.server.start()
    again = there.until(there.led)
    there.until(there.settled)
    logins = len(there.there.calls("login", since=before))
    return Outage(written, alive, logins, again, there.wrongs())


def judge_asked(found: Asked) -> None:
    """Check that a holder takes hints within a second or so, and hands the lock over on request."""
    assert max(found.heard.values()) < 3.0, "a glance a second, and a look"
    assert found.at_once == 8, "another writer is at work"
    assert found.in_turn == 0, "it gave way"
    assert found.held_again < 15.0
    assert found.ended == 0
    assert found.left < 10.0, "what was let go needs no lease to end"


def judge_pause(found: Pause) -> None:
    """Hold that one which was paused past its lease writes nothing."""
    assert found.moved < 15.0
    assert found.written == []


def judge_outage(found: Outage) -> None:
    """Hold that a database which is away ends nothing but the writing."""
    assert found.written == []
    assert found.alive == 2
    assert found.logins == 0, "a sign-in outlives the store"
    assert found.again < 15.0


def judge_kills(found: Kills) -> None:
    """Hold that what a dead replica had moves within 15 s; `make torture` kills ten."""
    assert len(found.took) >= KILLS
    assert max(found.took) < 15.0
    assert found.logins <= 4 * (3 + KILLS), "each replica signs in once to each partner"


def test_replicas_that_are_killed_paused_or_cut_off_link_each_app_once(
    server: Server, tmp_path: Path
) -> None:
    def on(play: Callable[[Fleet], T], partners: int) -> T:
        with fleet(tmp_path / play.__name__, server, partners) as there:
            return play(there)

    def on_its_own() -> Outage:
        with running() as own, fleet(tmp_path / "outage", own, 2) as there:
            return outage(there)

    with ThreadPoolExecutor(4) as lanes:
        kill, rest = lanes.submit(on, kills, 4), lanes.submit(on, pause, 2)
        ask, cut_off = lanes.submit(on, asked, 2), lanes.submit(on_its_own)
    found = kill.result(), rest.result(), ask.result(), cut_off.result()
    for each in found:
        print(json.dumps({type(each).__name__: vars(each)}))  # noqa: T201  (figures for whoever looks)

    judge_kills(found[0])
    judge_pause(found[1])
    judge_asked(found[2])
    judge_outage(found[3])
    assert [wrong for each in found for wrong in each.wrongs] == []
