"""Nothing ends by surprise: what ends is told in time and once, and a link that cannot work is not tried."""

from dataclasses import replace

from controller.core.render.statuses import read_documents
from controller.loop.ports import Account, Writer
from controller.model.manifest import Desired, Partner
from controller.model.notice import Notice
from controller.model.passes import Timing
from controller.model.plan import Kind
from controller.model.status import Status
from controller.simulator.control.account_changes import change_account
from tests.builders.manifest import app
from tests.sim.long_run import LongRun
from tests.sim.run_dirs import run_dir
from tests.sim.scenario import PARTNER, SWITCHES, Scenario
from tests.sim.simulated_world import SimulatedWorld
from tests.sim.timeline import START

DAY = 86_400.0
HOUR = 3_600.0
LEISURELY = Timing(interval=6 * HOUR, drift=6 * HOUR, hint_poll=HOUR)


def scenario(partner: Partner, *, switches: tuple[str, ...] = SWITCHES) -> Scenario:
    desired = Desired("r1", (partner,), (app(1), app(2)))
    return Scenario("ends", (desired,), switches=switches)


def told(notices: list[Notice]) -> list[str]:
    """Return how far away the end of the secret was each time, in its greatest unit."""
    titles = [notice.title for notice in notices if "client secret" in notice.title]
    return [" ".join(title.partition(" ends in ")[2].split()[:2]) for title in titles]


def test_the_end_of_a_secret_is_told_14_7_and_1_days_ahead_once_over_two_restarts() -> None:
    """Then the operator makes a new secret that lasts longer, and the next end is told anew."""
    ending = scenario(replace(PARTNER, expires=START + 16 * DAY))
    renewed = replace(ending.last, revision="r2", partners=(replace(PARTNER, expires=START + 40 * DAY),))
    with run_dir() as folder:
        sim = SimulatedWorld(ending, folder)
        editions = [(0.0, ending.last), (17 * DAY, renewed)]
        long_run = LongRun(sim, editions, LEISURELY, notices=[], alert_every=HOUR)
        assert long_run.notices is not None
        counts = []
        for days in (5, 5, 6.5):
            assert long_run.run(days * DAY).error is None
            counts.append(len(told(long_run.notices)))
            sim.pass_time(60)
        assert told(long_run.notices) == ["14 d", "6 d", "23 h"]
        assert counts == [1, 2, 3]
        long_run.run(10 * DAY)
        assert told(long_run.notices)[3:] == ["13 d"]


def test_links_of_an_account_with_pending_terms_are_not_tried_and_go_on_once_they_are_accepted() -> None:
    pending = scenario(PARTNER, switches=(*SWITCHES, "terms=pending"))
    with run_dir() as folder:
        sim = SimulatedWorld(pending, folder)
        run = sim.apply(pending.last).run
        assert {each.reason for each in run.report("main").blocked} == {"TermsNotAccepted"}
        assert _links(sim) == 0
        change_account(sim.world, {"set": {"termsRead": True}})
        run = sim.apply(pending.last).run
        assert run.report("main").blocked == ()
        assert _links(sim) == 2
        (status,) = _partners(sim, pending.last)
        told = {each.type: str(each.status) for each in status.conditions}
        assert told == {"CredentialsEnding": "False", "LinksAllowed": "True", "MintingAllowed": "True"}


def _links(sim: SimulatedWorld) -> int:
    return sum(request.route == "link" for request in sim.trace.requests)


def _partners(sim: SimulatedWorld, desired: Desired) -> list[Status]:
    """Return what another process finds in the store about partners."""
    found: list[Status] = []

    async def read(account: Account[Writer]) -> None:
        documents = read_documents(await account.store.statuses.read(account.upstream))
        found.extend(status for status in documents if status.item.kind is Kind.PARTNER)

    sim.work(desired, read)
    return found
