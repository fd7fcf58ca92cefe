"""Random worlds from a seed: fleets, upstreams that were there before, drift, faults and kills.

`python -m tests.sim.random_worlds --seed N` prints one of them line by line; `--from A --to B` runs many.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from random import Random

from controller.model.manifest import (
    DEFAULT_POLICIES,
    App,
    AppId,
    Count,
    Desired,
    FromEnv,
    Guards,
    Policy,
    Subscription,
)
from controller.simulator import Fault
from tests.sim.effects import Effect, Failure
from tests.sim.run_dirs import run
from tests.sim.scenario import PARTNER, SWITCHES, TAG, Scenario, app, desired, subscription, there
from tests.sim.sim_run import Disruption, RunResult

_READS = ("list", "details", "pipeline", "token", "wabaInfo", "subscriptions", "login")
_WRITES = ("link", "subscribe", "updateSubscription", "callbackUrl")
_ANY = ("lose-request", "lose-reply", "reset", "truncated", "garbled", "html", "empty", "500", "503", "429")
_ON_WRITES = (*_ANY, "late", "duplicate", "redirect", "error-200")
_ON_LINK = (*_ON_WRITES, "stale-list", "no-app-id", "callback-refused", "wrong-app-id")
_ON_LIST = (*_ANY, "short-page", "flicker", "empty-list", "no-phone", "repeat-page")
_SWITCHES: Mapping[str, tuple[str, ...]] = {
    "page-past-end": ("empty", "last"),
    "page-size-max": ("1", "2", "50"),
    "list-limit": ("10/s", "10/min"),
    "list-order": ("created", "newest", "name"),
    "retry-after": ("none", "seconds"),
    "conflict-order": ("phone", "name"),
    "app-token-body": ("nested", "flat"),
    "details-wrapper": ("appDetails", "app"),
    "missing-subscription": ("400", "204"),
    "meta-returned": ("no", "yes"),
    "live-wa-id": ("phone", "waba"),
    "subscription-bucket": ("shared", "per-verb"),
    "list-lag": ("0", "5", "14"),
}


@dataclass(frozen=True, slots=True)
class RandomWorld:
    """Everything that one seed decides."""

    seed: int

    def random(self, *words: str) -> Random:
        return Random(" ".join([str(self.seed), *words]))  # noqa: S311  (a seed, not a secret)

    def scenario(self) -> Scenario:
        rng = self.random("scenario")
        apps = [self._app(number) for number in range(1, rng.randint(2, 6))]
        hooks = [hook for each in apps for hook in self._hooks(each)]
        seeded = [found for each in apps if (found := self._there(each))]
        final = desired(*(self._found(each, seeded) for each in apps), *hooks, partner=_BOLD)
        first = (self._before(final, rng),) if rng.random() < 0.3 else ()
        return Scenario(
            f"seed {self.seed}", (*first, final), tuple(seeded), self._switches(), blocked=_BLOCKED, ends=2
        )

    def _app(self, number: int) -> App:
        rng = self.random("app", str(number))
        policies = DEFAULT_POLICIES | ({Policy.UNSUBSCRIBE} if rng.random() < 0.4 else set())
        made = app(number, policies=policies)
        return made if rng.random() < 0.7 else replace(made, callback_url=None)

    def _hooks(self, of: App) -> list[Subscription]:
        rng = self.random("hooks", of.name)
        tags = [TAG, "gitops-more", "audit"][: rng.choice([0, 1, 1, 1, 2, 3])]
        return [subscription(of, tag, headers=_headers(rng), active=rng.random() < 0.9) for tag in tags]

    def _there(self, of: App) -> dict[str, object] | None:
        """Let an app exist already: ours as declared or by another name, a stranger's by name or phone."""
        rng = self.random("there", of.name)
        kind = rng.choice(["", "", "", "ours", "other name", "their name", "their phone", "provisioning"])
        hooks = [
            {"tag": tag, "url": "https://old.example.com", "version": 2, "modes": ["SENT"]}
            for tag in _old(rng)
        ]
        match kind:
            case "ours":
                return there(of, subscriptions=hooks)
            case "provisioning":
                return there(of, live=False)
            case "other name":
                return there(of, name=f"Old{of.app_name}", subscriptions=hooks)
            case "their name":
                return there(of, phone=f"1555000{of.phone[-4:]}", partner="stranger")
            case "their phone":
                return there(of, name=f"Their{of.app_name}", partner="stranger")
        return None

    def _found(self, of: App, seeded: list[dict[str, object]]) -> App:
        """Take an app over by its id where it has another name."""
        mine = next((each for each in seeded if each["name"] == f"Old{of.app_name}"), None)
        return of if mine is None else replace(of, app_id=AppId(str(mine["id"])))

    def _before(self, final: Desired, rng: Random) -> Desired:
        """Return an earlier revision: the same apps with other subscriptions."""
        hooks = [
            replace(each, url="https://before.example.com/x", modes=frozenset({"READ"}))
            for each in final.subscriptions
        ]
        rng.shuffle(hooks)
        return desired(*final.apps, *hooks[: len(hooks) // 2], revision="r0", partner=_BOLD)

    def _switches(self) -> tuple[str, ...]:
        rng = self.random("switches")
        chosen = rng.sample(sorted(_SWITCHES), k=4)
        return (*SWITCHES, *(f"{name}={rng.choice(_SWITCHES[name])}" for name in chosen))

    def disruption(self, effects: Sequence[Effect]) -> Disruption:
        """Return faults, and up to six failures at some of the *effects* of an undisturbed run."""
        rng = self.random("trouble")
        faults = tuple(self._fault(rng) for _ in range(rng.randint(0, 5)))
        struck = rng.sample(effects, k=min(rng.choice([0, 1, 2, 3, 6]), len(effects)))
        failures = sorted((each.label, each.nth, rng.choice(list(Failure))) for each in struck)
        return Disruption(faults, tuple(failures), self.seed, drift=True)

    def _fault(self, rng: Random) -> Fault:
        route = rng.choice([*_READS, *_WRITES, "link", "link", "list"])
        kinds = {"link": _ON_LINK, "list": _ON_LIST}.get(route, _ON_WRITES if route in _WRITES else _ANY)
        kind = rng.choice(kinds)
        parameters: dict[str, object] = {}
        if kind == "late":
            wait = rng.choice([0, 25])
            parameters = {"seconds": rng.randint(1, 58) + min(wait, 20), "wait": wait}
        elif kind in {"lose-request", "lose-reply"}:
            parameters = {"seconds": rng.choice([0, 25])}
        elif kind == "stale-list":
            parameters = {"seconds": rng.randint(1, 14)}
        where = {"nth": (rng.randint(1, 6),)} if rng.random() < 0.7 else {"probability": 0.3, "until": 120.0}
        return Fault(kind, route, parameters=parameters, **where)


_BOLD = replace(PARTNER, guards=Guards(Count(1000), Count(1000), Count(1000), Count(1000)))
"""Guards hold whole classes of change: what got through before a kill decides what is held after it."""

_BLOCKED = frozenset({"NameTakenElsewhere", "PhoneLinkedElsewhere"})


def _headers(rng: Random) -> Mapping[str, FromEnv]:
    return {"X-Hook-Secret": FromEnv("HOOK_SECRET")} if rng.random() < 0.5 else {}


def _old(rng: Random) -> list[str]:
    return [tag for tag in (TAG, "gitops-old", "theirs") if rng.random() < 0.5]


def seeded(seed: int) -> RunResult:
    """Run the world of *seed* undisturbed, then with its disruption, and judge it against the first."""
    world = RandomWorld(seed)
    scenario = world.scenario()
    quiet = Disruption(seed=seed, drift=True)
    plain = run(scenario, quiet)
    if plain.violations:
        return plain
    alone = run(replace(scenario, revisions=scenario.revisions[-1:]), quiet)
    return run(scenario, world.disruption(plain.effects[: plain.settled]), ends=(plain.end, alone.end))


def _judged(seed: int) -> tuple[int, RunResult]:
    return seed, seeded(seed)


def main() -> int:
    """Run seeds; 1 where one broke a promise."""
    parser = argparse.ArgumentParser(prog="python -m tests.sim.random_worlds", description=__doc__)
    parser.add_argument("--seed", type=int, help="one seed, printed line by line")
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--to", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", default="", help="write how many there were to this file")
    given = parser.parse_args()
    if given.seed is not None:
        result = seeded(given.seed)
        sys.stdout.write(
            "\n".join([*result.lines, f"disruption: {result.disruption}", *result.violations, ""])
        )
        return 1 if result.violations else 0
    bad, effects = 0, 0
    with ProcessPoolExecutor(given.jobs, mp_context=get_context("spawn")) as pool:
        for seed, result in pool.map(_judged, range(given.first, given.to), chunksize=4):
            effects += len(result.effects)
            if result.violations:
                bad += 1
                sys.stdout.write(f"--seed {seed}: {result.violations}\n")
    sys.stdout.write(f"{given.to - given.first} seeds, {bad} with a broken promise\n")
    if given.json:
        found = {"first": given.first, "seeds": given.to - given.first, "effects": effects, "violations": bad}
        Path(given.json).write_text(json.dumps(found, indent=2) + "\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
