"""Whatever processes do, and however they end, no window at Gupshup is overfull: through gate and store."""

from pathlib import Path
from random import Random

import pytest

from controller.core.ratelimit import budgets, earliest
from controller.edges.store import SqlStore, open_store
from controller.errors import Busy
from controller.loop.rate_limiter import RateLimiter
from controller.model.manifest import LIMITS, Bucket
from tests.builders.upstream import HERE
from tests.clock import FakeClock

pytestmark = pytest.mark.usefixtures("unmeasured")


class Machine:
    """Two processes on one machine that die at random and come back to another wall clock."""

    def __init__(self, path: Path, chance: Random) -> None:
        self.arrivals: list[float] = []
        self._path = path
        self._chance = chance
        self._time = FakeClock().time
        self._processes = [self._start(), self._start()]

    def _start(self) -> tuple[FakeClock, SqlStore]:
        wall = self._chance.choice([0.0, 0.0, 3_600.0, -3_600.0])
        clock = FakeClock(time=self._time, offset=wall, boot="b1")
        return clock, open_store(self._path, clock, inline=True)

    def pass_time(self, seconds: float) -> None:
        self._time += seconds
        for clock, _ in self._processes:
            clock.time = self._time

    async def close(self) -> None:
        for _, store in self._processes:
            await store.close()

    async def call(self) -> None:
        """Make one call from either process, as soon as it may go; sometimes the process dies in it."""
        which = self._chance.randrange(2)
        clock, store = self._processes[which]
        if self._chance.random() < 0.25:
            await self._die_in_a_call(which)
            return
        gate = RateLimiter(store.calls, clock, account="account")
        gate.upstream = HERE
        try:
            async with gate.call(Bucket.LINK, route="POST /link") as slot:
                self._arrive()
                slot.answered(200)
        except Busy as busy:
            self.pass_time((busy.until or 0) - clock.now())

    async def _die_in_a_call(self, which: int) -> None:
        _, store = self._processes[which]
        answer = await store.calls.reserve(
            HERE, budgets(Bucket.LINK, None), rule=earliest, route="POST /link"
        )
        await store.close()
        if not isinstance(answer, float):
            self._arrive()
        self._processes[which] = self._start()

    def _arrive(self) -> None:
        takes = self._chance.uniform(0, 2)
        self.arrivals.append(self._time + takes * self._chance.random())
        self.pass_time(takes)


@pytest.mark.parametrize("seed", range(4))
async def test_no_window_at_gupshup_is_overfull(tmp_path: Path, seed: int) -> None:
    limit = LIMITS[Bucket.LINK]
    chance = Random(seed)  # noqa: S311  (a game, no secret)
    machine = Machine(tmp_path / "state.db", chance)
    for _ in range(80):
        machine.pass_time(chance.choice([0.0, 0.0, 0.5, 9.0]))
        await machine.call()
    await machine.close()
    arrivals = sorted(machine.arrivals)
    assert len(arrivals) > 40
    assert max(sum(a <= b <= a + limit.seconds for b in arrivals) for a in arrivals) <= limit.calls
