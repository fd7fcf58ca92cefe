"""The wall clock is set at each effect behind an unclear link, and nothing comes of it: a sample.

`python -m tests.sim.clock_steps` runs all of them; `SIM_STEPS=1` here, too.
"""

import os

import pytest

from tests.sim.clock_steps import BASES, DAY, HOUR, disruptions, every
from tests.sim.long_run import LongRun
from tests.sim.oracle import state, violations
from tests.sim.run_dirs import reference, run_dir
from tests.sim.scenario import SCENARIOS
from tests.sim.simulated_world import SimulatedWorld
from tests.sim.timeline import Clock, Step, Timeline

NTH = int(os.environ.get("SIM_STEPS", "40"))


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("name", ["link", "rename"])
def test_no_step_of_the_clock_breaks_a_promise(name: str, base: str) -> None:
    summary = every((name,), nth=NTH, bases=(base,))
    assert not summary.findings, summary.findings_text()
    assert summary.missed == 0, "a disruption that never comes shows nothing"
    assert summary.runs > 3


@pytest.mark.parametrize("reboot", [False, True], ids=["a start anew", "a reboot"])
@pytest.mark.parametrize("seconds", [HOUR, -HOUR, 3 * DAY, -3 * DAY])
def test_a_long_run_keeps_the_cool_down_over_steps_of_the_clock(seconds: float, *, reboot: bool) -> None:
    """The run is started anew in the middle of the cool-down, and the clock is set again while it runs."""
    scenario = SCENARIOS["two"]
    lost = BASES["a lost request"].faults
    with run_dir() as context:
        sim = SimulatedWorld(scenario, context, faults=lost)
        long_run = LongRun(sim, [(0.0, scenario.last)])
        long_run.run(30.0)
        sim.timeline.set(Step(seconds, reboot=reboot))
        sim.injector.taken.append(Step(seconds, reboot=reboot))
        seen = sim.injector.seen["list"]
        sim.steps.update({("list", seen + more): Step(-seconds / 2) for more in (2, 4)})
        long_run.run(900.0)
        assert len(sim.injector.taken) == 3
        assert violations(sim) == []
        assert state(sim.world) in reference("two")[2]


def test_the_clock_of_a_simulated_machine_behaves_like_a_real_one() -> None:
    """A process goes by the wall clock as it was when it began; only a reboot begins another run."""
    timeline = Timeline()
    first = Clock(timeline)
    timeline.set(Step(HOUR))
    timeline.seconds += 10
    second = Clock(timeline)
    assert (second.now() - first.now(), second.boot) == (HOUR, first.boot)
    assert second.monotonic() == first.monotonic()
    timeline.set(Step(0.0, reboot=True))
    third = Clock(timeline)
    assert (third.now(), third.monotonic()) == (second.now(), 0.0)
    assert third.boot != second.boot


def test_the_clock_is_set_from_the_first_effect_after_a_link_on() -> None:
    for base in BASES.values():
        assert sum(1 for _ in disruptions("link", base)) > 100
