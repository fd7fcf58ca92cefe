"""Where runs take place: folders in memory that are gone afterwards; and the runs that others are held to."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path

from tests.sim.disk import template
from tests.sim.injection_points import PointMap, RepeatWatch, survey
from tests.sim.oracle import State
from tests.sim.scenario import SCENARIOS, Scenario
from tests.sim.sim_run import USUAL_LIMIT, Disruption, RunLimit, RunResult, simulate
from tests.sim.simulated_world import UNMUTATED, Mutation, RunDir, SimulatedWorld
from tests.sim.timeline import Clock, Timeline


@cache
def _place() -> tuple[Path, Path]:
    """Return this process's folder for runs, in memory where the system has such, and an empty store."""
    memory = Path("/dev/shm")  # noqa: S108  (files of a test that live for a moment)
    root = Path(tempfile.mkdtemp(prefix="sim-", dir=memory if memory.is_dir() else None))
    Finalize(None, shutil.rmtree, (root, True), exitpriority=1)  # ends with its process, a pool's too
    return root, template(root, Clock(Timeline()))


@contextmanager
def run_dir() -> Iterator[RunDir]:
    """Give a run a folder that is gone afterwards."""
    root, empty = _place()
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=root))
    try:
        yield RunDir(folder, empty)
    finally:
        shutil.rmtree(folder)


def run(
    scenario: Scenario,
    disruption: Disruption,
    *,
    ends: Sequence[State] = (),
    mutation: Mutation = UNMUTATED,
    limit: RunLimit = USUAL_LIMIT,
    watch: Callable[[SimulatedWorld], None] = lambda _: None,
) -> RunResult:
    """Simulate one run in a folder that is gone afterwards."""
    with run_dir() as context:
        return simulate(scenario, context, disruption, ends=ends, mutation=mutation, limit=limit, watch=watch)


@cache
def reference(name: str) -> tuple[RunResult, PointMap, tuple[State, ...]]:
    """Return the undisturbed run, its points, and the ends that every other run may have."""
    scenario, watches = SCENARIOS[name], list[RepeatWatch]()

    def watch(sim: SimulatedWorld) -> None:
        watches.append(RepeatWatch(sim))
        sim.injector.watch = watches[0]

    result = run(scenario, Disruption(), watch=watch)
    if result.violations:
        raise AssertionError(f"{name} fails without any disruption: {result.violations}")
    points = survey(result.effects, watches[0].repeats, until=result.settled)
    return result, points, _ends(scenario, result)


def _ends(scenario: Scenario, result: RunResult) -> tuple[State, ...]:
    """Return the ends of a run: with several revisions also that of the last one alone."""
    if scenario.ends == 1:
        return (result.end,)
    alone = Scenario(
        scenario.name, scenario.revisions[-1:], scenario.seeded, scenario.switches, scenario.blocked
    )
    return result.end, run(alone, Disruption()).end
