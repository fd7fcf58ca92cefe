"""Nothing grows without an end: days of churn, drift, events and disruptions, in simulated time.

`SOAK_DAYS=30` is the long run (`make soak`).
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random

from controller.model.manifest import Desired
from controller.model.passes import Timing
from controller.simulator import Fault
from controller.simulator.control.manual_changes import change_app
from tests.sim.long_run import LongRun
from tests.sim.oracle import violations
from tests.sim.run_dirs import run_dir
from tests.sim.scenario import TAG, Scenario, app, desired, subscription
from tests.sim.simulated_world import HOUR, SimulatedWorld

DAYS = int(os.environ.get("SOAK_DAYS", "2"))
DAY = 24 * HOUR
SLOW = Timing(interval=300.0, drift=1_800.0, hint_poll=300.0)
TABLES = ("calls", "intents", "bindings", "refusals", "ledger", "statuses", "hints", "revisions", "manifests")
FLEET = 6


def churn(hours: int) -> Iterator[tuple[float, Desired]]:
    """Yield an edition an hour: one of six apps is left out, and URLs change."""
    for hour in range(hours):
        apps = [app(number) for number in range(1, FLEET + 1) if number != 1 + hour % FLEET]
        hooks = [subscription(each, url=f"https://hooks.example.com/{hour % 3}/{each.name}") for each in apps]
        yield hour * HOUR, desired(*apps, *hooks, revision=f"r{hour}")


def disruption() -> Iterator[Fault]:
    """Yield what goes wrong each day: answers lost, lists that lag, limits of somebody else's making."""
    kinds = (
        ("503", "list"),
        ("lose-reply", "updateSubscription"),
        ("429", "subscriptions"),
        ("401", "token"),
    )
    for kind, route in kinds:
        yield Fault(kind, route, every=97)


def meddle(sim: SimulatedWorld, rng: Random) -> None:
    """Let somebody remove a subscription by hand."""
    apps = sorted(each.name for each in sim.world.apps.by_id.values() if not each.deleted)
    if apps:
        chosen = rng.choice(apps)
        change_app(sim.world, {"app": chosen, "subscriptions": [{"tag": TAG, "active": False}]})


def sizes(sim: SimulatedWorld) -> Mapping[str, int]:
    """Return how many rows each table has, and what the files of this process are."""
    found = {table: len(sim.disk.rows(f"SELECT 1 FROM {table}")) for table in TABLES}  # noqa: S608  (our own names)
    return {**found, "descriptors": len(list(Path("/proc/self/fd").iterdir()))}


def test_no_table_and_no_descriptor_grows_without_an_end(tmp_path: Path) -> None:
    """After a first day as many rows and descriptors as after the last; no promise is broken meanwhile."""
    del tmp_path
    rng = Random("soak")  # noqa: S311  (a seed)
    with run_dir() as context:
        editions = list(churn(DAYS * 24))
        everything = Scenario("soak", tuple(each for _, each in editions[:FLEET]))
        sim = SimulatedWorld(everything, context, faults=tuple(disruption()))
        long_run = LongRun(sim, editions, SLOW)
        measured = []
        for day in range(1, DAYS + 1):
            while sim.timeline.seconds < day * DAY:
                meddle(sim, rng)
                long_run.run(6 * HOUR)
            measured.append(sizes(sim))
            sim.trace.lines.clear()
            long_run.passes.clear()
        assert not violations(sim)
        first, last = measured[0], measured[-1]
        assert {name: count for name, count in last.items() if count > 1.2 * first[name] + 20} == {}
        size = sim.disk.path.stat().st_size
        assert size < 4 * 1024 * 1024, size
