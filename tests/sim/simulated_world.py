"""One simulated world: Gupshup, a machine with a disk, and the processes that run and die on it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import reduce
from importlib import import_module
from itertools import count
from pathlib import Path
from types import MappingProxyType

import pytest

from controller.doors.app import Runtime, open_reader, open_writer
from controller.doors.cli.apply_all import ApplyRequest, WaitOptions, apply_all
from controller.doors.cli.partners import Selection
from controller.doors.cli.source.load import Loaded
from controller.edges.gupshup import Network
from controller.edges.store import SqlStore
from controller.errors import Busy, ControllerError
from controller.loop.apply import PartnerRun, apply_until_settled, plan_when_observed
from controller.loop.ports import Account, Writer
from controller.loop.reconcile.reconcile import reconcile
from controller.loop.reconcile.state import PassRequest
from controller.model.manifest import Desired
from controller.model.plan import Plan, Request
from controller.simulator import Fault, PartnerAccount, SimulatorSettings, World, create_app, parse_switches
from controller.simulator.control.added_apps import add_apps
from tests.sim.approved import run_of
from tests.sim.disk import Disk
from tests.sim.effects import Failure, Injector, Killed, Life
from tests.sim.request_checks import LYING_LISTS, RequestChecks
from tests.sim.scenario import SECRETS, Scenario, targets
from tests.sim.status_truth import check_statuses
from tests.sim.timeline import Clock, Loop, Step, Timeline
from tests.sim.trace import Trace
from tests.sim.wire import Wire

HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Mutation:
    """A way to break the product on purpose: ports that do something else, or parts of the store.

    *names* maps `module:name` to what stands there instead while a process lives.
    """

    account: Callable[[Account[Writer]], Account[Writer]] = lambda account: account
    store: Callable[[SqlStore, Callable[[], float]], None] = lambda _store, _now: None
    names: Mapping[str, object] = field(default_factory=dict)

    @contextmanager
    def put(self) -> Iterator[None]:
        """Put everything in its wrong place, and back again."""
        with pytest.MonkeyPatch.context() as patch:
            for name, instead in self.names.items():
                module, _, path = name.partition(":")
                *owners, last = path.split(".")
                patch.setattr(reduce(getattr, owners, import_module(module)), last, instead)
            yield


UNMUTATED = Mutation()


@dataclass(frozen=True, slots=True)
class RunDir:
    """Where a run takes place: a folder of its own, and an empty store to begin with (None: made anew)."""

    folder: Path
    empty: Path | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """How one process ended: *killed*, by an *error* of ours, or in peace; *run* is how far it got."""

    run: PartnerRun
    killed: bool = False
    error: ControllerError | None = None

    @property
    def plan(self) -> Plan | None:
        return self.run.state.plan


@dataclass(slots=True)
class SimulatedWorld:
    """*failures* and *steps* strike effects by label and place, *faults* are the simulator's.

    Equal inputs, equal traces. *starts* are the seconds at which processes began.
    """

    scenario: Scenario
    context: RunDir
    failures: dict[tuple[str, int], Failure] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    seed: int = 1
    steps: dict[tuple[str, int], Step] = field(default_factory=dict)
    mutation: Mutation = UNMUTATED
    timeline: Timeline = field(default_factory=Timeline)
    trace: Trace = field(default_factory=Trace)
    processes: int = 0
    starts: list[float] = field(default_factory=list)
    environ: Mapping[str, str] = field(default_factory=dict)
    suffixes: "count[int]" = field(default_factory=count)
    saved: Plan | None = None
    world: World = field(init=False)
    injector: Injector = field(init=False)
    disk: Disk = field(init=False)

    def __post_init__(self) -> None:
        self.trace.hidden = str(self.context.folder)
        partner = PartnerAccount(email=SECRETS["GUPSHUP_EMAIL"], secret=SECRETS["GUPSHUP_SECRET"])
        switches = parse_switches(self.scenario.switches)
        rules = SimulatorSettings(self.seed, 1.0, switches, self.faults, partners=(partner,))
        self.world = World(self.timeline.now, rules)
        self.injector = Injector(self.timeline, self.failures, self.steps)
        self.disk = Disk(self.context.folder, self.injector, self.trace, self.context.empty)
        if self.scenario.seeded:
            add_apps(self.world, {"apps": [dict(each) for each in self.scenario.seeded]})

    def apply(
        self, desired: Desired, *, wait: bool = True, timeout: float = 2 * HOUR, again: Iterable[str] = ()
    ) -> Ended:
        """Run one process that applies *desired*, until it is through, fails or is killed.

        If the scenario is about a saved plan, the process does that plan; without one, it makes it.
        """
        asked, now = frozenset(again), Clock(self.timeline).now()
        run = PartnerRun(PassRequest(desired, desired, Request(again=asked, at=now)))
        if self.scenario.saved and not asked:
            if self.saved is None:
                return self._save(desired)
            run = run_of(self.saved, desired, now)

        async def work(account: Account[Writer]) -> None:
            until = account.clock.now() + timeout
            await apply_until_settled(account, run, wait=wait, until=until, on_progress=lambda _: None)

        return self._process("apply", desired, run, work)

    def _save(self, desired: Desired) -> Ended:
        """Run one process that makes the plan which later ones do. Killed or not, another one follows."""
        ended = self.plan(desired)
        plan = None if ended.killed or ended.error else ended.plan
        lacks = plan is None or any(each.effect is None for each in plan.waiting)
        self.saved = None if lacks else plan
        return replace(ended, killed=True)

    def passes(self, desired: Desired, count: int, every: float = 120.0) -> Ended:
        """Run one process that does *count* passes, *every* so many seconds."""
        run = PartnerRun(PassRequest(desired, desired))

        async def work(account: Account[Writer]) -> None:
            await account.store.intents.adopt_orphans(account.upstream)
            for _ in range(count):
                await reconcile(account, run.request, run.state)
                await account.clock.sleep(every)

        return self._process("passes", desired, run, work)

    def plan(self, desired: Desired) -> Ended:
        """Run one process that only plans."""
        run = PartnerRun(PassRequest(desired, desired))
        life, loop, clock = self._begin_process()

        async def work() -> None:
            runtime = self._runtime(life, clock, "plan", desired)
            lives.append(runtime)
            async with open_reader(runtime, desired.partners[0]) as account:
                await plan_when_observed(account, run, until=account.clock.now() + 300)

        lives: list[Runtime] = []
        return self._live(life, loop, run, work, lives)

    def rivalry(
        self, desired: Desired, after: float, *, stolen: bool = False, rival: Desired | None = None
    ) -> tuple[Ended, list[ControllerError]]:
        """Apply, and *after* some seconds let a second process want the same lock; return what it met.

        *rival* is what that one applies, the same where it is None.

        *stolen*: somebody takes the lock's file away before that, so that the second one gets it and applies.
        """
        run, met = PartnerRun(PassRequest(desired, desired)), list[ControllerError]()

        async def second() -> None:
            await asyncio.sleep(after)
            if stolen:
                self.disk.unlock()
            try:
                theirs = desired if rival is None else rival
                await self._rival(theirs, PassRequest(theirs, theirs), stolen=stolen)
            except ControllerError as error:
                met.append(error)

        async def work(account: Account[Writer]) -> None:
            until, failed = account.clock.now() + 2 * HOUR, list[ControllerError]()
            async with asyncio.TaskGroup() as group:
                rival = group.create_task(second())
                try:
                    await apply_until_settled(
                        account, run, wait=True, until=until, on_progress=lambda _: None
                    )
                except ControllerError as error:
                    failed.append(error)
                if not stolen:
                    rival.cancel()
            for each in failed:
                raise each

        return self._process("apply", desired, run, work), met

    async def _rival(self, desired: Desired, request: PassRequest, *, stolen: bool) -> None:
        self.processes += 1
        life = Life(self.processes)
        runtime = self._runtime(life, Clock(self.timeline), "rival", desired)
        async with runtime.store, open_writer(runtime, desired.partners[0], lock_timeout=0) as account:
            if not stolen:
                self.trace.wrong("P24", "two processes hold the lock of one partner")
            until = account.clock.now() + 2 * HOUR
            await apply_until_settled(
                account, PartnerRun(request), wait=True, until=until, on_progress=lambda _: None
            )

    def crowd(self, desired: Desired, plans: int, every: float) -> Ended:
        """Apply, while other processes plan, one begun *every* so many seconds; they share a store."""
        run = PartnerRun(PassRequest(desired, desired))

        async def planning(number: int) -> None:
            await asyncio.sleep(every * number)
            self.processes += 1
            clock = Clock(self.timeline)
            runtime = self._runtime(Life(self.processes), clock, "plan", desired)
            with suppress(Busy):  # who waited a whole window for its turn to sign in, and was not the next
                async with runtime.store, open_reader(runtime, desired.partners[0]) as account:
                    await plan_when_observed(account, PartnerRun(run.request), until=clock.now() + 300)

        async def work(account: Account[Writer]) -> None:
            until = account.clock.now() + 2 * HOUR
            async with asyncio.TaskGroup() as group:
                for number in range(plans):
                    group.create_task(planning(number))
                await apply_until_settled(account, run, wait=True, until=until, on_progress=lambda _: None)

        return self._process("apply", desired, run, work)

    def work(
        self, desired: Desired, work: Callable[[Account[Writer]], Awaitable[None]], purpose: str = "apply"
    ) -> Ended:
        """Run one process that does *work* with the writer lock held."""
        return self._process(purpose, desired, PartnerRun(PassRequest(desired, desired)), work)

    def applied(self, loaded: Loaded) -> Ended:
        """Run one process that does all that `apply --yes --wait` does with decoded manifests."""
        run = PartnerRun(PassRequest(loaded.desired, loaded.desired))
        life, loop, clock = self._begin_process()
        lives: list[Runtime] = []

        async def main() -> None:
            runtime = self._runtime(life, clock, "apply", loaded.desired)
            lives.append(runtime)
            done = await apply_all(
                ApplyRequest(loaded, Selection()),
                runtime,
                WaitOptions(wait=True, timeout=2 * HOUR, lock_timeout=0),
                lambda _: None,
            )
            for found in done.runs.values():
                if found.error is not None:
                    raise found.error

        return self._live(life, loop, run, main, lives)

    def pass_time(self, seconds: float) -> None:
        self.timeline.seconds += seconds
        self.world.now()

    def _process(
        self,
        purpose: str,
        desired: Desired,
        run: PartnerRun,
        work: Callable[[Account[Writer]], Awaitable[None]],
    ) -> Ended:
        life, loop, clock = self._begin_process()
        lives: list[Runtime] = []

        async def main() -> None:
            runtime = self._runtime(life, clock, purpose, desired)
            lives.append(runtime)
            async with open_writer(runtime, desired.partners[0], lock_timeout=0) as account:
                await work(self.mutation.account(account))

        return self._live(life, loop, run, main, lives)

    def _begin_process(self) -> tuple[Life, Loop, Clock]:
        self.processes += 1
        self.starts.append(self.timeline.seconds)
        loop = Loop(self.timeline)
        return Life(self.processes, stop=loop.stop), loop, Clock(self.timeline)

    def _runtime(self, life: Life, clock: Clock, purpose: str, desired: Desired) -> Runtime:
        lying = sum(fault.kind in LYING_LISTS for fault in self.faults)
        checks = RequestChecks(self.world, self.scenario, self.disk, self.trace, targets(desired), lying > 1)
        wire = Wire(
            life, purpose, self.world, create_app(self.world), self.injector, self.trace, checks.judge,
            {**self.scenario.targets(), **targets(desired)},
        )  # fmt: skip
        store = self.disk.open(life, clock)
        self.mutation.store(store, clock.now)
        network = Network(transport=wire)
        return Runtime(
            store,
            clock,
            network,
            MappingProxyType({**SECRETS, **self.environ}),
            purpose,
            desired.revision,
            suffix=lambda: f"{next(self.suffixes):x}",
        )

    def _live(
        self,
        life: Life,
        loop: Loop,
        run: PartnerRun,
        main: Callable[[], Awaitable[None]],
        lives: list[Runtime],
    ) -> Ended:
        with self.mutation.put():
            try:
                error = _carry_out(loop, main)
            finally:
                loop.bury()
                for runtime in lives:
                    self.disk.drop(runtime.store, killed=not life.alive)
            run.absorb()
        if life.alive:
            check_statuses(self.world, run.request.desired, run.statuses, self.trace)
        self.trace.line(self.timeline.now(), life.number, "killed" if not life.alive else f"ended {error!r}")
        return Ended(run, killed=not life.alive, error=error)


def _carry_out(loop: Loop, main: Callable[[], Awaitable[None]]) -> ControllerError | None:
    """Run *main* until it ends or its process is dead; return the error of ours that it ended with."""

    async def all_of_it() -> ControllerError | None:
        try:
            await main()
        except ControllerError as error:
            return error
        return None

    task = loop.create_task(all_of_it())
    task.add_done_callback(lambda _: loop.stop())
    loop.run_forever()
    if not task.done():
        return None
    try:
        return task.result()
    except Killed:
        return None
    except BaseExceptionGroup as group:
        _, rest = group.split(Killed)
        if rest is not None:
            raise
        return None
