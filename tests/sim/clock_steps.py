"""A wall clock that is set at each effect behind an unclear link, alone, with a kill, and with a reboot.

`python -m tests.sim.clock_steps` runs them all; a finding is replayed by `tests.sim.explore --replay`.
"""

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from controller.simulator import Fault
from tests.sim.effects import Failure
from tests.sim.exploration_summary import ExplorationSummary
from tests.sim.explore import judged, spread
from tests.sim.run_dirs import run
from tests.sim.scenario import SCENARIOS
from tests.sim.sim_run import Disruption
from tests.sim.timeline import Step

HOUR, DAY = 3_600.0, 86_400.0
SIZES = (HOUR, -HOUR, 3 * DAY, -3 * DAY)
BASES: Mapping[str, Disruption] = {
    "a lost request": Disruption((Fault("lose-request", "link", nth=(1,)),)),
    "a late effect": Disruption((Fault("late", "link", nth=(1,), parameters={"seconds": 55}),)),
    "a kill with the request on its way": Disruption(failures=(("link", 1, Failure.DURING),)),
}

Job = tuple[str, Disruption]


def disruptions(name: str, base: Disruption) -> Iterator[Disruption]:
    """Yield every way to set the clock at an effect of *name* once its first link is on its way."""
    result = run(SCENARIOS[name], base)
    first = next(each.number for each in result.effects if each.label == "link")
    struck = {(label, nth) for label, nth, _ in base.failures}
    for effect in result.effects[first : result.settled]:
        if effect.label.startswith("CallTable."):
            continue  # as at the call that they are about
        at = (effect.label, effect.nth)
        killed = replace(base, failures=(*base.failures, (*at, Failure.BEFORE)))
        if at not in struck:
            yield from (replace(base, steps=((*at, Step(size)),)) for size in SIZES[2:])
            yield from (replace(killed, steps=((*at, Step(size)),)) for size in SIZES)
            yield from (
                replace(killed, steps=((*at, Step(size, reboot=True)),)) for size in (0.0, *SIZES[2:])
            )


def single(job: Job) -> ExplorationSummary:
    name, disruption = job
    return judged(name, str(disruption), disruption)


def every(
    names: Iterable[str], jobs: int = 1, *, nth: int = 1, bases: Iterable[str] = tuple(BASES)
) -> ExplorationSummary:
    """Run every way to set the clock, or every *nth* of them."""
    work = [(name, each) for name in names for base in bases for each in disruptions(name, BASES[base])]
    found, chosen = ExplorationSummary(points=len(work)), work[::nth]
    found.pruned.update({"not of this sample": len(work) - len(chosen)} if nth > 1 else {})
    for each in spread(single, chosen, jobs):
        found.add(each)
    return found


def main(words: Sequence[str]) -> int:
    """Explore; 1 where a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.sim.clock_steps", description=__doc__)
    parser.add_argument("scenarios", nargs="*", default=["link", "rename", "pre-exists"])
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--nth", type=int, default=1, help="every so many of them only")
    given = parser.parse_args(words)
    summary = every(given.scenarios, given.jobs, nth=given.nth)
    sys.stdout.write(f"{summary.text()}\n{summary.findings_text()}\n")
    return 1 if summary.findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
