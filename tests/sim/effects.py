"""The effects of a run, and failures injected at them: each request and transaction is one, from 1 on.

A kill ends the process at one of them; a failure of the disk only that transaction. A clock that is set there
is noticed by nobody until the next process begins.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from tests.sim.timeline import Step, Timeline


class Killed(BaseException):
    """The process is gone: whoever still runs cannot do anything any more."""


class Failure(StrEnum):
    """What happens at an effect.

    DURING: a request has left and takes effect only later, a transaction is rolled back. AFTER: it happened
    and nobody was there to hear. FULL: the disk was full before it; TORN: the commit failed; UNTOLD: the
    commit is on disk and an error was told.
    """

    BEFORE = "kill before"
    DURING = "kill during"
    AFTER = "kill after"
    FULL = "disk full"
    TORN = "commit lost"
    UNTOLD = "commit untold"


KILLS = frozenset({Failure.BEFORE, Failure.DURING, Failure.AFTER})


@dataclass(frozen=True, slots=True)
class Effect:
    """One effect of a run. *label* is a route's name, or the tables that a transaction wrote to."""

    number: int
    at: float
    process: int
    kind: str
    label: str
    nth: int


@dataclass(slots=True)
class Life:
    """One process: whether it is still alive, and what stops its loop."""

    number: int
    alive: bool = True
    stop: Callable[[], None] = lambda: None

    def end(self) -> Killed:
        self.alive = False
        self.stop()
        return Killed()


@dataclass(slots=True)
class Injector:
    """Deals *failures* and *steps*, by the label of the effect and its place among those.

    It writes down every effect.
    """

    timeline: Timeline
    failures: dict[tuple[str, int], Failure] = field(default_factory=dict)
    steps: dict[tuple[str, int], Step] = field(default_factory=dict)
    effects: list[Effect] = field(default_factory=list)
    injected: list[tuple[Effect, Failure]] = field(default_factory=list)
    watch: Callable[[Effect], None] = lambda _: None
    seen: dict[str, int] = field(default_factory=dict)
    taken: list[Step] = field(default_factory=list)

    def now(self) -> float:
        return self.timeline.now()

    def meet(self, life: Life, kind: str, label: str) -> Failure | None:
        """Count an effect and return what befalls it; Killed where its process is dead already."""
        if not life.alive:
            raise Killed
        nth = self.seen[label] = self.seen.get(label, 0) + 1
        effect = Effect(len(self.effects) + 1, self.now(), life.number, kind, label, nth)
        self.effects.append(effect)
        self.watch(effect)
        if (step := self.steps.get((label, nth))) is not None:
            self.timeline.set(step)
            self.taken.append(step)
        failure = self.failures.get((label, nth))
        if failure is not None:
            self.injected.append((effect, failure))
        return failure
