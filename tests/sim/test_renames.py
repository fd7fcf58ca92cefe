"""Renamed manifests: a process that never stops keeps its sight of the apps, and of what it did about them.

`RENAMED_APPS=1000` is the fleet of the promise, of which half is renamed.
"""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from controller.model.manifest import Desired
from controller.model.notice import Notice
from controller.model.passes import Timing
from tests.sim.long_run import LongRun
from tests.sim.oracle import violations
from tests.sim.run_dirs import run_dir
from tests.sim.scenario import OLD_ENDED, SWITCHES, UNIVERSAL
from tests.sim.settled_fleet import settled
from tests.sim.simulated_world import HOUR, SimulatedWorld

APPS = int(os.environ.get("RENAMED_APPS", "60"))
TIMING = Timing(interval=300.0, drift=0.5 * HOUR, hint_poll=HOUR)
RENAMED, END = 0.6 * HOUR, 1.3 * HOUR
"""Seconds at which the names change, between two reads of most apps, and at which the process ends."""


@dataclass(frozen=True, slots=True)
class Aftermath:
    """*calls* are all calls by route, *notices* what people were sent."""

    calls: Counter[str]
    notices: Sequence[Notice]


def renamed(declared: Desired, names: Sequence[str]) -> Desired:
    """Return *declared* with other names for the apps of *names*: nothing else differs."""
    known = {name: f"customer-{name}" for name in names}
    apps = tuple(replace(each, name=known.get(each.name, each.name)) for each in declared.apps)
    hooks = tuple(replace(each, app=known.get(each.app, each.app)) for each in declared.subscriptions)
    return replace(declared, apps=apps, subscriptions=hooks, revision="r2")


def rename(count: int) -> Aftermath:
    """Keep a settled fleet, and give *count* of its manifests other names on the way."""
    scenario = settled(APPS, UNIVERSAL, *SWITCHES, *OLD_ENDED)
    then = renamed(scenario.last, [each.name for each in scenario.last.apps[:count]])
    notices: list[Notice] = []
    with run_dir() as context:
        sim = SimulatedWorld(scenario, context)
        run = LongRun(sim, [(0.0, scenario.last), (RENAMED, then)], TIMING, notices=notices)
        run.run(END)
        assert [each.error for each in run.passes if each.error] == []
        assert {each.revision for each in run.passes} == {"r1", "r2"}
        assert violations(sim) == []
        return Aftermath(Counter(each.route for each in sim.trace.requests), notices)


def test_a_renamed_half_of_a_fleet_causes_no_call_beyond_the_usual() -> None:
    """A process of the same chances that only sees another revision makes the same calls."""
    usual, found = rename(0), rename(APPS // 2)
    assert found.calls == usual.calls
    assert found.notices == []
    assert found.calls["subscriptions"] > 2 * APPS, "each was read again after the names changed"
