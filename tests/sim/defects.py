"""A way to break the product on purpose, and the ways to live through which such a defect shows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from controller.doors.cli.source.load import Loaded
from controller.errors import Locked, PlanRefused, StoreError
from controller.model.manifest import Desired
from controller.model.source import Rules, Source
from tests.sim.oracle import insistence, violations, writes
from tests.sim.run_dirs import reference, run, yard
from tests.sim.scenario import SCENARIOS
from tests.sim.sim_run import Patience, Trouble
from tests.sim.simulated_world import STRAIGHT, Twist, Universe

_LITTLE = Patience(processes=20, seconds=300)
"""A defect may keep a run going for ever."""

Way = Callable[[str, Trouble, Twist], Sequence[str]]
"""Lives through a scenario by its name, in trouble, with a twist; returns what promises were broken."""


def settling(name: str, trouble: Trouble, twist: Twist) -> Sequence[str]:
    """Go on until nothing moves any more, as the exploration does, with all of its oracles."""
    ends = reference(name)[2]
    return run(SCENARIOS[name], trouble, ends=ends, twist=twist, patience=_LITTLE).violations


def planning(name: str, _: Trouble, twist: Twist) -> Sequence[str]:
    """Only plan."""
    with yard() as context:
        universe = Universe(SCENARIOS[name], context, twist=twist)
        universe.plan(SCENARIOS[name].last)
        return [*violations(universe), *(f"P5: a plan wrote: {each}" for each in writes(universe, 0))]


def insisting(name: str, trouble: Trouble, twist: Twist) -> Sequence[str]:
    """Apply every minute for an hour, as a pipeline may, while Gupshup never agrees.

    P29 is not asked about: where Gupshup says that it did what it did not, the next look finds out.
    """
    with yard() as context:
        universe = Universe(SCENARIOS[name], context, faults=trouble.faults, twist=twist)
        for _ in range(60):
            universe.apply(SCENARIOS[name].last, wait=False, patience=60)
            universe.pass_time(60)
        found = [each for each in violations(universe) if not each.startswith("P29")]
        return [*found, *insistence(universe)]


def telling_twice(name: str, trouble: Trouble, twist: Twist) -> Sequence[str]:
    """Run the same from the same seed twice."""
    first, second = (run(SCENARIOS[name], trouble, twist=twist).digest for _ in range(2))
    return [] if first == second else ["P27: the same seed told another story"]


def rivalled(*, stolen: bool) -> Way:
    """Let a second process want to write; *stolen*: the first one's lock was taken away before."""

    def way(name: str, _: Trouble, twist: Twist) -> Sequence[str]:
        with yard() as context:
            universe = Universe(SCENARIOS[name], context, twist=twist)
            ended, met = universe.rivalry(SCENARIOS[name].last, 7.0 if not stolen else 0.5, stolen=stolen)
            kept_out = [ended.error] if stolen else met
            wrong = [] if any(isinstance(each, Locked) for each in kept_out) else ["P24: nobody was kept out"]
            return [*violations(universe), *wrong]

    return way


def damaged(damage: Callable[[Path], object]) -> Way:
    """Damage the store of a fleet that is as declared, and start another process."""

    def way(name: str, _: Trouble, twist: Twist) -> Sequence[str]:
        with yard() as context:
            universe = Universe(SCENARIOS[name], context, twist=twist)
            universe.apply(SCENARIOS[name].last)
            damage(universe.disk.path)
            before = universe.disk.path.read_bytes()
            ended = universe.apply(SCENARIOS[name].last)
            refused = isinstance(ended.error, StoreError) and universe.disk.path.read_bytes() == before
            return [] if refused else [f"P23: a damaged store was not refused: {ended.error!r}"]

    return way


def losing(then: Desired, *, new: bool = False, says: str = "P12", folder: str = "/manifests") -> Way:
    """Apply all that a scenario declares, then twice what is left of it, through the command line's door.

    *new*: there is only what is left. *says* is the promise that it is refused, *folder* where it lies.
    """

    def way(name: str, _: Trouble, twist: Twist) -> Sequence[str]:
        with yard() as context:
            universe = Universe(SCENARIOS[name], context, twist=twist)
            before = None if new else universe.applied(_loaded(SCENARIOS[name].last)).error
            since = len(universe.trace.requests)
            after = [universe.applied(_loaded(then, folder)).error for _ in range(2)]
            wrong = [
                f"{says}: written for a source that lost too much: {each}" for each in writes(universe, since)
            ]
            if before is not None or not all(isinstance(each, PlanRefused) for each in after):
                wrong.append(f"{says}: not refused: {before!r}, {after!r}")
            return [*violations(universe), *wrong]

    return way


def _loaded(desired: Desired, folder: str = "/manifests") -> Loaded:
    return Loaded(Source(folder, desired.revision, ()), desired, Rules())


@dataclass(frozen=True, slots=True)
class Defect:
    """One way to break the product, the promise it breaks, and the least trouble that shows it."""

    breaks: str
    twist: Twist
    scenario: str = "link"
    trouble: Trouble = field(default_factory=Trouble)
    way: Way = settling

    @property
    def least(self) -> int:
        """How many troubles it takes."""
        return len(self.trouble.faults) + len(self.trouble.blows)

    def found(self, trouble: Trouble | None = None, *, straight: bool = False) -> Sequence[str]:
        """Return what promises it breaks in its trouble or another; *straight*: the product as it is."""
        twist = STRAIGHT if straight else self.twist
        return self.way(self.scenario, self.trouble if trouble is None else trouble, twist)


Defects = Mapping[str, Defect]
