"""A settled fleet, a process that has just begun, and new apps: how soon each of them is served."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from controller.loop.run.controller import Controller
from controller.model.manifest import App, Desired
from controller.model.passes import Timing
from controller.simulator.control.manual_changes import change_app
from tests.sim.long_run import LongRun
from tests.sim.oracle import violations
from tests.sim.run_dirs import run_dir
from tests.sim.scenario import Scenario, app, desired
from tests.sim.settled_fleet import as_declared, webhook
from tests.sim.sim_run import Disruption
from tests.sim.simulated_world import UNMUTATED, Mutation, SimulatedWorld
from tests.sim.timeline import START

LINKED, SUBSCRIBED = 5.0, 10.0
"""Seconds from a commit to its link, and from a live event to its webhook, that any newcomer may wait."""

COMMIT, LIVE, APART = 5.0, 35.0, 6.0
"""Seconds after a start at which newcomers are declared, and go live, one after the other."""

_NEVER = ("provision-min=86400", "provision-max=86400", "retry-share=0")
_TEMPO = Timing(interval=60.0)


@dataclass(frozen=True, slots=True)
class Fleet:
    """*size* apps that are live and have what is declared; *more* is what a commit declares of each, beside.

    *news* new apps come with that commit.
    """

    size: int
    news: int = 1
    more: bool = False

    @property
    def newcomers(self) -> Sequence[App]:
        return [app(self.size + number) for number in range(1, self.news + 1)]

    def scenario(self) -> Scenario:
        apps = [app(number) for number in range(1, self.size + 1)]
        hooks = [webhook(each) for each in apps]
        more = [webhook(each, "gitops-more") for each in apps if self.more]
        theirs = [webhook(each) for each in self.newcomers]
        later = desired(*apps, *hooks, *self.newcomers, *theirs, *more, revision="r2")
        revisions = desired(*apps, *hooks), later
        return Scenario("fleet", revisions, tuple(map(as_declared, apps)), _NEVER)


@dataclass
class Onboarding(LongRun):
    """A process that gets an event of each new app when it goes live. *events* are those times."""

    lives: dict[str, float] = field(default_factory=dict)

    def _event(self, controller: Controller, name: str) -> None:
        change_app(self.sim.world, {"app": name, "set": {"live": True}})
        self.lives[name] = self.sim.timeline.now()
        super()._event(controller, name)


@dataclass(frozen=True, slots=True)
class Waited:
    """Seconds that each new app waited, from its commit to its link and from its live event to its webhook.

    None: in vain. *found* are promises that the run broke.
    """

    links: Sequence[float | None]
    webhooks: Sequence[float | None]
    found: Sequence[str]


def onboard(fleet: Fleet, *, starts: int = 1, mutation: Mutation = UNMUTATED) -> Waited:
    """Start a process, the last of so many, and declare new apps."""
    scenario = fleet.scenario()
    with run_dir() as context:
        sim = SimulatedWorld(scenario, context, mutation=mutation)
        for _ in range(starts - 1):
            LongRun(sim, [(0.0, scenario.revisions[0])], _TEMPO).run(20.0)
        begun = sim.timeline.seconds
        long_run = Onboarding(sim, _editions(scenario.revisions, begun), _TEMPO)
        long_run.events = [
            (begun + LIVE + APART * number, each.app_name) for number, each in enumerate(fleet.newcomers)
        ]
        long_run.run(LIVE + APART * (fleet.news - 1) + SUBSCRIBED + 1.0)
        commits = {each.app_name: START + begun + COMMIT for each in fleet.newcomers}
        links = _waited(sim, fleet.newcomers, "link", commits)
        webhooks = _waited(sim, fleet.newcomers, "subscribe", long_run.lives)
        return Waited(links, webhooks, violations(sim))


def _editions(revisions: Sequence[Desired], begun: float) -> Sequence[tuple[float, Desired]]:
    first, second = revisions
    return [(0.0, first), (begun + COMMIT, second)]


def _waited(
    sim: SimulatedWorld, apps: Sequence[App], route: str, since: Mapping[str, float]
) -> list[float | None]:
    sent = {each.phone: each.at for each in reversed(sim.trace.requests) if each.route == route}
    return [sent[each.phone] - since[each.app_name] if each.phone in sent else None for each in apps]


def late(waited: Waited) -> Iterator[str]:
    """P42: what is new goes first, whatever sweep is under way."""
    for what, seconds, most in (("link", waited.links, LINKED), ("webhook", waited.webhooks, SUBSCRIBED)):
        for each in seconds:
            if each is None or each > most:
                yield f"P42: a newcomer's {what} came after {each} s"


def onboarding(*, more: bool) -> Callable[[str, Disruption, Mutation], Sequence[str]]:
    """Start a process over a fleet, and declare a new app; *more*: every app gets another webhook then."""

    def way(_: str, __: Disruption, mutation: Mutation) -> Sequence[str]:
        waited = onboard(Fleet(110, more=more), mutation=mutation)
        return [*waited.found, *late(waited)]

    return way
