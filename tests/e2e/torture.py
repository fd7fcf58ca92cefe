"""`apply` under kill -9: rounds of it against a simulator with faults, each checked against its log.

A round is a fresh simulator, a fresh store and a few apps, so that the ten links of its first minute are
there to be hit. Applies are started, paused, rivalled and killed; then trouble ends, and one may finish.
"""

import json
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from subprocess import TimeoutExpired
from typing import Any

from tests.e2e.world import PATIENCE, Done, Going, World, app, subscription, world

LATE_EFFECT, STALE_LIST = 4, 2
"""What the manifest promises of the simulator, in seconds; its faults keep to less."""

APPS = 5
LANES = 3
"""Rounds side by side: more would measure the machine."""

PARTNER = f"""apiVersion: gupshup.controller/v1
kind: Partner
metadata: {{name: main}}
spec: {{settle: {{lateEffect: {LATE_EFFECT}s, staleList: {STALE_LIST}s}}}}
"""
FAULTS: Sequence[Mapping[str, object]] = (
    {"kind": "lose-reply", "route": "link", "probability": 0.12},
    {"kind": "lose-request", "route": "link", "probability": 0.08},
    {"kind": "late", "route": "link", "probability": 0.12, "seconds": 2.5, "wait": 0.2},
    {"kind": "late", "route": "link", "probability": 0.08, "seconds": 1.5, "wait": 0.2, "status": 504},
    {"kind": "500", "route": "link", "probability": 0.08, "effect": "yes"},
    {"kind": "500", "route": "link", "probability": 0.08},
    {"kind": "slow", "route": "link", "probability": 0.6, "seconds": 0.4},
    {"kind": "stale-list", "probability": 0.4, "seconds": 1.5},
    {"kind": "503", "route": "list", "probability": 0.05},
    {"kind": "truncated", "route": "list", "probability": 0.05},
    {"kind": "reset", "route": "subscribe", "probability": 0.15},
    {"kind": "500", "route": "subscribe", "probability": 0.1, "effect": "yes"},
    {"kind": "slow", "route": "subscribe", "probability": 0.5, "seconds": 0.3},
)
VERBS = {"link": "link", "subscribe": "subscribe", "updateSubscription": "update", "callback": "update"}
WRITES = frozenset({*VERBS, "unsubscribe", "unsubscribeAll", "create", "delete", "update"})
KNOWN_ABSENT = frozenset({400, 401, 403, 429})
"""Answers to a link after which nothing can have come of it."""

ENDS = frozenset({0, 1, 5, 6, 8})
"""How an apply may end by itself while everything goes wrong."""


@dataclass(slots=True)
class Figures:
    """What was done, and what came of it. *worst* holds the fullest window of each bucket and its limit."""

    seed: int
    rounds: int = 0
    kills: int = 0
    restarts: int = 0
    pauses: int = 0
    rivals: int = 0
    links: int = 0
    writes: int = 0
    settled_by_hand: int = 0
    killed_at: dict[str, int] = field(default_factory=dict)
    worst: dict[str, tuple[int, int]] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)

    def add(self, other: "Figures") -> None:
        """Count another round in."""
        for name in ("rounds", "kills", "restarts", "pauses", "rivals", "links", "writes", "settled_by_hand"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.killed_at = dict(Counter(self.killed_at) + Counter(other.killed_at))
        self.violations += other.violations
        for bucket, found in other.worst.items():
            self.worst[bucket] = max(found, self.worst.get(bucket, found))

    def text(self) -> str:
        return json.dumps(asdict(self), indent=2)


def torture(folder: Path, seed: int, kills: int, *, each: int) -> Figures:
    """Kill *kills* processes, *each* a round, and return the figures of all rounds."""
    total = Figures(seed)
    shares = [each] * (kills // each) + [kills % each] * (kills % each > 0)

    def one(numbered: tuple[int, int]) -> Figures:
        number, share = numbered
        place = folder / f"round-{number}"
        place.mkdir()
        return Round(place, seed * 1_000 + number).run(share)

    with ThreadPoolExecutor(LANES) as lanes:
        for figures in lanes.map(one, enumerate(shares)):
            total.add(figures)
            print(f"round {total.rounds}: {total.kills} kills, {len(total.violations)} violations")  # noqa: T201  (for whoever waits)
    return total


class Round:
    """One fleet from nothing to live, with kills on the way."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder = folder
        self._dice = Random(seed)  # noqa: S311  (chance from a seed, not a secret)
        self._figures = Figures(seed, rounds=1)

    def run(self, kills: int) -> Figures:
        """Go through the round; any violation is in the figures."""
        try:
            with world(self._folder, "--seed", str(self._figures.seed), scale=1) as there:
                there.forks = False  # a kill may strike its start, too
                self._play(there, kills)
        except (AssertionError, TimeoutExpired) as error:
            self._wrong(f"the round did not end: {error!s:.600}")
        return self._figures

    def _play(self, there: World, kills: int) -> None:
        names = [f"Fleet{number:02}" for number in range(APPS)]
        there.declare(PARTNER, *(app(name, 100 + n) for n, name in enumerate(names)), subscription())
        if self._dice.random() < 0.7:
            there.environ["GUPSHUP_PARTNER_TOKEN"] = _token(there)
        there.faults(*FAULTS)
        late = min(2, kills // 6)
        for number in range(kills):
            if number == kills - late:
                there.control("advance", {"seconds": 5_000})
            self._strike(there)
        there.faults()
        self._finish(there)
        self._judge(there, names)

    def _strike(self, there: World) -> None:
        """Start an apply, perhaps a rival, perhaps pause one; then kill one of them at some instant."""
        with ExitStack() as stack:
            runs = [stack.enter_context(there.going(*_apply("20s")))]
            self._figures.restarts += 1
            if self._dice.random() < 0.3:
                runs.append(stack.enter_context(there.going(*_apply("20s"))))
                self._figures.rivals += 1
            victim = self._dice.choice(runs)
            at = self._dice.choice(("anywhere", "link", "link", "call", "intent", "intent"))
            reached = self._instant(there, at)
            _until(reached, victim, 8)
            if self._dice.random() < 0.2:
                self._pause(victim)
            self._kill(victim, at)
            for run in runs:
                if run is not victim:
                    _until(_after(self._dice.uniform(0, 1.5)), run, 2)
                    self._kill(run, "rival")

    def _kill(self, run: Going, at: str) -> None:
        if run.process.poll() is None:
            run.process.kill()
            self._figures.kills += 1
            self._figures.killed_at[at] = self._figures.killed_at.get(at, 0) + 1
        done = run.end()
        if done.code not in ENDS | {-signal.SIGKILL} or "Traceback" in done.err:
            self._wrong(f"an apply ended with {done.code}: {done.err[-600:]}")

    def _pause(self, run: Going) -> None:
        if run.process.poll() is None:
            run.process.send_signal(signal.SIGSTOP)
            _until(_after(self._dice.uniform(0.1, 1.5)), run, 2)
            run.process.send_signal(signal.SIGCONT)
            _until(_after(self._dice.uniform(0, 0.5)), run, 1)
            self._figures.pauses += 1

    def _instant(self, there: World, at: str) -> Callable[[], bool]:
        """Return a check whether the instant for a kill has come."""
        route = "&route=link" if at == "link" else ""
        wanted = 1 if at == "link" else self._dice.randint(1, 12)
        seen = f"/_simulator/calls?since={time.time()}{route}"
        match at:
            case "anywhere":
                return _after(self._dice.uniform(0.1, 3))
            case "intent":
                return _then(lambda: _open_intent(self._store), self._dice.uniform(0, 0.04))
            case _:
                pause = self._dice.uniform(0, 0.6 if at == "link" else 0.1)
                return _then(lambda: bool(there.http.get(seen).json()["total"] >= wanted), pause)

    @property
    def _store(self) -> Path:
        return self._folder / ".gupshupctl" / "state.db"

    def _finish(self, there: World) -> None:
        """After the last kill: run until everything exists, then once more, which must write nothing."""
        for _ in range(5):
            done = _left_alone(there)
            self._figures.restarts += 1
            if done.code == 0:
                break
            for blocked in done.json()["blocked"]:
                self._settle(there, blocked)
        else:
            self._wrong(f"it did not finish: {done.code} {done.out[-900:]} {done.err[-300:]}")
        before = len(there.calls(*WRITES))
        again = _left_alone(there)
        if again.code or set(again.summary) != {"unchanged"} or len(there.calls(*WRITES)) != before:
            self._wrong(f"a last apply was not quiet: {again.code} {again.summary}")

    def _settle(self, there: World, blocked: Mapping[str, str]) -> None:
        """Do what a person does where three links in a row stayed unclear: say that it is absent."""
        if blocked["reason"] != "CreateOutcomeUnknown":
            self._wrong(f"blocked: {blocked}")
        elif (done := there.run("resolve", blocked["name"], "--absent")).code:
            self._wrong(f"resolve: {done.code} {done.err}")
        self._figures.settled_by_hand += 1

    def _judge(self, there: World, names: Sequence[str]) -> None:
        calls = [each for each in there.calls(*WRITES) if "(the" not in each["fault"]]
        self._figures.writes = len(calls)
        self._figures.links = sum(each["route"] == "link" for each in calls)
        worst = there.http.get("/_simulator/worst").json()
        for each in worst["buckets"]:
            found = (each["calls"], each["limit"]["calls"])
            self._figures.worst[each["bucket"]] = max(found, self._figures.worst.get(each["bucket"], found))
            if each["exceeded"]:
                self._wrong(f"over the limit: {each}")
        if there.tags() != {name: ["events"] for name in names} or any(
            each["deleted"] or not each["live"] for each in there.apps().values()
        ):
            self._wrong(f"another end state: {there.apps()}")
        for wrong in (*twice(there.calls("link")), *unrecorded(calls, there.apps(), self._store)):
            self._wrong(wrong)

    def _wrong(self, what: str) -> None:
        self._figures.violations.append(f"seed {self._figures.seed}: {what}")


def twice(links: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield each link that was sent while an earlier one for its phone could still have come to something."""
    sent: dict[str, Mapping[str, Any]] = {}
    there: dict[str, float] = {}
    for each in sorted(links, key=lambda each: float(each["at"])):
        phone = each["phone"]
        if each["fault"] != "late (the effect)":
            earlier = sent.get(phone)
            gap = each["at"] - earlier["at"] if earlier else LATE_EFFECT + STALE_LIST
            if earlier and earlier["status"] not in KNOWN_ABSENT and gap < LATE_EFFECT + STALE_LIST:
                yield f"a second link of {phone} after {gap:.3f} s"
            if phone in there:
                yield f"a second link of {phone}, which was there for {each['at'] - there[phone]:.3f} s"
            sent[phone] = each
        if each["effect"]:
            if phone in there:
                yield f"a second app with phone {phone}"
            there[phone] = each["at"]


def unrecorded(calls: Iterable[Mapping[str, Any]], apps: Mapping[str, Any], store: Path) -> Iterator[str]:
    """Yield each write that has no line of its own in the history, begun before the write came in."""
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as found:
        rows = found.execute("select verb, target, at from history order by id desc").fetchall()
    names = {each["id"]: name for name, each in apps.items()}
    phones = {each["phone"]: name for name, each in apps.items()}
    for call in sorted(calls, key=lambda each: -float(each["at"])):
        name = phones.get(call["phone"]) or names.get(call["app"])
        line = next(
            (
                row
                for row in rows
                if row[0] == VERBS.get(call["route"])
                and row[1].endswith(f"App/{name}")
                and row[2] <= call["at"] + 0.05
            ),
            None,
        )
        if line is None:
            yield f"no line of history for {call}"
        else:
            rows.remove(line)


def _apply(timeout: str) -> tuple[str, ...]:
    return ("apply", "--yes", "--wait", "--timeout", "10m", "-o", "json", "--lock-timeout", timeout)


def _left_alone(there: World) -> Done:
    """Run an apply to its end, while provisioning goes fast."""
    end = time.monotonic() + 5 * PATIENCE
    with there.going(*_apply("0")) as run:
        while run.process.poll() is None and time.monotonic() < end:
            there.control("advance", {"seconds": 5_000})
            _until(_after(1), run, 1)
        assert run.process.poll() is not None, "an apply that was left alone goes on and on"
        return run.end()


def _token(there: World) -> str:
    form = {"email": there.environ["GUPSHUP_EMAIL"], "password": there.environ["GUPSHUP_SECRET"]}
    return str(there.http.post("/partner/account/login", data=form).json()["token"])


def _open_intent(store: Path) -> bool:
    """Say whether a link is about to go out, or is on its way."""
    if not store.exists():
        return False
    try:
        with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as found:
            return bool(found.execute("select 1 from intents where ended is null").fetchone())
    except sqlite3.OperationalError:  # what a killed one left has to be recovered first, by who may write
        return False


def _after(seconds: float) -> Callable[[], bool]:
    """Return what is true from so many seconds on."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def _then(true: Callable[[], bool], seconds: float) -> Callable[[], bool]:
    """Return what is true so many seconds after something else was *true*."""
    since: list[float] = []

    def reached() -> bool:
        if not since and true():
            since.append(time.monotonic())
        return bool(since) and time.monotonic() >= since[0] + seconds

    return reached


def _until(reached: Callable[[], bool], run: Going, longest: float) -> None:
    """Wait until an instant is *reached*, the run has ended, or *longest* seconds have passed."""
    end = time.monotonic() + longest
    while run.process.poll() is None and time.monotonic() < end and not reached():
        try:
            run.process.wait(0.005)
        except TimeoutExpired:
            continue
