"""The world: everything that the simulated Gupshup holds, from a seed and a clock.

Nothing happens between two calls. `settle` does everything that became due since the last call.
"""

import asyncio
import uuid
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import count
from random import Random

from controller.simulator.accounts import LegacyEnds, Mail
from controller.simulator.events.messages import announce
from controller.simulator.events.queue import EventQueue, loopback
from controller.simulator.faults.fault import ActiveFaults
from controller.simulator.limits import Windows
from controller.simulator.moments import since
from controller.simulator.settings import SimulatorSettings
from controller.simulator.state import AppRecord, Apps, Subscriptions
from controller.simulator.tokens import TokenIssuer

_MOST_CALLS = 100_000
_MOST_MAILS = 10_000


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """One call, and the status of its answer. Status 0 means that no answer was sent.

    ``phone`` comes from the form, ``app`` from the path, or from the answer to a link.
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
    """The seconds of the clock, and the virtual seconds in which apps are provisioned."""

    clock: Callable[[], float]
    scale: float
    start: float = 0.0
    ahead: float = 0.0

    def virtual(self, now: float) -> float:
        """Return the virtual second at *now*."""
        return (now - self.start) * self.scale + self.ahead

    def real(self, virtual: float) -> float:
        """Return the second of the clock at which the *virtual* second comes, or came."""
        return self.start + (virtual - self.ahead) / self.scale


def _shifted(clock: Callable[[], float], seconds: float) -> Callable[[], float]:
    """Return *clock*, *seconds* ahead: Gupshup's clock need not agree with this machine's."""
    return (lambda: clock() + seconds) if seconds else clock


class World:
    """The state of one simulated Gupshup, and the effects that are still to come."""

    def __init__(
        self,
        now: Callable[[], float],
        settings: SimulatorSettings | None = None,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.settings = settings or SimulatorSettings()
        self.switches = self.settings.switches
        self.sleep = sleep
        clock = _shifted(now, self.switches.clock_shift)
        self.time = Timeline(clock, self.settings.time_scale, start=clock())
        self.partners = {each.id: each.under(self.switches) for each in self.settings.partners}
        self.legacy = LegacyEnds(
            since(self.time.start, self.switches.login_ends),
            since(self.time.start, self.switches.app_tokens_end),
        )
        self.mails: deque[Mail] = deque(maxlen=_MOST_MAILS)
        self.apps = Apps()
        self.subscriptions = Subscriptions()
        self.tokens = TokenIssuer(self.chance("key").randbytes(32))
        self.windows = Windows(cooldown=self.switches.cooldown == "window")
        self.faults = ActiveFaults(self.chance("faults"), self.settings.faults)
        allowed: Callable[[str], bool] = (lambda _: True) if self.settings.deliver_any else loopback
        self.event_queue = EventQueue(allowed, self.switches.webhook_attempts)
        self.log: deque[LoggedCall] = deque(maxlen=_MOST_CALLS)
        self.on_call: Callable[[LoggedCall], None] | None = None
        self._serial = count()
        self._late_effects: list[tuple[float, int, Callable[[float], None]]] = []
        self._going_live: list[tuple[float, int, str]] = []

    def chance(self, *words: str) -> Random:
        """Return a random source for *words* alone. Other calls do not change it."""
        return Random(" ".join((str(self.settings.seed), *words)))  # noqa: S311 - a seed, not a secret

    def new_id(self) -> str:
        """Return a UUID that was never used."""
        return str(uuid.UUID(int=self.chance("id", str(next(self._serial))).getrandbits(128), version=4))

    def now(self) -> float:
        """Return the second of the clock, after everything that is due has happened."""
        now = self.time.clock()
        self.settle(now)
        return now

    def settle(self, now: float) -> None:
        """Do everything that is due at *now*: first late effects, in order, then apps go live."""
        while self._late_effects and self._late_effects[0][0] <= now:
            due, _, effect = heappop(self._late_effects)
            effect(due)
        virtual = self.time.virtual(now)
        while self._going_live and self._going_live[0][0] <= virtual:
            due, _, app_id = heappop(self._going_live)
            self._go_live(app_id, due)

    def advance(self, seconds: float) -> None:
        """Move virtual time *seconds* ahead. The clock stays, and with it every limit."""
        self.time.ahead += seconds
        self.settle(self.time.clock())

    def schedule(self, at: float, effect: Callable[[float], None]) -> None:
        """Let *effect* happen at the second *at*, or at the first call after it."""
        heappush(self._late_effects, (at, next(self._serial), effect))

    def record(self, call: LoggedCall) -> None:
        """Write *call* into the log, and pass it to `on_call`."""
        self.log.append(call)
        if self.on_call is not None:
            self.on_call(call)

    def provision(self, app: AppRecord) -> AppRecord:
        """Store *app*, and let it go live at the time that its course says."""
        self.apps.put(app)
        if not app.live and app.course.live_after is not None:
            heappush(
                self._going_live, (app.created_virtual + app.course.live_after, next(self._serial), app.id)
            )
        return app

    def _go_live(self, app_id: str, due: float) -> None:
        app = self.apps.get(app_id)
        if app is None or app.live or app.course.live_after is None:
            return
        if app.created_virtual + app.course.live_after > due:
            return  # the app's course was changed later, and a later entry counts
        at = max(self.time.real(due), app.created)
        self.apps.put(replace(app, live=True, live_at=at, modified=at))
        wa_id = app.phone if self.switches.live_wa_id == "phone" else app.waba_id
        announce(self.event_queue, app, self.subscriptions.of(app_id), wa_id, at, self.switches)
