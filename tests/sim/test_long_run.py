"""The process that never stops reaches what is declared whatever strikes it, and is then quiet."""

from collections.abc import Mapping
from random import Random

import pytest

from controller.model.manifest import Desired
from controller.simulator import Fault
from tests.sim.effects import Failure
from tests.sim.long_run import LongRun
from tests.sim.oracle import state, violations, writes
from tests.sim.run_dirs import reference, run_dir
from tests.sim.scenario import SCENARIOS, Scenario
from tests.sim.simulated_world import SimulatedWorld

MINUTE = 60.0
STRIKES: Mapping[str, tuple[Fault, ...]] = {
    f"{kind} at {route} #{nth}": (Fault(kind, route, nth=(nth,), parameters=more),)
    for kind, route, nth, more in (
        ("lose-request", "link", 1, {}),
        ("lose-reply", "link", 1, {}),
        ("late", "link", 1, {"seconds": 55}),
        ("500", "link", 1, {"effect": "yes"}),
        ("callback-refused", "link", 1, {}),
        ("stale-list", "link", 1, {"seconds": 14}),
        ("429", "link", 1, {}),
        ("401", "link", 1, {}),
        ("empty-list", "list", 3, {}),
        ("flicker", "list", 4, {}),
        ("503", "list", 1, {}),
        ("lose-reply", "subscribe", 1, {}),
        ("invalid-url", "subscribe", 1, {}),
        ("429", "subscriptions", 1, {}),
        ("401", "token", 1, {}),
        ("403", "login", 1, {}),
        ("403", "mintPartner", 1, {}),
        ("lose-reply", "mintPartner", 1, {}),
    )
}


def editions(scenario: Scenario) -> list[tuple[float, Desired]]:
    """Return the revisions of a scenario, five simulated seconds apart."""
    return [(5.0 * number, each) for number, each in enumerate(scenario.revisions)]


def kept(sim: SimulatedWorld, scenario: Scenario, minutes: float = 15.0) -> LongRun:
    """Keep a simulated world, started again a second after each kill, until *minutes* are over."""
    long_run = LongRun(sim, editions(scenario))
    while sim.timeline.seconds < minutes * MINUTE:
        if long_run.run(minutes * MINUTE - sim.timeline.seconds).killed:
            sim.pass_time(1.0)
    return long_run


def judged(sim: SimulatedWorld, scenario: Scenario) -> list[str]:
    """Return what is wrong in the end, and what is still written in another half an hour."""
    found = violations(sim)
    if state(sim.world) not in reference(scenario.name)[2]:
        found.append(f"P1: the end is {state(sim.world)}")
    since = len(sim.trace.requests)
    LongRun(sim, [(0.0, scenario.last)]).run(30 * MINUTE)
    return found + [f"P7: {each}" for each in writes(sim, since)]


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_long_run_settles_and_is_quiet(name: str) -> None:
    with run_dir() as context:
        sim = SimulatedWorld(SCENARIOS[name], context)
        kept(sim, SCENARIOS[name])
        assert judged(sim, SCENARIOS[name]) == []


@pytest.mark.parametrize("strike", STRIKES)
@pytest.mark.parametrize("name", ["two"])
def test_a_long_run_settles_despite_every_fault(name: str, strike: str) -> None:
    with run_dir() as context:
        sim = SimulatedWorld(SCENARIOS[name], context, faults=STRIKES[strike])
        kept(sim, SCENARIOS[name], 30.0)
        assert judged(sim, SCENARIOS[name]) == []


@pytest.mark.parametrize("seed", range(8))
def test_a_long_run_that_is_killed_repeatedly_settles(seed: int) -> None:
    rng = Random(f"keeping {seed}")  # noqa: S311  (a seed)
    labels = (
        "login",
        "mintPartner",
        "list",
        "link",
        "subscribe",
        "CallTable.reserve",
        "MemoryTables.note",
        "HistoryTable.begin",
    )
    kills = (Failure.BEFORE, Failure.DURING, Failure.AFTER)
    failures = {(rng.choice(labels), rng.randint(1, 8)): rng.choice(kills) for _ in range(12)}
    with run_dir() as context:
        sim = SimulatedWorld(SCENARIOS["two"], context, failures)
        kept(sim, SCENARIOS["two"])
        sim.injector.failures.clear()
        kept(sim, SCENARIOS["two"], 30.0)
        assert judged(sim, SCENARIOS["two"]) == []
