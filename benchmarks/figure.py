"""A measured figure, and the stopwatch behind it."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True, slots=True)
class Figure:
    """*seconds* is the median of several runs of *what*."""

    what: str
    seconds: float


def timed(what: str, run: Callable[[], object], *, runs: int = 5) -> Figure:
    """Run it once to warm up, then *runs* times, and return the median."""
    run()
    return Figure(what, median(_once(run) for _ in range(runs)))


def _once(run: Callable[[], object]) -> float:
    start = perf_counter()
    run()
    return perf_counter() - start
