"""A partner that is reconciled in simulated time: a fake Gupshup, a real store, and no waiting."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar, cast

from controller.edges.store import SqlStore, open_store
from controller.loop.ports import Account, Writer
from controller.loop.run.partner_loop import LoopContext
from controller.loop.run.worker import Worker
from controller.model.manifest import Desired, Partner
from controller.model.passes import Pass, Timing
from controller.model.upstream import Upstream
from tests.builders.upstream import HERE
from tests.clock import FakeClock
from tests.loop.apply_fixture import reveal
from tests.loop.fake_gupshup import Gupshup
from tests.sim.long_run import Ticks
from tests.sim.timeline import Clock, Loop, Timeline

T = TypeVar("T")

TEMPO = Timing(interval=60.0, drift=300.0)


@dataclass
class Tending:
    """*told* are the reported passes; *holds* is whether the writer lock is held."""

    store: SqlStore
    timeline: Timeline
    loop: Loop
    clock: Clock
    remote: Gupshup
    told: list[Pass] = field(default_factory=list)
    holds: bool = True
    tempo: Timing = TEMPO

    @property
    def seconds(self) -> float:
        return self.timeline.seconds

    def run(self, work: Awaitable[T], limit: float = 86_400.0) -> T:
        """Run *work* to its end, which comes within *limit* simulated seconds."""

        async def limited() -> T:
            async with asyncio.timeout(limit):
                return await work

        return self.loop.run_until_complete(limited())

    def account(self, partner: Partner, upstream: Upstream = HERE) -> Account[Writer]:
        return Account(
            partner=partner,
            upstream=upstream,
            remote=self.remote,
            store=self.store,
            clock=self.clock,
            reveal=reveal,
            who="a test",
            revision="",
            holds=lambda: self.holds,
        )

    def tenure(self, declared: Desired, account: Account[Writer] | None = None) -> Worker:
        made = Worker(
            account or self.account(declared.partners[0]),
            hints=self.store.hints,
            timing=self.tempo,
            triggers=Ticks(),
            on_pass=self.told.append,
            chance=lambda: 0.5,
        )
        made.declare(declared)
        return made

    async def serve(self, made: Worker, seconds: float) -> None:
        """Let *made* work for so many seconds."""
        end = self.clock.now() + seconds
        await made.run(lambda: self.clock.now() >= end)

    def context(
        self, stand: Callable[[Partner], AbstractAsyncContextManager["Seat"]], stopping: asyncio.Event
    ) -> LoopContext:
        return LoopContext(
            sign_in=stand,
            hints=self.store.hints,
            reads=self.store.source_reads,
            clock=self.clock,
            timing=self.tempo,
            triggers=Ticks(),
            on_pass=self.told.append,
            chance=lambda: 0.5,
            stopping=stopping,
        )


@dataclass
class Door:
    """Where partners sign in: who stood there when, and who is turned away (the first *troubles*)."""

    tending: Tending
    upstreams: Mapping[str, Upstream] = field(default_factory=dict)
    troubles: list[Exception | None] = field(default_factory=list)
    locks: list[Exception | None] = field(default_factory=list)
    signed_in: list[tuple[str, float]] = field(default_factory=list)

    @asynccontextmanager
    async def stand(self, partner: Partner) -> AsyncIterator["Seat"]:
        self.signed_in.append((partner.name, self.tending.seconds))
        if self.troubles and (trouble := self.troubles.pop(0)) is not None:
            raise trouble
        yield Seat(self, self.tending.account(partner, self.upstreams.get(partner.name, HERE)))

    @property
    def times(self) -> list[float]:
        return [at for _, at in self.signed_in]


@dataclass
class Seat:
    door: Door
    account: Account[Writer]

    @asynccontextmanager
    async def writing(self, lock_timeout: float = 0.0) -> AsyncIterator[Account[Writer]]:
        if self.door.locks and (trouble := self.door.locks.pop(0)) is not None:
            raise trouble
        async with self.account.store.writer(self.account.upstream, lock_timeout) as hold:
            holds = self.door.tending
            yield replace(self.account, holds=lambda: holds.holds and hold.holds())


@contextmanager
def tending(folder: Path) -> Iterator[Tending]:
    timeline = Timeline()
    loop, clock = Loop(timeline), Clock(timeline)
    store = open_store(folder / "state.db", clock, inline=True)
    try:
        yield Tending(store, timeline, loop, clock, Gupshup(cast("FakeClock", clock)))
        loop.run_until_complete(store.close())
    finally:
        loop.bury()
