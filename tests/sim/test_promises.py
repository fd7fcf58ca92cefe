"""Random worlds: once disruptions stop, Gupshup reaches the declared state and is then left alone.

`SIM_SEEDS=1000-3000` runs other seeds; `python -m tests.sim.random_worlds --seed N` tells one line by line.
"""

import os
from dataclasses import replace
from random import Random

import pytest

from controller.errors import Locked
from controller.simulator import Fault
from tests.sim.effects import Failure
from tests.sim.oracle import fullest, state, violations, writes
from tests.sim.random_worlds import RandomWorld, seeded
from tests.sim.run_dirs import reference, run, run_dir
from tests.sim.scenario import LEGACY, SCENARIOS
from tests.sim.sim_run import Disruption, stays
from tests.sim.simulated_world import SimulatedWorld

_FIRST, _, _END = os.environ.get("SIM_SEEDS", "0-40").partition("-")
SEEDS = range(int(_FIRST), int(_END))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_world_settles_and_stays_settled(seed: int) -> None:
    result = seeded(seed)
    disruption = RandomWorld(seed).scenario().name
    assert not result.violations, f"{disruption}: python -m tests.sim.random_worlds --seed {seed}"


@pytest.mark.parametrize("seed", range(5))
def test_a_crash_loop_breaks_no_limit_and_no_promise(seed: int) -> None:
    """It dies and is restarted a second later, some thirty times over, wherever it is."""
    rng = Random(f"crash loop {seed}")  # noqa: S311  (a seed, not a secret)
    labels = (
        "login",
        "mintPartner",
        "list",
        "link",
        "token",
        "subscribe",
        "CallTable.reserve",
        "MemoryTables.note",
        "HistoryTable.begin",
    )
    kills = (Failure.BEFORE, Failure.DURING, Failure.AFTER)
    failures = {(rng.choice(labels), rng.randint(1, 12)): rng.choice(kills) for _ in range(40)}
    disruption = Disruption(failures=tuple(sorted((*at, failure) for at, failure in failures.items())))
    result = run(SCENARIOS["two"], disruption, ends=reference("two")[2])
    assert not result.violations


@pytest.mark.parametrize("after", [0.0, 0.05, 0.5, 7.0, 30.0])
def test_a_second_process_is_locked_out_and_writes_nothing(after: float) -> None:
    with run_dir() as context:
        sim = SimulatedWorld(SCENARIOS["link"], context)
        ended, met = sim.rivalry(SCENARIOS["link"].last, after)
        assert [type(each) for each in met] == [Locked]
        assert ended.error is None
        assert not [each for each in sim.trace.requests if each.purpose == "rival" and each.verb]
        assert not violations(sim)


@pytest.mark.parametrize("after", [0.05, 0.5, 7.0, 30.0])
def test_a_process_that_lost_the_lock_writes_no_more_and_the_next_one_finishes(after: float) -> None:
    with run_dir() as context:
        sim = SimulatedWorld(SCENARIOS["link"], context)
        ended, met = sim.rivalry(SCENARIOS["link"].last, after, stolen=True)
        assert isinstance(ended.error, Locked | None), "or the other one did all that was left"
        assert met == []
        assert state(sim.world) in reference("link")[2]
        assert not violations(sim)


@pytest.mark.parametrize("every", [0.0, 0.3, 5.0])
def test_commands_side_by_side_share_the_rate_limits(every: float) -> None:
    """Fifteen plans beside an apply: more sign-ins and lists than Gupshup lets one partner have at once."""
    with run_dir() as context:
        sim = SimulatedWorld(SCENARIOS["two"], context)
        ended = sim.crowd(replace(SCENARIOS["two"].last, partners=(LEGACY,)), 15, every)
        assert ended.error is None
        assert sim.processes == 16
        assert not violations(sim)
        assert all(each.status != 429 for each in sim.trace.requests)
        assert fullest(sim.world)["login"][0] >= 9, "it was crowded"
        assert state(sim.world) in reference("two")[2]


@pytest.mark.parametrize(
    "name", ["two", "rename", "pre-exists", "declared later", "take-over", "unsubscribe"]
)
def test_a_lost_store_costs_one_repeat_of_what_cannot_be_read(name: str) -> None:
    """What exists is found again by looking; nothing is linked twice, and what is sent is known again."""
    scenario = SCENARIOS[name]
    with run_dir() as context:
        sim = SimulatedWorld(scenario, context)
        for desired in scenario.revisions:
            sim.apply(desired)
        since = len(sim.trace.requests)
        before = state(sim.world)
        sim.disk.lose()
        sim.pass_time(61)
        ended = sim.apply(scenario.last)
        repeated = [each.target for each in sim.trace.requests[since:] if each.verb]
        assert ended.error is None
        assert {each.verb for each in sim.trace.requests[since:]} <= {"", "update"}
        assert len(repeated) == len(set(repeated))
        assert state(sim.world) == before
        held = ended.plan is not None and len(ended.plan.held)
        assert (len(repeated), held) == {"two": (0, 4), "declared later": (2, 0)}.get(name, (0, 0))
        since = len(sim.trace.requests)
        assert sim.apply(scenario.last).error is None
        assert not writes(sim, since)


@pytest.mark.parametrize("name", ["two", "unsubscribe"])
def test_runs_without_wait_settle_too(name: str) -> None:
    """As in CI: each run does what it can now and ends; the next one goes on."""
    scenario = SCENARIOS[name]
    with run_dir() as context:
        sim = SimulatedWorld(scenario, context)
        for _ in range(8):
            assert sim.apply(scenario.last, wait=False).error is None
            sim.pass_time(20)
        assert state(sim.world) in reference(name)[2]
        assert not violations(sim)
        assert not stays(sim, scenario.last)


@pytest.mark.parametrize("kind", ["503", "html", "empty-list", "429", "401", "reset"])
def test_a_plan_only_reads_under_any_disruption(kind: str) -> None:
    for name, scenario in SCENARIOS.items():
        with run_dir() as context:
            sim = SimulatedWorld(scenario, context, faults=(Fault(kind, "list", nth=(1,)),))
            sim.plan(scenario.last)
            sim.plan(scenario.last)
            assert not writes(sim, 0), name
            assert not violations(sim), name
