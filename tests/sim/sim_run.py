"""One run from its beginning until nothing moves any more, and what is to be said about it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from controller.loop.ports import Account, Writer
from controller.loop.reconcile.resolve import absent
from controller.model.manifest import App, Desired
from controller.simulator import Fault
from tests.sim.effects import Blow, Effect
from tests.sim.manual_changes import drifted
from tests.sim.oracle import State, fullest, state, violations, writes
from tests.sim.scenario import Scenario
from tests.sim.simulated_world import HOUR, STRAIGHT, Ended, Ground, Twist, Universe
from tests.sim.timeline import Step


@dataclass(frozen=True, slots=True)
class Patience:
    """How many *processes* a run may take before it is said never to settle, of how many seconds each."""

    processes: int = 60
    seconds: float = 2 * HOUR


PATIENT = Patience()

CRASH_PAUSE = 1.0
ERROR_PAUSE = 61.0
_UNKNOWN = "CreateOutcomeUnknown"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a run meets: *faults* of Gupshup, and *blows* by label and place of the effect that they strike.

    *steps* set the wall clock there. *drift*: once it has settled, somebody changes subscriptions by hand.
    """

    faults: tuple[Fault, ...] = ()
    blows: tuple[tuple[str, int, Blow], ...] = ()
    seed: int = 1
    drift: bool = False
    steps: tuple[tuple[str, int, Step], ...] = ()

    def __str__(self) -> str:
        dealt = [f"{blow} at {label} #{nth}" for label, nth, blow in (*self.blows, *self.steps)]
        return "; ".join([*map(told, self.faults), *dealt]) or "no trouble"


def told(fault: Fault) -> str:
    more = " ".join(f"{key}={value}" for key, value in sorted(fault.parameters.items()))
    nth = f" #{','.join(map(str, fault.nth))}" if fault.nth else ""
    return f"{fault.kind} at {fault.route}{nth} {more}".rstrip()


@dataclass(frozen=True, slots=True)
class Tale:
    """How a run went.

    *settled* is the number of the last effect before it only had to stay so; *person*: what a person had to
    do to bring it home; *struck*: whether all trouble came. *worst* holds the fullest window of each bucket
    as Gupshup counted it, and its limit.
    """

    violations: tuple[str, ...]
    end: State
    digest: str
    trouble: Trouble
    effects: tuple[Effect, ...] = ()
    settled: int = 0
    person: tuple[str, ...] = ()
    struck: bool = True
    seconds: float = 0.0
    worst: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    lines: tuple[str, ...] = field(default=(), repr=False)


def tell(  # noqa: PLR0913  (each by keyword, and each of them has a usual value)
    scenario: Scenario,
    context: Ground,
    trouble: Trouble,
    *,
    ends: Sequence[State] = (),
    twist: Twist = STRAIGHT,
    patience: Patience = PATIENT,
    watch: Callable[[Universe], None] = lambda _: None,
) -> Tale:
    """Run *scenario* through *trouble* until it is settled, and judge it against the *ends* it may have.

    Without ends it is a run to compare others with; it also plans.
    """
    dealt = {(label, nth): blow for label, nth, blow in trouble.blows}
    steps = {(label, nth): step for label, nth, step in trouble.steps}
    universe = Universe(scenario, context, dealt, trouble.faults, trouble.seed, steps, twist)
    watch(universe)
    begin(universe)
    person: list[str] = []
    found = _settle(universe, scenario.last, person, patience)
    settled, struck = len(universe.fate.effects), _struck(universe, trouble)
    universe.world.faults.replace(())
    universe.fate.blows.clear()
    universe.fate.steps.clear()
    if not struck or any(not fault.nth for fault in trouble.faults):
        found += _settle(universe, scenario.last, person, patience)
    if trouble.drift:
        drifted(trouble.seed, universe.world)
        found += _settle(universe, scenario.last, person, patience)
    found += stays(universe, scenario.last, plan=not ends)
    found += violations(universe)
    end = state(universe.world)
    if ends and _of_concern(end, scenario) not in [_of_concern(each, scenario) for each in ends]:
        found.append(f"P1: the end is {end}, not {' or '.join(map(str, ends))}")
    return Tale(
        violations=tuple(found),
        end=end,
        digest=universe.trace.digest(),
        trouble=trouble,
        effects=tuple(universe.fate.effects),
        settled=settled,
        person=tuple(person),
        struck=struck,
        seconds=universe.timeline.seconds,
        worst=fullest(universe.world),
        lines=tuple(universe.trace.lines),
    )


def begin(universe: Universe) -> None:
    """Begin every revision but the last: one short process each, however it ends."""
    for desired in universe.scenario.revisions[:-1]:
        universe.apply(desired, wait=False, patience=5)
        universe.pass_time(CRASH_PAUSE)


def _settle(universe: Universe, desired: Desired, person: list[str], patience: Patience) -> list[str]:
    """Start process after process until one is through; a person does what only a person can."""
    for _ in range(patience.processes):
        ended = universe.apply(desired, patience=patience.seconds)
        if ended.killed:
            universe.pass_time(CRASH_PAUSE)
        elif ended.error is not None:
            universe.pass_time(ERROR_PAUSE)
        elif len(person) > patience.processes or not _help(universe, ended, desired, person):
            return _unsettled(universe, ended)
    return [f"P1: not settled after {patience.processes} processes and {universe.timeline.seconds:.0f} s"]


def _unsettled(universe: Universe, ended: Ended) -> list[str]:
    plan = ended.plan
    if plan is None:
        return ["P1: a process ended without a plan"]
    allowed = universe.scenario.blocked or universe.scenario.never
    waiting = [f"{each.item} on {each.wait_for}" for each in plan.waiting if not allowed]
    left = [*map(str, plan.actions), *waiting]
    return [f"P1: settled with something left: {', '.join(left)}"] if left else []


def _help(universe: Universe, ended: Ended, desired: Desired, person: list[str]) -> bool:
    """Look at what is blocked and was not to be, ask for it again, and say whether there was any."""
    blocked = ended.plan.blocked if ended.plan is not None else ()
    stuck = [each for each in blocked if each.reason not in universe.scenario.blocked]
    if not stuck:
        return False
    person.extend(f"{each.reason} for {each.item}" for each in stuck)
    names = {app.name: app for app in desired.apps}
    for each in stuck:
        if each.reason in {_UNKNOWN, "AppLost"}:
            universe.work(desired, _absent(names[each.item.app]))
    universe.apply(desired, again={each.item.app for each in stuck})
    return True


def _absent(app: App) -> Callable[[Account[Writer]], Awaitable[None]]:
    async def work(account: Account[Writer]) -> None:
        await absent(account, app)

    return work


def stays(universe: Universe, desired: Desired, *, plan: bool = True) -> list[str]:
    """P1, P7: three more passes of a new process write nothing; nor does a *plan*, and it is empty (P5)."""
    since = len(universe.trace.requests)
    done = [("plan", universe.plan(desired))] if plan else []
    universe.pass_time(ERROR_PAUSE)  # a list may be slow, and only its first 429 tells
    done.append(("pass", universe.passes(desired, 3)))
    found = [f"P7: written although nothing had changed: {each}" for each in writes(universe, since)]
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


def _struck(universe: Universe, trouble: Trouble) -> bool:
    counts = universe.world.faults.counts()
    dealt = len(universe.fate.dealt) + len(universe.fate.taken)
    return all(each["struck"] for each in counts) and dealt == len(trouble.blows) + len(trouble.steps)
