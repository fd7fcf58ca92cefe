"""One run from its beginning until nothing moves any more, and what is to be said about it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from controller.loop.ports import Account, Writer
from controller.loop.reconcile.resolve import absent
from controller.model.manifest import App, Desired
from controller.simulator import Fault
from tests.sim.effects import Effect, Failure
from tests.sim.manual_changes import change_by_hand
from tests.sim.oracle import State, fullest, state, violations, writes
from tests.sim.scenario import Scenario
from tests.sim.simulated_world import HOUR, UNMUTATED, Ended, Mutation, RunDir, SimulatedWorld
from tests.sim.timeline import Step


@dataclass(frozen=True, slots=True)
class RunLimit:
    """How many *processes* a run may take before it is said never to settle, of how many seconds each."""

    processes: int = 60
    seconds: float = 2 * HOUR


USUAL_LIMIT = RunLimit()

CRASH_PAUSE = 1.0
ERROR_PAUSE = 61.0
_UNKNOWN = "CreateOutcomeUnknown"


@dataclass(frozen=True, slots=True)
class Disruption:
    """What a run meets: *faults* of Gupshup, and *failures* by label and place of the effect they strike.

    *steps* set the wall clock there. *drift*: once it has settled, somebody changes subscriptions by hand.
    """

    faults: tuple[Fault, ...] = ()
    failures: tuple[tuple[str, int, Failure], ...] = ()
    seed: int = 1
    drift: bool = False
    steps: tuple[tuple[str, int, Step], ...] = ()

    def __str__(self) -> str:
        injected = [f"{failure} at {label} #{nth}" for label, nth, failure in (*self.failures, *self.steps)]
        return "; ".join([*map(describe, self.faults), *injected]) or "no disruption"


def describe(fault: Fault) -> str:
    more = " ".join(f"{key}={value}" for key, value in sorted(fault.parameters.items()))
    nth = f" #{','.join(map(str, fault.nth))}" if fault.nth else ""
    return f"{fault.kind} at {fault.route}{nth} {more}".rstrip()


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run went.

    *settled* is the number of the last effect before it only had to stay so; *person*: what a person had to
    do to bring it home; *struck*: whether all of the disruption came. *worst* holds the fullest window of
    each bucket as Gupshup counted it, and its limit.
    """

    violations: tuple[str, ...]
    end: State
    digest: str
    disruption: Disruption
    effects: tuple[Effect, ...] = ()
    settled: int = 0
    person: tuple[str, ...] = ()
    struck: bool = True
    seconds: float = 0.0
    worst: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    lines: tuple[str, ...] = field(default=(), repr=False)


def simulate(  # noqa: PLR0913  (each by keyword, and each of them has a usual value)
    scenario: Scenario,
    context: RunDir,
    disruption: Disruption,
    *,
    ends: Sequence[State] = (),
    mutation: Mutation = UNMUTATED,
    limit: RunLimit = USUAL_LIMIT,
    watch: Callable[[SimulatedWorld], None] = lambda _: None,
) -> RunResult:
    """Run *scenario* through *disruption* until it is settled, and judge it against the *ends* it may have.

    Without ends it is a run to compare others with; it also plans.
    """
    injected = {(label, nth): failure for label, nth, failure in disruption.failures}
    steps = {(label, nth): step for label, nth, step in disruption.steps}
    sim = SimulatedWorld(scenario, context, injected, disruption.faults, disruption.seed, steps, mutation)
    watch(sim)
    begin(sim)
    person: list[str] = []
    found = _settle(sim, scenario.last, person, limit)
    settled, struck = len(sim.injector.effects), _struck(sim, disruption)
    sim.world.faults.replace(())
    sim.injector.failures.clear()
    sim.injector.steps.clear()
    if not struck or any(not fault.nth for fault in disruption.faults):
        found += _settle(sim, scenario.last, person, limit)
    if disruption.drift:
        change_by_hand(disruption.seed, sim.world)
        sim.saved = None
        found += _settle(sim, scenario.last, person, limit)
    found += stays(sim, scenario.last, plan=not ends)
    found += violations(sim)
    end = state(sim.world)
    if ends and _of_concern(end, scenario) not in [_of_concern(each, scenario) for each in ends]:
        found.append(f"P1: the end is {end}, not {' or '.join(map(str, ends))}")
    return RunResult(
        violations=tuple(found),
        end=end,
        digest=sim.trace.digest(),
        disruption=disruption,
        effects=tuple(sim.injector.effects),
        settled=settled,
        person=tuple(person),
        struck=struck,
        seconds=sim.timeline.seconds,
        worst=fullest(sim.world),
        lines=tuple(sim.trace.lines),
    )


def begin(sim: SimulatedWorld) -> None:
    """Begin every revision but the last: one short process each, however it ends."""
    for desired in sim.scenario.revisions[:-1]:
        sim.apply(desired, wait=False, timeout=5)
        sim.pass_time(CRASH_PAUSE)


def _settle(sim: SimulatedWorld, desired: Desired, person: list[str], limit: RunLimit) -> list[str]:
    """Start process after process until one is through; a person does what only a person can."""
    for _ in range(limit.processes):
        ended = sim.apply(desired, timeout=limit.seconds)
        if ended.killed:
            sim.pass_time(CRASH_PAUSE)
        elif ended.error is not None:
            sim.pass_time(ERROR_PAUSE)
        elif _overtaken(sim, ended):
            sim.saved = None  # what became different meanwhile is planned again, and approved
            sim.pass_time(ERROR_PAUSE)
        elif len(person) > limit.processes or not _help(sim, ended, desired, person):
            return _unsettled(sim, ended)
        else:
            sim.pass_time(ERROR_PAUSE)  # nobody helps in no time
    return [f"P1: not settled after {limit.processes} processes and {sim.timeline.seconds:.0f} s"]


def _overtaken(sim: SimulatedWorld, ended: Ended) -> bool:
    """Return whether more is due than the saved plan holds."""
    due, todo = ended.run.state.due, ended.plan
    return bool(sim.saved and due and todo and due.actions != todo.actions)


def _unsettled(sim: SimulatedWorld, ended: Ended) -> list[str]:
    plan = ended.plan
    if plan is None:
        return ["P1: a process ended without a plan"]
    allowed = sim.scenario.blocked or sim.scenario.never
    waiting = [f"{each.item} on {each.wait_for}" for each in plan.waiting if not allowed]
    left = [*map(str, plan.actions), *waiting]
    return [f"P1: settled with something left: {', '.join(left)}"] if left else []


def _help(sim: SimulatedWorld, ended: Ended, desired: Desired, person: list[str]) -> bool:
    """Request unexpectedly blocked items again, as a person would; return whether there were any."""
    blocked = ended.plan.blocked if ended.plan is not None else ()
    stuck = [each for each in blocked if each.reason not in sim.scenario.blocked]
    if not stuck:
        return False
    person.extend(f"{each.reason} for {each.item}" for each in stuck)
    names = {app.name: app for app in desired.apps}
    for each in stuck:
        if each.reason in {_UNKNOWN, "AppLost"}:
            sim.work(desired, _absent(names[each.item.app]))
    sim.apply(desired, again={each.item.app for each in stuck})
    return True


def _absent(app: App) -> Callable[[Account[Writer]], Awaitable[None]]:
    async def work(account: Account[Writer]) -> None:
        await absent(account, app)

    return work


def stays(sim: SimulatedWorld, desired: Desired, *, plan: bool = True) -> list[str]:
    """P1, P7: three more passes of a new process write nothing; nor does a *plan*, and it is empty (P5)."""
    since = len(sim.trace.requests)
    done = [("plan", sim.plan(desired))] if plan else []
    sim.pass_time(ERROR_PAUSE)  # a list may be slow, and only its first 429 tells
    done.append(("pass", sim.passes(desired, 3)))
    found = [f"P7: written although nothing had changed: {each}" for each in writes(sim, since)]
    for name, ended in done:
        if ended.error is not None:
            found.append(f"P1: a {name} failed without any fault: {ended.error!r}")
        elif ended.plan is not None and ended.plan.actions:
            found.append(f"P7: a {name} still has {ended.plan.actions}")
    return found


def _of_concern(end: State, scenario: Scenario) -> State:
    """Leave out how far an earlier revision got with what the last one leaves alone."""
    return {
        name: {key: value for key, value in app.items() if key not in {"callback", "subscriptions"}}
        if name in scenario.left
        else app
        for name, app in end.items()
    }


def _struck(sim: SimulatedWorld, disruption: Disruption) -> bool:
    counts = sim.world.faults.counts()
    injected = len(sim.injector.injected) + len(sim.injector.taken)
    return all(each["struck"] for each in counts) and injected == len(disruption.failures) + len(
        disruption.steps
    )
