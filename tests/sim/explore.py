"""Exhaustive exploration: every kind of disruption at every effect of a run, alone, in pairs, in threes.

`python -m tests.sim.explore --help`; `--replay` prints one run again, line by line.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from random import Random
from typing import TypeVar

from controller.simulator import Fault
from tests.sim.effects import Failure
from tests.sim.exploration_summary import ExplorationSummary, Finding, write
from tests.sim.injection_points import Point, survey
from tests.sim.run_dirs import reference, run
from tests.sim.scenario import SCENARIOS
from tests.sim.sim_run import Disruption
from tests.sim.simulated_world import UNMUTATED, Mutation
from tests.sim.timeline import Step

Job = TypeVar("Job")
_TOLD = 100
"""Jobs after which an exploration says on stderr how far it is."""


def examine(name: str, points: Sequence[Point], mutation: Mutation = UNMUTATED) -> ExplorationSummary:
    """Run *name* with the disruptions of all *points* together, and judge it."""
    return judged(name, " + ".join(map(str, points)), together(points), mutation)


def judged(
    name: str, words: str, disruption: Disruption, mutation: Mutation = UNMUTATED
) -> ExplorationSummary:
    """Run *name* through *disruption*, which *words* name, and judge it."""
    result = run(SCENARIOS[name], disruption, ends=reference(name)[2], mutation=mutation)
    summary = ExplorationSummary(
        runs=1,
        missed=not result.struck,
        virtual=result.seconds,
        longest=result.seconds,
        worst=dict(result.worst),
    )
    summary.persons.update(
        f"{_kinds(disruption)}: {each.partition(' for ')[0]}" for each in dict.fromkeys(result.person)
    )
    if result.violations:
        summary.findings.append(Finding(name, words, repr(disruption), result.violations))
    return summary


def _kinds(disruption: Disruption) -> str:
    faults = (f"{each.kind} at {each.route}" for each in disruption.faults)
    return " + ".join([*faults, *(str(each) for _, _, each in (*disruption.failures, *disruption.steps))])


def deeper(job: tuple[str, int, int, int]) -> ExplorationSummary:
    """Take the first disruption by its place, then *count* more by *seed*, each behind the one before it."""
    name, first, count, depth = job
    _, points, ends = reference(name)
    chance = Random(f"{name} {first} {depth}")  # noqa: S311  (a seed)
    summary = ExplorationSummary()
    for _ in range(count):
        chosen = [points.points[first]]
        for _ in range(depth - 1):
            result = run(SCENARIOS[name], together(chosen), ends=ends)
            further = survey(
                result.effects, set(), behind=chosen[-1].effect.number, until=result.settled
            ).points
            chosen += [chance.choice(further)] if further else []
        summary.add(examine(name, chosen))
    return summary


def every_second(job: tuple[str, int]) -> ExplorationSummary:
    """Take the first disruption by its place, then each disruption behind it in turn."""
    name, first = job
    _, points, ends = reference(name)
    start = points.points[first]
    result = run(SCENARIOS[name], start.disruption, ends=ends)
    summary = ExplorationSummary()
    found = survey(result.effects, set(), behind=start.effect.number, until=result.settled)
    summary.pruned.update(found.pruned)
    for point in found.points:
        summary.add(examine(name, [start, point]))
    summary.points = len(found.points) + sum(found.pruned.values())
    return summary


def together(points: Iterable[Point]) -> Disruption:
    disruptions = [point.disruption for point in points]
    faults = tuple(fault for disruption in disruptions for fault in disruption.faults)
    return Disruption(faults, tuple(failure for disruption in disruptions for failure in disruption.failures))


def single(job: tuple[str, int]) -> ExplorationSummary:
    name, place = job
    return examine(name, [reference(name)[1].points[place]])


def places(name: str) -> range:
    """Return the place of each point of *name*."""
    return range(len(reference(name)[1].points))


def singles(names: Iterable[str], jobs: int = 1, *, part: int = 0, parts: int = 1) -> ExplorationSummary:
    """Run every single point of *names*, or one of so many *parts* of them."""
    found = ExplorationSummary()
    work: list[tuple[str, int]] = []
    for name in names:
        points = reference(name)[1]
        found.points += len(points.points) + sum(points.pruned.values())
        found.pruned.update(points.pruned)
        work += [(name, place) for place in places(name)[part::parts]]
    return _summed(found, single, work, jobs)


def sample(
    names: Sequence[str], seed: int, count: int, jobs: int = 1, *, depth: int = 2
) -> ExplorationSummary:
    """Run *count* combinations of *depth* disruptions, chosen by *seed*."""
    chance = Random(f"pairs {seed}")  # noqa: S311  (a seed)
    work = []
    for _ in range(count):
        name = chance.choice(names)
        work.append((name, chance.randrange(len(places(name))), 1, depth))
    return _summed(ExplorationSummary(points=count), deeper, work, jobs)


def pairs(names: Iterable[str], jobs: int) -> ExplorationSummary:
    """Run every pair of points of *names*."""
    work = [(name, place) for name in names for place in places(name)]
    return _summed(ExplorationSummary(), every_second, work, jobs)


def _summed(
    summary: ExplorationSummary, what: Callable[[Job], ExplorationSummary], work: Sequence[Job], jobs: int
) -> ExplorationSummary:
    began = time.monotonic()
    for done, each in enumerate(spread(what, work, jobs), 1):
        summary.add(each)
        if done % _TOLD == 0:
            sys.stderr.write(
                f"{done} of {len(work)} jobs, {summary.runs} runs, {len(summary.findings)} violations\n"
            )
    summary.seconds = time.monotonic() - began
    return summary


def spread(
    what: Callable[[Job], ExplorationSummary], work: Sequence[Job], jobs: int
) -> Iterator[ExplorationSummary]:
    if jobs == 1:
        yield from map(what, work)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(what, work, chunksize=4)


def replay(name: str, words: str) -> int:
    """Print the run of *name* line by line, through the disruption that *words* spell as a finding does."""
    disruption: Disruption = eval(words, dict(_NAMES))  # noqa: S307  (typed by the developer at the keyboard)
    result = run(SCENARIOS[name], disruption, ends=reference(name)[2])
    sys.stdout.write(
        "\n".join(
            [*result.lines, f"disruption: {disruption}", f"person: {result.person}", *result.violations, ""]
        )
    )
    return 1 if result.violations else 0


_NAMES = {
    "Disruption": Disruption,
    "Fault": Fault,
    "Failure": Failure,
    "Step": Step,
    "inf": float("inf"),
}


def main() -> int:
    """Explore as far as the arguments say; 1 where a promise was broken."""
    given = _arguments()
    names = tuple(given.scenarios)
    if given.replay:
        return replay(names[0], given.replay)
    summaries = {"singles": singles(names, given.jobs)}
    if given.pairs == "all":
        summaries["pairs"] = pairs(names, given.jobs)
    elif int(given.pairs):
        summaries["pairs"] = sample(names, given.seed, int(given.pairs), given.jobs)
    if given.triples:
        summaries["triples"] = sample(names, given.seed, given.triples, given.jobs, depth=3)
    for name, summary in summaries.items():
        sys.stdout.write(f"{name}\n{summary.text()}\n{summary.findings_text()}\n")
    if given.json:
        write(summaries, given.json)
    return 1 if any(summary.findings for summary in summaries.values()) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.sim.explore", description=__doc__)
    parser.add_argument("scenarios", nargs="*", default=list(SCENARIOS), help=", ".join(SCENARIOS))
    parser.add_argument("--pairs", default="0", help="how many pairs by the seed, or `all`")
    parser.add_argument("--triples", type=int, default=0, help="how many triples by the seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--json", default=os.environ.get("SIM_SUMMARY", ""), help="write the summaries to this file"
    )
    parser.add_argument(
        "--replay", metavar="DISRUPTION", help="simulate one run of one scenario, as a finding spells it"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
