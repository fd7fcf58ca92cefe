"""The process that never stops, in simulated time: it is started, hurried, killed and started again."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random

from controller.doors.app import Runtime, open_session
from controller.loop.apply import PartnerRun
from controller.loop.reconcile.state import PassRequest
from controller.loop.run.alerter import PACE, Alerter
from controller.loop.run.controller import Controller
from controller.loop.run.partner_loop import LoopContext
from controller.loop.run.source_watcher import SourceWatcher
from controller.loop.run.summary_cache import SummaryCache
from controller.model.manifest import App, Desired, Subscription
from controller.model.notice import Notice
from controller.model.passes import Pass, Timing
from controller.model.source import Decoded, Source
from tests.sim.simulated_world import Ended, SimulatedWorld
from tests.sim.timeline import Clock

TEMPO = Timing(interval=60.0, drift=300.0, hint_poll=5.0)


@dataclass(slots=True)
class ChangingSource:
    """A source that changes: *editions* by the second of the simulation from which on they are there."""

    editions: Sequence[tuple[float, Desired]]
    seconds: Callable[[], float]
    identity: str = "shelf"

    async def read(self, known: str) -> Source | None:
        revision = self._current().revision
        return None if revision == known else Source(self.identity, revision, ())

    async def advanced(self, _old: str, _new: str) -> bool:
        return True

    async def decode(self, source: Source) -> Decoded:
        found = next(each for _, each in self.editions if each.revision == source.revision)
        return Decoded(found, ())

    def _current(self) -> Desired:
        return [each for at, each in self.editions if at <= self.seconds()][-1]


def _all(editions: Iterable[Desired]) -> Desired:
    """Return everything that any edition declares: what a run may write about."""
    apps: dict[str, App] = {}
    hooks: dict[tuple[str, str], Subscription] = {}
    last = Desired("")
    for last in editions:
        apps |= {each.name: each for each in last.apps}
        hooks |= {(each.app, each.name): each for each in last.subscriptions}
    return replace(last, apps=tuple(apps.values()), subscriptions=tuple(hooks.values()))


class Ticks:
    """Timers of a simulated loop."""

    def every(self, seconds: float, drop: Callable[[], None]) -> Callable[[], None]:
        loop = asyncio.get_running_loop()
        handles: list[asyncio.TimerHandle] = []

        def tick() -> None:
            handles[:] = [loop.call_later(seconds, tick)]
            drop()

        handles.append(loop.call_later(seconds, tick))

        def end() -> None:
            handles[0].cancel()

        return end


@dataclass(slots=True)
class LongRun:
    """Runs processes that keep a simulated world as its *editions* say. *events*: seconds and names.

    *notices* takes what people are sent; with None nobody is. It is looked for every *alert_every* seconds.
    """

    sim: SimulatedWorld
    editions: Sequence[tuple[float, Desired]]
    tempo: Timing = TEMPO
    events: Sequence[tuple[float, str]] = ()
    passes: list[Pass] = field(default_factory=list)
    notices: list[Notice] | None = None
    alert_every: float = PACE

    def run(self, seconds: float) -> Ended:
        """Let one process run for *seconds*, or until it is killed."""
        life, loop, clock = self.sim._begin_process()
        last = _all(each for _, each in self.editions)
        run, lives = PartnerRun(PassRequest(last, last)), list[Runtime]()

        async def main() -> None:
            runtime = self.sim._runtime(life, clock, "run", last)
            lives.append(runtime)
            await self._keep(runtime, clock, life.number, seconds)

        return self.sim._live(life, loop, run, main, lives)

    async def _keep(self, runtime: Runtime, clock: Clock, number: int, seconds: float) -> None:
        stopping = asyncio.Event()
        source = ChangingSource(self.editions, lambda: self.sim.timeline.seconds)
        context = LoopContext(
            sign_in=partial(open_session, runtime, stopping=stopping.is_set),
            hints=runtime.store.hints,
            reads=runtime.store.source_reads,
            clock=clock,
            timing=self.tempo,
            triggers=Ticks(),
            on_pass=self.passes.append,
            chance=Random(f"{self.sim.seed} {number}").random,  # noqa: S311  (a seed)
            stopping=stopping,
        )
        controller = Controller(SourceWatcher(source, runtime.store.revisions, source.decode, clock), context)
        loop = asyncio.get_running_loop()
        loop.call_later(seconds, controller.stop)
        for at, _ in self.editions:
            if at > loop.time():
                loop.call_at(at, controller.source_changed)
        for at, name in self.events:
            if at > loop.time():
                loop.call_at(at, self._event, controller, name)
        async with runtime.store, self._alerted(controller, runtime, clock):
            await controller.run()

    @asynccontextmanager
    async def _alerted(self, controller: Controller, runtime: Runtime, clock: Clock) -> AsyncIterator[None]:
        """Look for what people are to be sent while the block goes on."""
        if self.notices is None:
            yield
            return
        store, summaries = runtime.store, SummaryCache(runtime.store, clock)
        alerter = Alerter(controller, summaries, clock, self.notices.append, store.told_ends)
        task = asyncio.create_task(self._look(alerter, clock))
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def _look(self, alerter: Alerter, clock: Clock) -> None:
        while True:
            await alerter.check()
            await clock.sleep(self.alert_every)

    def _event(self, controller: Controller, name: str) -> None:
        task = asyncio.ensure_future(controller.hint([name]))
        task.add_done_callback(lambda _: None)
