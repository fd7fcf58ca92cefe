"""The pretend Gupshup as state: pure, from a seed, driven by the clock that it is given.

Nothing happens between looks: whatever fell due since the last one happens in `settle`.
"""

import asyncio
import uuid
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from itertools import count
from random import Random

from controller.simulator.event_queue import Post, loopback
from controller.simulator.events import announce
from controller.simulator.faults.fault import Fault, Faults
from controller.simulator.limits import Windows
from controller.simulator.state import App, Apps, Partner, Subscriptions
from controller.simulator.switches import Switches
from controller.simulator.tokens import Access

_MOST_CALLS = 100_000


@dataclass(frozen=True, slots=True)
class Rules:
    """What one run is made of. Equal rules, clock and calls give equal answers.

    One second of the clock counts *time_scale* virtual ones, in which apps are provisioned.
    """

    seed: int = 1
    time_scale: float = 60.0
    switches: Switches = field(default_factory=Switches)
    faults: tuple[Fault, ...] = ()
    partners: tuple[Partner, ...] = (Partner(),)
    deliver_any: bool = False


@dataclass(frozen=True, slots=True)
class Logged:
    """One call as it came in. Status 0 means that no answer was sent.

    ``phone`` is the form's, ``app`` the path's id or the one that the answer to a link names.
    """

    at: float
    route: str
    method: str
    path: str
    partner: str
    app: str
    status: int
    effect: bool
    fault: str = ""
    phone: str = ""


@dataclass(slots=True)
class Timeline:
    """Real seconds of the injected clock, and the virtual ones in which apps are provisioned."""

    clock: Callable[[], float]
    scale: float
    start: float = 0.0
    ahead: float = 0.0

    def virtual(self, now: float) -> float:
        """Return the virtual second at *now*."""
        return (now - self.start) * self.scale + self.ahead

    def real(self, virtual: float) -> float:
        """Return the second of the clock at which the *virtual* one comes, or came."""
        return self.start + (virtual - self.ahead) / self.scale


class World:
    """Everything one pretend Gupshup holds, and what is still to happen in it."""

    def __init__(
        self,
        now: Callable[[], float],
        rules: Rules | None = None,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.rules = rules or Rules()
        self.sleep = sleep
        self.time = Timeline(now, self.rules.time_scale, start=now())
        self.partners = {partner.id: partner for partner in self.rules.partners}
        self.apps = Apps()
        self.subscriptions = Subscriptions()
        self.access = Access(Random(f"{self.rules.seed} key").randbytes(32))  # noqa: S311 - pretend tokens
        self.windows = Windows(cooldown=self.switches.cooldown == "window")
        self.faults = Faults(Random(f"{self.rules.seed} faults"), self.rules.faults)  # noqa: S311 - a seed
        allowed: Callable[[str], bool] = (lambda _: True) if self.rules.deliver_any else loopback
        self.post = Post(allowed, self.switches.webhook_attempts)
        self.log: deque[Logged] = deque(maxlen=_MOST_CALLS)
        self.told: Callable[[Logged], None] | None = None
        self._serial = count()
        self._late: list[tuple[float, int, Callable[[float], None]]] = []
        self._lives: list[tuple[float, int, str]] = []

    @property
    def switches(self) -> Switches:
        """The answers to the open questions."""
        return self.rules.switches

    def chance(self, *words: str) -> Random:
        """Return a source of chance of its own for *words*, so that other calls do not change it."""
        return Random(" ".join((str(self.rules.seed), *words)))  # noqa: S311 - a seed, not a secret

    def new_id(self) -> str:
        """Return a UUID that was never used."""
        return str(uuid.UUID(int=self.chance("id", str(next(self._serial))).getrandbits(128), version=4))

    def now(self) -> float:
        """Return the clock's second, after everything due by then has happened."""
        now = self.time.clock()
        self.settle(now)
        return now

    def settle(self, now: float) -> None:
        """Let everything happen that is due at *now*: late effects in their order, then apps going live."""
        while self._late and self._late[0][0] <= now:
            due, _, effect = heappop(self._late)
            effect(due)
        virtual = self.time.virtual(now)
        while self._lives and self._lives[0][0] <= virtual:
            due, _, app_id = heappop(self._lives)
            self._go_live(app_id, due)

    def advance(self, seconds: float) -> None:
        """Move virtual time *seconds* ahead; the clock, and with it every limit, stays."""
        self.time.ahead += seconds
        self.settle(self.time.clock())

    def later(self, at: float, effect: Callable[[float], None]) -> None:
        """Let *effect* happen at the second *at*, or at the first look after it."""
        heappush(self._late, (at, next(self._serial), effect))

    def record(self, call: Logged) -> None:
        """Write *call* into the log, and tell whoever asked to hear of each."""
        self.log.append(call)
        if self.told is not None:
            self.told(call)

    def put(self, app: App) -> App:
        """Store *app* and see to it that it goes live when its course says so."""
        self.apps.put(app)
        if not app.live and app.course.live_after is not None:
            heappush(self._lives, (app.born + app.course.live_after, next(self._serial), app.id))
        return app

    def _go_live(self, app_id: str, due: float) -> None:
        app = self.apps.get(app_id)
        if app is None or app.live or app.course.live_after is None:
            return
        if app.born + app.course.live_after > due:
            return  # its course was changed since; a later entry counts
        at = max(self.time.real(due), app.created)
        self.apps.put(replace(app, live=True, live_at=at, modified=at))
        wa_id = app.phone if self.switches.live_wa_id == "phone" else app.waba_id
        announce(self.post, app, self.subscriptions.of(app_id), wa_id, at)
