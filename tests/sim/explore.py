"""Exhaustive exploration: every kind of trouble at every effect of a run, alone, in pairs, in threes.

`python -m tests.sim.explore --help`; `--replay` tells one run again, line by line.
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
from tests.sim.effects import Blow
from tests.sim.exploration_summary import Finding, Funnel, write
from tests.sim.injection_points import Point, survey
from tests.sim.run_dirs import reference, run
from tests.sim.scenario import SCENARIOS
from tests.sim.sim_run import Trouble
from tests.sim.simulated_world import STRAIGHT, Twist
from tests.sim.timeline import Step

Job = TypeVar("Job")
_TOLD = 100
"""Jobs after which an exploration says on stderr how far it is."""


def examine(name: str, points: Sequence[Point], twist: Twist = STRAIGHT) -> Funnel:
    """Run *name* with the trouble of all *points* together, and judge it."""
    return judged(name, " + ".join(map(str, points)), together(points), twist)


def judged(name: str, words: str, trouble: Trouble, twist: Twist = STRAIGHT) -> Funnel:
    """Run *name* through *trouble*, which *words* name, and judge it."""
    tale = run(SCENARIOS[name], trouble, ends=reference(name)[2], twist=twist)
    funnel = Funnel(
        runs=1,
        missed=not tale.struck,
        virtual=tale.seconds,
        longest=tale.seconds,
        worst=dict(tale.worst),
    )
    funnel.persons.update(
        f"{_kinds(trouble)}: {each.partition(' for ')[0]}" for each in dict.fromkeys(tale.person)
    )
    if tale.violations:
        funnel.findings.append(Finding(name, words, repr(trouble), tale.violations))
    return funnel


def _kinds(trouble: Trouble) -> str:
    faults = (f"{each.kind} at {each.route}" for each in trouble.faults)
    return " + ".join([*faults, *(str(each) for _, _, each in (*trouble.blows, *trouble.steps))])


def deeper(job: tuple[str, int, int, int]) -> Funnel:
    """Take the first trouble by its place, then *count* more by *seed*, each behind the one before it."""
    name, first, count, depth = job
    _, points, ends = reference(name)
    chance = Random(f"{name} {first} {depth}")  # noqa: S311  (a seed)
    funnel = Funnel()
    for _ in range(count):
        chosen = [points.points[first]]
        for _ in range(depth - 1):
            tale = run(SCENARIOS[name], together(chosen), ends=ends)
            further = survey(tale.effects, set(), behind=chosen[-1].effect.number, until=tale.settled).points
            chosen += [chance.choice(further)] if further else []
        funnel.add(examine(name, chosen))
    return funnel


def every_second(job: tuple[str, int]) -> Funnel:
    """Take the first trouble by its place, then each trouble behind it in turn."""
    name, first = job
    _, points, ends = reference(name)
    start = points.points[first]
    tale = run(SCENARIOS[name], start.trouble, ends=ends)
    funnel = Funnel()
    found = survey(tale.effects, set(), behind=start.effect.number, until=tale.settled)
    funnel.pruned.update(found.pruned)
    for point in found.points:
        funnel.add(examine(name, [start, point]))
    funnel.points = len(found.points) + sum(found.pruned.values())
    return funnel


def together(points: Iterable[Point]) -> Trouble:
    troubles = [point.trouble for point in points]
    faults = tuple(fault for trouble in troubles for fault in trouble.faults)
    return Trouble(faults, tuple(blow for trouble in troubles for blow in trouble.blows))


def single(job: tuple[str, int]) -> Funnel:
    name, place = job
    return examine(name, [reference(name)[1].points[place]])


def places(name: str) -> range:
    """Return the place of each point of *name*."""
    return range(len(reference(name)[1].points))


def singles(names: Iterable[str], jobs: int = 1, *, part: int = 0, parts: int = 1) -> Funnel:
    """Run every single point of *names*, or one of so many *parts* of them."""
    found = Funnel()
    work: list[tuple[str, int]] = []
    for name in names:
        points = reference(name)[1]
        found.points += len(points.points) + sum(points.pruned.values())
        found.pruned.update(points.pruned)
        work += [(name, place) for place in places(name)[part::parts]]
    return _summed(found, single, work, jobs)


def sample(names: Sequence[str], seed: int, count: int, jobs: int = 1, *, depth: int = 2) -> Funnel:
    """Run *count* combinations of *depth* troubles, chosen by *seed*."""
    chance = Random(f"pairs {seed}")  # noqa: S311  (a seed)
    work = []
    for _ in range(count):
        name = chance.choice(names)
        work.append((name, chance.randrange(len(places(name))), 1, depth))
    return _summed(Funnel(points=count), deeper, work, jobs)


def pairs(names: Iterable[str], jobs: int) -> Funnel:
    """Run every pair of points of *names*."""
    work = [(name, place) for name in names for place in places(name)]
    return _summed(Funnel(), every_second, work, jobs)


def _summed(funnel: Funnel, what: Callable[[Job], Funnel], work: Sequence[Job], jobs: int) -> Funnel:
    began = time.monotonic()
    for done, each in enumerate(spread(what, work, jobs), 1):
        funnel.add(each)
        if done % _TOLD == 0:
            sys.stderr.write(
                f"{done} of {len(work)} jobs, {funnel.runs} runs, {len(funnel.findings)} violations\n"
            )
    funnel.seconds = time.monotonic() - began
    return funnel


def spread(what: Callable[[Job], Funnel], work: Sequence[Job], jobs: int) -> Iterator[Funnel]:
    if jobs == 1:
        yield from map(what, work)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(what, work, chunksize=4)


def replay(name: str, words: str) -> int:
    """Tell the run of *name* through the trouble that *words* spell, as a finding gives it, line by line."""
    trouble: Trouble = eval(words, {"Trouble": Trouble, "Fault": Fault, "inf": float("inf")} | _BLOWS)  # noqa: S307  (typed by the developer at the keyboard)
    tale = run(SCENARIOS[name], trouble, ends=reference(name)[2])
    sys.stdout.write(
        "\n".join([*tale.lines, f"trouble: {trouble}", f"person: {tale.person}", *tale.violations, ""])
    )
    return 1 if tale.violations else 0


_BLOWS = {"Blow": Blow, "Step": Step}


def main() -> int:
    """Explore as far as the arguments say; 1 where a promise was broken."""
    given = _arguments()
    names = tuple(given.scenarios)
    if given.replay:
        return replay(names[0], given.replay)
    funnels = {"singles": singles(names, given.jobs)}
    if given.pairs == "all":
        funnels["pairs"] = pairs(names, given.jobs)
    elif int(given.pairs):
        funnels["pairs"] = sample(names, given.seed, int(given.pairs), given.jobs)
    if given.triples:
        funnels["triples"] = sample(names, given.seed, given.triples, given.jobs, depth=3)
    for name, funnel in funnels.items():
        sys.stdout.write(f"{name}\n{funnel.text()}\n{funnel.told()}\n")
    if given.json:
        write(funnels, given.json)
    return 1 if any(funnel.findings for funnel in funnels.values()) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.sim.explore", description=__doc__)
    parser.add_argument("scenarios", nargs="*", default=list(SCENARIOS), help=", ".join(SCENARIOS))
    parser.add_argument("--pairs", default="0", help="how many pairs by the seed, or `all`")
    parser.add_argument("--triples", type=int, default=0, help="how many triples by the seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--json", default=os.environ.get("SIM_FUNNEL", ""), help="write the funnels to this file"
    )
    parser.add_argument(
        "--replay", metavar="TROUBLE", help="tell one run of one scenario, as a finding spells it"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
