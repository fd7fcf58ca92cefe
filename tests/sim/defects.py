"""A way to break the product on purpose, and the ways to live through which such a defect shows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from controller.doors.cli.source.load import Loaded
from controller.errors import Locked, PlanRefused, StoreError
from controller.model.manifest import Desired
from controller.model.source import Rules, Source
from tests.sim.oracle import endless_writes, violations, writes
from tests.sim.run_dirs import reference, run, run_dir
from tests.sim.scenario import SCENARIOS
from tests.sim.sim_run import Disruption, RunLimit
from tests.sim.simulated_world import UNMUTATED, Mutation, SimulatedWorld

_SHORT_LIMIT = RunLimit(processes=20, seconds=300)
"""A defect may keep a run going for ever."""

Way = Callable[[str, Disruption, Mutation], Sequence[str]]
"""Runs a scenario by its name through a disruption, with a mutation; returns what promises were broken."""


def settling(name: str, disruption: Disruption, mutation: Mutation) -> Sequence[str]:
    """Go on until nothing moves any more, as the exploration does, with all of its oracles."""
    ends = reference(name)[2]
    return run(SCENARIOS[name], disruption, ends=ends, mutation=mutation, limit=_SHORT_LIMIT).violations


def planning(name: str, _: Disruption, mutation: Mutation) -> Sequence[str]:
    """Only plan."""
    with run_dir() as context:
        sim = SimulatedWorld(SCENARIOS[name], context, mutation=mutation)
        sim.plan(SCENARIOS[name].last)
        return [*violations(sim), *(f"P5: a plan wrote: {each}" for each in writes(sim, 0))]


def insisting(name: str, disruption: Disruption, mutation: Mutation) -> Sequence[str]:
    """Apply every minute for an hour, as a pipeline may, while Gupshup never agrees.

    P29 is not asked about: where Gupshup says that it did what it did not, the next observation finds out.
    """
    with run_dir() as context:
        sim = SimulatedWorld(SCENARIOS[name], context, faults=disruption.faults, mutation=mutation)
        for _ in range(60):
            sim.apply(SCENARIOS[name].last, wait=False, timeout=60)
            sim.pass_time(60)
        found = [each for each in violations(sim) if not each.startswith("P29")]
        return [*found, *endless_writes(sim)]


def running_twice(name: str, disruption: Disruption, mutation: Mutation) -> Sequence[str]:
    """Run the same from the same seed twice."""
    first, second = (run(SCENARIOS[name], disruption, mutation=mutation).digest for _ in range(2))
    return [] if first == second else ["P27: the same seed led to another run"]


def rivalled(*, stolen: bool) -> Way:
    """Let a second process want to write; *stolen*: the first one's lock was taken away before."""

    def way(name: str, _: Disruption, mutation: Mutation) -> Sequence[str]:
        with run_dir() as context:
            sim = SimulatedWorld(SCENARIOS[name], context, mutation=mutation)
            ended, met = sim.rivalry(SCENARIOS[name].last, 7.0 if not stolen else 0.5, stolen=stolen)
            kept_out = [ended.error] if stolen else met
            wrong = [] if any(isinstance(each, Locked) for each in kept_out) else ["P24: nobody was kept out"]
            return [*violations(sim), *wrong]

    return way


def damaged(damage: Callable[[Path], object]) -> Way:
    """Damage the store of a fleet that is as declared, and start another process."""

    def way(name: str, _: Disruption, mutation: Mutation) -> Sequence[str]:
        with run_dir() as context:
            sim = SimulatedWorld(SCENARIOS[name], context, mutation=mutation)
            sim.apply(SCENARIOS[name].last)
            damage(sim.disk.path)
            before = sim.disk.path.read_bytes()
            ended = sim.apply(SCENARIOS[name].last)
            refused = isinstance(ended.error, StoreError) and sim.disk.path.read_bytes() == before
            return [] if refused else [f"P23: a damaged store was not refused: {ended.error!r}"]

    return way


def losing(then: Desired, *, new: bool = False, says: str = "P12", folder: str = "/manifests") -> Way:
    """Apply all that a scenario declares, then twice what is left of it, as the command line does.

    *new*: there is only what is left. *says* is the promise that it is refused, *folder* where it lies.
    """

    def way(name: str, _: Disruption, mutation: Mutation) -> Sequence[str]:
        with run_dir() as context:
            sim = SimulatedWorld(SCENARIOS[name], context, mutation=mutation)
            before = None if new else sim.applied(_loaded(SCENARIOS[name].last)).error
            since = len(sim.trace.requests)
            after = [sim.applied(_loaded(then, folder)).error for _ in range(2)]
            wrong = [
                f"{says}: written for a source that lost too much: {each}" for each in writes(sim, since)
            ]
            if before is not None or not all(isinstance(each, PlanRefused) for each in after):
                wrong.append(f"{says}: not refused: {before!r}, {after!r}")
            return [*violations(sim), *wrong]

    return way


def _loaded(desired: Desired, folder: str = "/manifests") -> Loaded:
    return Loaded(Source(folder, desired.revision, ()), desired, Rules())


@dataclass(frozen=True, slots=True)
class Defect:
    """One way to break the product, the promise it breaks, and the least disruption that shows it."""

    breaks: str
    mutation: Mutation
    scenario: str = "link"
    disruption: Disruption = field(default_factory=Disruption)
    way: Way = settling

    @property
    def least(self) -> int:
        """How many disruptions it takes."""
        return len(self.disruption.faults) + len(self.disruption.failures)

    def found(self, disruption: Disruption | None = None, *, unmutated: bool = False) -> Sequence[str]:
        """Return what promises it breaks, in its disruption or another; *unmutated*: the product as it is."""
        mutation = UNMUTATED if unmutated else self.mutation
        return self.way(self.scenario, self.disruption if disruption is None else disruption, mutation)


Defects = Mapping[str, Defect]
