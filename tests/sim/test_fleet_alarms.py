"""What happens to one app of a fleet is told: a foreign webhook within a drift interval, a ban in a minute.

`ALARM_APPS=5000` is a large fleet, for some minutes.
"""

import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise

from controller.core.schedule.intervals import SHARE, SOONEST
from controller.loop.run.controller import Controller
from controller.model.manifest import WebhookPolicy
from controller.model.notice import Notice
from controller.model.passes import Timing
from controller.simulator.control.health_changes import change_health
from controller.simulator.control.manual_changes import change_app
from tests.sim.long_run import LongRun
from tests.sim.oracle import violations
from tests.sim.run_dirs import run_dir
from tests.sim.scenario import OLD_ENDED, SWITCHES, UNIVERSAL
from tests.sim.settled_fleet import settled
from tests.sim.simulated_world import HOUR, SimulatedWorld
from tests.sim.timeline import START

APPS = int(os.environ.get("ALARM_APPS", "40"))
DAY, DRIFT = 24 * HOUR, HOUR
TIMING = Timing(interval=600.0, drift=DRIFT, hint_poll=HOUR)
STRICT = replace(UNIVERSAL, webhooks=WebhookPolicy(("hooks.example.com",)))
THEIRS = {"tag": "theirs", "url": "https://hooks.example.org/x", "version": 3, "modes": ["MESSAGE"]}
FOREIGN, BANNED, RESTART, QUIETLY_BANNED = 2 * DRIFT, 3.5 * DRIFT, 4 * DRIFT, 5 * DRIFT
"""Seconds at which it happens to an app, each time the one that was read last: it has to wait the longest."""


@dataclass
class Mishaps(LongRun):
    """A process that runs while *events* happen to apps. *struck* are those apps, by the event."""

    struck: dict[str, str] = field(default_factory=dict)

    def _event(self, controller: Controller, name: str) -> None:
        route = "subscriptions" if name == "foreign" else "wabaInfo"
        read = (each.phone for each in reversed(self.sim.trace.requests) if each.route == route)
        apps = {each.phone: each for each in self.sim.world.apps.by_id.values()}
        app = next(apps[phone] for phone in read if apps[phone].name not in self.struck.values())
        self.struck[name] = app.name
        if name == "foreign":
            change_app(self.sim.world, {"app": app.id, "subscriptions": [THEIRS]})
        else:
            change_health(self.sim.world, {"app": app.id, "set": {"accountStatus": "BANNED"}})
        if name == "banned":  # as the hook does with Gupshup's event; the other one is lost
            super()._event(controller, app.id)


class Told(list[Notice]):
    """Notices, and *at*: the seconds of the simulation at which they were sent."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        super().__init__()
        self.at: list[float] = []
        self._seconds = seconds

    def append(self, notice: Notice) -> None:
        self.at.append(self._seconds())
        super().append(notice)

    def after(self, since: float, kind: str, app: str) -> float:
        """Return how long after the second *since* a notice of a *kind* about *app* was sent first."""
        sent = zip(self.at, self, strict=True)
        about = re.compile(rf"\b{app}\b")
        return next(at for at, each in sent if kind in each.body and about.search(each.body)) - since


def test_what_happens_to_an_app_of_a_fleet_is_told_in_time() -> None:
    scenario = settled(APPS, STRICT, *SWITCHES, *OLD_ENDED)
    with run_dir() as context:
        sim = SimulatedWorld(scenario, context)
        notices = Told(lambda: sim.timeline.seconds)
        happen = [(FOREIGN, "foreign"), (BANNED, "banned"), (QUIETLY_BANNED, "quietly")]
        long_run = Mishaps(sim, [(0.0, scenario.last)], TIMING, happen, notices=notices)
        long_run.run(RESTART)
        long_run.tempo, long_run.alert_every = replace(TIMING, drift=6 * HOUR), 60.0
        long_run.run(QUIETLY_BANNED - RESTART + DAY + 180.0)
        assert [each.error for each in long_run.passes if each.error] == []
        assert violations(sim) == []

        names = {each.app_name: each.name for each in scenario.last.apps}
        foreign, banned, quietly = (names[long_run.struck[event]] for _, event in happen)
        assert notices.after(FOREIGN, "nobody declares", foreign) <= DRIFT
        assert notices.after(BANNED, "cannot send", banned) <= 60.0
        assert notices.after(QUIETLY_BANNED, "cannot send", quietly) <= DAY + 120.0, (
            "read once a day, then told"
        )

        looks, health = (
            Counter(each.phone for each in sim.trace.requests if each.route == route)
            for route in ("subscriptions", "wabaInfo")
        )
        assert len(looks) == len(health) == APPS
        sweeps = RESTART / (0.85 * DRIFT) + (QUIETLY_BANNED - RESTART + DAY) / (0.85 * 6 * HOUR)
        assert max(looks.values()) <= sweeps + 3, "one look an app, one more for each start and each event"
        assert max(health.values()) <= 2 + 2, "once a day, at first, and after the event"
        routes = {each.route for each in sim.trace.requests}
        assert routes <= {"unknown", "mintPartner", "revokePartner", "list", "subscriptions", "wabaInfo"}


def test_each_app_is_read_within_the_shortest_interval_that_the_rate_limit_allows() -> None:
    """The default interval of a large fleet: its sweep needs half of all calls, without a pause."""
    apps = 200
    drift = apps / (SHARE * SOONEST)
    scenario = settled(apps, UNIVERSAL, *SWITCHES, *OLD_ENDED)
    with run_dir() as context:
        sim = SimulatedWorld(scenario, context)
        LongRun(sim, [(0.0, scenario.last)], Timing(interval=60.0, drift=drift)).run(7 * drift)
        reads = defaultdict(list)
        for each in sim.trace.requests:
            if each.route == "subscriptions":
                reads[each.phone].append(each.at - START)
    first = max(moments[0] for moments in reads.values())
    pauses = [b - a for moments in reads.values() for a, b in pairwise(moments) if a > first]
    assert len(pauses) > apps
    assert max(pauses) <= drift
