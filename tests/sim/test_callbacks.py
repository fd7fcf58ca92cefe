"""A Gupshup that takes no callback URLs for days: three calls, one more a day, and all else is done."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

from controller.core.alerts.detect import Alert, PassEnd, detect_alerts
from controller.core.alerts.group import AlertGroups, Phase, update_groups
from controller.core.planning.callbacks import CALLBACK_NOT_SUPPORTED, MOST_UNSUPPORTED, TRY_AGAIN
from controller.core.status.summary import summarize
from controller.model.manifest import Count, Guards
from controller.model.passes import PartnerState, Pass, SourceState, Timing
from controller.model.plan import Item, Kind
from controller.model.status import Condition, Status, Truth
from controller.simulator import Fault
from tests.sim.long_run import LongRun
from tests.sim.oracle import violations
from tests.sim.run_dirs import run_dir
from tests.sim.scenario import PARTNER, SWITCHES, Scenario, app, desired, subscription, there
from tests.sim.simulated_world import HOUR, SimulatedWorld
from tests.sim.trace import Request

NEXT_DAY = TRY_AGAIN + HOUR
APPS = tuple(app(number) for number in range(1, 7))
LENIENT = replace(PARTNER, guards=Guards(max_updates=Count(99)))
WHOLE = desired(*APPS, *(subscription(each, headers={}) for each in APPS), partner=LENIENT)
SEEDED = tuple(there(each, callbackUrl="") for each in APPS[:5])
GONE = Fault("status", "callbackUrl", parameters={"status": 404, "message": "Not Found"})
REFUSED_AT_LINK = Fault("callback-refused", "link")
SELDOM = Timing(interval=1800.0, drift=12 * HOUR, hint_poll=300.0)


def fleet() -> Scenario:
    """Declare six apps; the first five exist and are live."""
    return Scenario("fleet", (WHOLE,), SEEDED, switches=SWITCHES, blocked=frozenset({CALLBACK_NOT_SUPPORTED}))


def callbacks(requests: Iterable[Request]) -> list[Request]:
    return [each for each in requests if each.route == "callbackUrl"]


def test_a_gupshup_without_callbacks_gets_three_calls_and_one_a_day_whatever_restarts() -> None:
    with run_dir() as context:
        sim = SimulatedWorld(fleet(), context, faults=(GONE, REFUSED_AT_LINK))
        long_run = LongRun(sim, ((0.0, WHOLE),), SELDOM)
        long_run.run(HOUR)
        assert len(callbacks(sim.trace.requests)) == MOST_UNSUPPORTED
        tags = [
            [each.tag for each in sim.world.subscriptions.of(a.id)] for a in sim.world.apps.by_id.values()
        ]
        assert tags == [["gitops-events"]] * 6, "all else was done within the hour"
        for _ in range(13):
            long_run.run(7 * HOUR)
        calls = callbacks(sim.trace.requests)
        assert violations(sim) == []
    assert len(calls) == MOST_UNSUPPORTED + 3, "after 92 hours"
    assert len({each.app for each in calls}) == 6, "each in its turn"
    gaps = [later.at - sooner.at for sooner, later in pairwise(calls[MOST_UNSUPPORTED - 1 :])]
    assert all(TRY_AGAIN <= gap < NEXT_DAY for gap in gaps), gaps


def test_callbacks_that_come_back_are_all_set_within_a_day() -> None:
    with run_dir() as context:
        sim = SimulatedWorld(fleet(), context, faults=(GONE,))
        long_run = LongRun(sim, ((0.0, WHOLE),), SELDOM)
        long_run.run(6 * HOUR)
        sim.world.faults.replace(())
        long_run.run(NEXT_DAY)
        found = {each.phone: each.callback_url for each in sim.world.apps.by_id.values()}
        assert violations(sim) == []
    assert found == {each.phone: each.callback_url for each in APPS}


def test_people_get_one_notification_for_all_and_one_when_it_ends() -> None:
    """As `run` would send them, from the conditions of each app at the end of each pass."""
    with run_dir() as context:
        sim = SimulatedWorld(fleet(), context, faults=(GONE,))
        long_run = LongRun(sim, ((0.0, WHOLE),), SELDOM)
        long_run.run(6 * HOUR)
        sim.world.faults.replace(())
        long_run.run(NEXT_DAY)
    told = [phase for phase in notified(long_run.passes) if phase is not Phase.REMINDER]
    assert told == [Phase.FIRING, Phase.RESOLVED]


def notified(passes: Iterable[Pass]) -> list[Phase]:
    """Return what was notified about callbacks: every five minutes, and half an hour after the end."""
    stands: dict[Item, dict[str, Condition]] = {}
    groups: AlertGroups = {}
    told: list[Phase] = []
    ordered = sorted(passes, key=lambda each: each.began)
    for one, following in pairwise((*ordered, replace(ordered[-1], began=ordered[-1].began + HOUR))):
        for each in one.transitions:
            found = stands.setdefault(each.item, {})
            found[each.after.type] = each.after
            if (each.after.type, each.after.status) == ("Ready", Truth.TRUE):
                found.pop("Stalled", None)  # which is there only while it is true
        now = one.began + one.seconds
        while now < following.began:
            told_now = update_groups(groups, alerts(stands, now), now, began=0.0)
            groups = told_now.groups
            told += [
                note.what for note in told_now.notifications if note.group.key[2] == CALLBACK_NOT_SUPPORTED
            ]
            now += 300.0
    return told


def alerts(stands: dict[Item, dict[str, Condition]], now: float) -> list[Alert]:
    statuses = [
        Status(item, tuple(each for each in found.values()), "r1", now)
        for item, found in stands.items()
        if item.kind is Kind.APP
    ]
    partner = PartnerState("main", "", is_leader=True)
    summary = {"main": summarize(statuses)}
    return list(detect_alerts(SourceState("x"), (partner,), {"main": PassEnd()}, summary, frozenset()))
