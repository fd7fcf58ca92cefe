"""Where runs take place: folders in memory that are gone afterwards; and the runs that others are held to."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path

from tests.sim.disk import template
from tests.sim.injection_points import Map, Watch, survey
from tests.sim.oracle import State
from tests.sim.scenario import SCENARIOS, Scenario
from tests.sim.sim_run import PATIENT, Patience, Tale, Trouble, tell
from tests.sim.simulated_world import STRAIGHT, Ground, Twist, Universe
from tests.sim.timeline import Clock, Timeline


@cache
def _place() -> tuple[Path, Path]:
    """Return this process's folder for runs, in memory where the system has such, and an empty store."""
    memory = Path("/dev/shm")  # noqa: S108  (files of a test that live for a moment)
    root = Path(tempfile.mkdtemp(prefix="sim-", dir=memory if memory.is_dir() else None))
    Finalize(None, shutil.rmtree, (root, True), exitpriority=1)  # ends with its process, a pool's too
    return root, template(root, Clock(Timeline()))


@contextmanager
def yard() -> Iterator[Ground]:
    """Give a run a folder that is gone afterwards."""
    root, empty = _place()
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=root))
    try:
        yield Ground(folder, empty)
    finally:
        shutil.rmtree(folder)


def run(
    scenario: Scenario,
    trouble: Trouble,
    *,
    ends: Sequence[State] = (),
    twist: Twist = STRAIGHT,
    patience: Patience = PATIENT,
    watch: Callable[[Universe], None] = lambda _: None,
) -> Tale:
    """Tell one run in a folder that is gone afterwards."""
    with yard() as context:
        return tell(scenario, context, trouble, ends=ends, twist=twist, patience=patience, watch=watch)


@cache
def reference(name: str) -> tuple[Tale, Map, tuple[State, ...]]:
    """Return the run without trouble, its points, and the ends that every other run may have."""
    scenario, watches = SCENARIOS[name], list[Watch]()

    def watch(universe: Universe) -> None:
        watches.append(Watch(universe))
        universe.fate.watch = watches[0]

    tale = run(scenario, Trouble(), watch=watch)
    if tale.violations:
        raise AssertionError(f"{name} fails without any trouble: {tale.violations}")
    points = survey(tale.effects, watches[0].repeats, until=tale.settled)
    return tale, points, _ends(scenario, tale)


def _ends(scenario: Scenario, tale: Tale) -> tuple[State, ...]:
    """Return the ends of a run: with several revisions also that of the last one alone."""
    if scenario.ends == 1:
        return (tale.end,)
    alone = Scenario(
        scenario.name, scenario.revisions[-1:], scenario.seeded, scenario.switches, scenario.blocked
    )
    return tale.end, run(alone, Trouble()).end
