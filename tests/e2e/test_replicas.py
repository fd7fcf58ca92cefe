"""Replicas over TCP and a real PostgreSQL: killed, paused, cut off and asked, each app is linked once.

All of it takes real time, so the scenes play side by side; each test looks at one of them.
"""

import json
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import pytest

from tests.e2e.replicas import APPS, Fleet, fleet
from tests.e2e.torture import WRITES
from tests.postgresql import Server, running

T = TypeVar("T")

pytestmark = pytest.mark.timeout(600)

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
    """Stop a holder in its last look before it subscribes, until others did that; then wake it."""
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
    back = there.until(there.even)
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
    """Leave hints for what another replica tends; apply beside it; end one of two replicas in peace."""
    there.start_all(2)
    there.until(there.even)
    there.until(there.settled)
    heard = {
        "event": heard_of(there, lambda: there.event("1", "Partner1App00")),
        "reconcile": heard_of(there, lambda: there.reconcile("1", "Partner1App01")),
    }
    apply = ("apply", "manifests", "--yes", "-o", "json", "--store", there.store)
    at_once = there.there.run(*apply).code
    done = there.there.run(*apply, "--lock-timeout", "30s")
    assert set(done.summary) == {"unchanged"}, done.out
    held_again = there.until(lambda: sum(there.loads()) == there.partners)
    first = there.running.pop(0)
    ended = first.signal(signal.SIGTERM).code
    left = there.until(lambda: there.loads() == [there.partners])
    return Asked(heard, at_once, done.code, held_again, ended, left, there.wrongs())


def heard_of(there: Fleet, tell: Callable[[], float]) -> float:
    """Tell of an app that was left alone for a while; return how long it took to be looked at."""
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
    """Take the database away for longer than a lease lasts, while there is something to do."""
    there.start_all(2)
    there.until(there.settled)
    before = len(there.there.calls())
    there.server.stop()
    there.declare_more()
    there.wait(OUTAGE)
    written = [call["route"] for call in there.there.calls(*WRITES, since=before)]
    alive = sum(each.process.poll() is None for each in there.running)
    there.server.start()
    again = there.until(lambda: sum(there.loads()) == there.partners)
    there.until(there.settled)
    logins = len(there.there.calls("login", since=before))
    return Outage(written, alive, logins, again, there.wrongs())


@dataclass
class Scenes:
    kills: "Future[Kills]"
    pause: "Future[Pause]"
    asked: "Future[Asked]"
    outage: "Future[Outage]"


@pytest.fixture(scope="module")
def scenes(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scenes]:
    folder = tmp_path_factory.mktemp("replicas")

    def on(play: Callable[[Fleet], T], partners: int) -> T:
        with fleet(folder / play.__name__, server, partners) as there:
            return play(there)

    def on_its_own() -> Outage:
        with running() as own, fleet(folder / "outage", own, 2) as there:
            return outage(there)

    with ThreadPoolExecutor(4) as lanes:
        yield Scenes(
            lanes.submit(on, kills, 4),
            lanes.submit(on, pause, 2),
            lanes.submit(on, asked, 2),
            lanes.submit(on_its_own),
        )


def told(found: object) -> None:
    print(json.dumps({type(found).__name__: vars(found)}))  # noqa: T201  (figures for whoever looks)


def test_asked_for_or_told_of_something_the_holder_hears_it(scenes: Scenes) -> None:
    found = scenes.asked.result()
    told(found)
    assert max(found.heard.values()) < 3.0, "a glance a second, and a look"
    assert found.at_once == 8, "another writer is at work"
    assert found.in_turn == 0, "it gave way"
    assert found.held_again < 15.0
    assert found.ended == 0
    assert found.left < 10.0, "what was let go needs no lease to end"
    assert found.wrongs == []


def test_a_holder_that_was_paused_past_its_lease_writes_nothing(scenes: Scenes) -> None:
    found = scenes.pause.result()
    told(found)
    assert found.moved < 15.0
    assert found.written == []
    assert found.wrongs == []


def test_a_database_that_is_away_ends_nothing_but_the_writing(scenes: Scenes) -> None:
    found = scenes.outage.result()
    told(found)
    assert found.written == []
    assert found.alive == 2
    assert found.logins == 0, "a sign-in outlives the store"
    assert found.again < 15.0
    assert found.wrongs == []


def test_killed_in_turn_each_app_is_linked_once_and_partners_move_within_15_s(scenes: Scenes) -> None:
    """`make torture` kills ten."""
    found = scenes.kills.result()
    told(found)
    assert len(found.took) >= KILLS
    assert max(found.took) < 15.0
    assert found.logins <= 4 * (3 + KILLS), "each replica signs in once to each partner"
    assert found.wrongs == []
