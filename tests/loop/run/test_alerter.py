"""The alerter turns passes, the state of the loop and the store into few notices."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from controller.core.account.ends import DAY
from controller.core.render.statuses import document
from controller.edges.store import SqlStore, open_store
from controller.errors import StoreError
from controller.loop.run.alerter import PACE, Alerter
from controller.loop.run.summary_cache import SummaryCache
from controller.model.account import CredentialEnd
from controller.model.notice import Notice
from controller.model.status import Status
from tests.builders.account import SECRET_KIND, UNIVERSAL_KIND, end_in
from tests.builders.memory import NOW
from tests.builders.passes import DIGEST, GOOD, finished_pass, held, transition
from tests.builders.status import FALSE, TRUE, condition, item_named, status_of
from tests.builders.upstream import HERE
from tests.clock import FakeClock
from tests.doors.fake_control import FakeControl

READY = condition("Ready", TRUE)
FLEET = [item_named(f"app-{number:03}") for number in range(400)]


class Town:
    """An alerter, what it sent, and time that goes by in its steps."""

    def __init__(self, store: SqlStore, control: FakeControl) -> None:
        self.store = store
        self.control = control
        self.told: list[Notice] = []
        self.counted = SummaryCache(store, control)
        self.herald = Alerter(control, self.counted, control, self.told.append, store.told_ends)

    async def wait(self, seconds: float) -> list[str]:
        """Let time go by, and return the titles that were sent meanwhile."""
        before, until = len(self.told), self.control.time + seconds
        while self.control.time < until:
            await self.herald.check()
            await self.control.sleep(PACE)
        return [notice.title for notice in self.told[before:]]

    async def see(self, *statuses: Status) -> None:
        documents = {str(each.item): document(each) for each in statuses}
        await self.store.statuses.save(HERE, documents, whole=True)
        self.counted.on_pass(finished_pass(transitions=(transition(None, READY),)))


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    control = FakeControl()
    async with open_store(tmp_path / "state.db", control, inline=True) as store:
        yield Town(store, control)


async def test_four_hundred_stalled_apps_are_one_notice_and_one_more_at_the_end(town: Town) -> None:
    await town.see(*(status_of(item, READY) for item in FLEET))
    assert await town.wait(60) == []
    at = town.control.time
    wrong = (condition("Ready", FALSE, "AppLost", since=at), condition("Stalled", TRUE, "AppLost", since=at))
    await town.see(*(status_of(item, *wrong) for item in FLEET))
    assert await town.wait(600) == ["400 apps of partner main stalled: AppLost"]
    await town.see(*(status_of(item, READY) for item in FLEET))
    assert await town.wait(600) == ["Over: 400 apps of partner main stalled: AppLost"]


@pytest.mark.parametrize("kind", ["Stalled", "Ready"])
async def test_a_renamed_app_is_the_same_trouble(town: Town, kind: str) -> None:
    """Its alert is neither over nor a second one, until it is well."""
    old, new, at = item_named("old"), item_named("new"), town.control.time
    wrong = [condition("Ready", FALSE, "AppLost", since=at)]
    if kind == "Stalled":
        wrong.append(condition("Stalled", TRUE, "AppLost", since=at))
    await town.see(status_of(old, *wrong))
    town.herald.on_pass(finished_pass(transitions=(transition(READY, wrong[0], old),)))
    assert len(await town.wait(600)) == 1
    await town.see(status_of(new, *wrong))
    passed = finished_pass(renamed={old: new})
    town.herald.on_pass(passed)
    town.counted.on_pass(passed)
    assert await town.wait(1_800) == []
    await town.see(status_of(new, READY))
    town.herald.on_pass(finished_pass(transitions=(transition(wrong[0], READY, new),)))
    (title,) = await town.wait(600)
    assert title.startswith("Over: 1 app of partner main")


async def test_apps_that_lost_readiness_cause_a_notice_and_new_apps_do_not(town: Town) -> None:
    gone = condition("Ready", FALSE, "InvalidUrl", since=town.control.time)
    await town.see(*(status_of(item_named(name), gone) for name in ("was", "never")))
    town.herald.on_pass(finished_pass(transitions=(transition(READY, gone, item_named("was")),)))
    assert await town.wait(600) == ["1 app of partner main no longer ready: InvalidUrl"]
    town.herald.on_pass(finished_pass(transitions=(transition(gone, READY, item_named("was")),)))
    assert await town.wait(600) == ["Over: 1 app of partner main no longer ready: InvalidUrl"]


async def test_an_undeclared_app_causes_no_alert_any_more(town: Town) -> None:
    gone = condition("Ready", FALSE, "InvalidUrl", since=town.control.time)
    await town.see(status_of(item_named("a"), gone))
    town.herald.on_pass(finished_pass(transitions=(transition(READY, gone, item_named("a")),)))
    await town.wait(600)
    await town.see()
    assert await town.wait(600) == ["Over: 1 app of partner main no longer ready: InvalidUrl"]
    await town.see(status_of(item_named("a"), gone))
    assert await town.wait(6_000) == [], "it came back as a new one"


async def test_refused_credentials_cause_a_notice_and_another_once_they_work(town: Town) -> None:
    town.herald.on_pass(finished_pass(error="login: 403", error_kind="Denied"))
    assert await town.wait(600) == ["The credentials of partner main are refused"]
    town.herald.on_pass(finished_pass())
    assert await town.wait(600) == ["Over: the credentials of partner main are refused"]


async def test_an_address_that_is_not_allowed_is_a_notice_of_its_own(town: Town) -> None:
    words = "login: 403 IP address not allowed; list the address"
    town.herald.on_pass(finished_pass(error=words, error_kind="AddressNotAllowed"))
    assert await town.wait(600) == [
        "The credentials of partner main are not accepted from the address of this host"
    ]
    assert "list the address" in town.told[0].body


async def test_a_stuck_source_and_held_changes_are_in_one_notice(town: Town) -> None:
    town.control.state = replace(GOOD, error="3 problems in the manifests", error_since=NOW)
    town.control.partner(held=(held(),))
    assert await town.wait(600) == ["The source is stuck on an old revision (and 1 more)"]
    assert "3 problems in the manifests" in town.told[0].body
    assert DIGEST in town.told[0].body


async def test_each_held_digest_is_one_notice_and_its_end_is_another(town: Town) -> None:
    town.control.words = ("--store", "kept.db")
    begins, ends = (
        "Changes of partner main are held by a guard",
        "Over: changes of partner main are held by a guard",
    )
    town.control.partner(held=(held(),))
    assert await town.wait(600) == [begins]
    assert town.told[0].body.splitlines()[-1] == f"gupshupctl reconcile --release {DIGEST} --store kept.db"
    town.control.partner(held=(held("sha256:b"),))
    assert sorted(await town.wait(600)) == [begins, ends]
    town.control.partner(held=())
    assert await town.wait(600) == [ends]
    assert "No longer held: sha256:b" in town.told[-1].body


async def test_passes_that_keep_failing_cause_a_notice(town: Town) -> None:
    town.herald.on_pass(finished_pass(error="no answer", error_kind="Busy"))
    town.control.partner(failures=5)
    assert await town.wait(290) == []
    assert await town.wait(60) == ["Passes over partner main keep failing (Busy)"]
    town.control.all_partners = ()
    assert await town.wait(600) == ["Over: passes over partner main keep failing (Busy)"]


async def test_the_alerter_goes_on_while_the_store_is_unreachable(town: Town) -> None:
    await town.store.close()
    town.control.state = replace(GOOD, error="no answer from the repository", error_since=NOW)
    assert await town.wait(120) == ["The source is stuck on an old revision"]


async def test_an_observing_process_raises_alerts_of_apps_that_nobody_writes(town: Town) -> None:
    at = town.control.time
    stalled = condition("Stalled", TRUE, "AppLost", since=at)
    await town.see(status_of(item_named(), condition("Ready", FALSE, "AppLost", since=at), stalled))
    town.control.partner(is_leader=False)
    assert await town.wait(600) == []
    town.herald = Alerter(
        town.control, town.counted, town.control, town.told.append, town.store.told_ends, observe=True
    )
    town.control.time = at + 600
    later = condition("Stalled", TRUE, "AppLost", since=at + 601)
    await town.see(status_of(item_named(), later))
    assert await town.wait(600) == ["1 app of partner main stalled: AppLost"]


def restarted(town: Town, *, observe: bool = False) -> None:
    """Let another process take over, which remembers nothing of its own."""
    control, ends = town.control, town.store.told_ends
    town.herald = Alerter(control, town.counted, control, town.told.append, ends, observe=observe)


async def test_the_end_of_a_credential_is_notified_14_7_and_1_days_ahead_once_each(town: Town) -> None:
    town.control.partner(ends=(end_in(15, SECRET_KIND), end_in(2, UNIVERSAL_KIND, renewed=True)))
    told: list[str] = []
    for _ in range(20):
        town.control.time += DAY
        restarted(town)
        told += await town.wait(30)
    assert told == [
        "The client secret of partner main ends in 14 d 0 h",
        "The client secret of partner main ends in 6 d 23 h",
        "The client secret of partner main ends in 23 h 53 min",
    ]
    assert "make a new one in the partner portal" in town.told[0].body


async def test_only_the_nearest_of_several_passed_days_is_notified(town: Town) -> None:
    town.control.partner(ends=(end_in(6),))
    assert await town.wait(60) == ["The partner token of partner main ends in 6 d 0 h"]
    town.control.time += 9 * DAY
    assert await town.wait(60) == ["The partner token of partner main has ended"]
    assert not town.told[1].good


async def test_a_later_end_is_notified_anew_and_an_earlier_one_only_for_fewer_days(town: Town) -> None:
    for days, expected in [(6, 1), (5, 0), (13, 1), (0.5, 1)]:
        town.control.partner(ends=(end_in(days),))
        assert len(await town.wait(30)) == expected, days


async def test_only_the_leader_notifies_an_end_and_where_nobody_leads_any_process(town: Town) -> None:
    town.control.partner(ends=(end_in(6),), is_leader=False)
    assert await town.wait(60) == []
    restarted(town, observe=True)
    assert await town.wait(60) == ["The partner token of partner main ends in 5 d 23 h"]


async def test_an_end_of_an_account_that_is_not_known_yet_waits(town: Town) -> None:
    town.control.partner(ends=(end_in(6),), upstream="")
    assert await town.wait(60) == []


async def test_a_notice_that_the_store_could_not_record_is_due_again(town: Town) -> None:
    class Away:
        """Claims whose store is away at first."""

        tries = 0

        async def claim(self, upstream: str, end: CredentialEnd, days: int) -> bool:
            self.tries += 1
            if self.tries == 1:
                raise StoreError("no route")
            return await town.store.told_ends.claim(upstream, end, days)

    town.herald = Alerter(town.control, town.counted, town.control, town.told.append, Away())
    town.control.partner(ends=(end_in(6),))
    await town.herald.check()
    assert town.told == []
    assert len(await town.wait(60)) == 1


async def test_the_alerter_runs_until_it_is_cancelled(town: Town) -> None:
    town.control.state = replace(GOOD, error="no", error_since=NOW)

    class Enough(Exception):
        pass

    class Short(FakeClock):
        """A clock whose patience ends."""

        async def sleep(self, seconds: float) -> None:
            await super().sleep(seconds)
            if self.time > NOW + 200:
                raise Enough

    herald = Alerter(town.control, town.counted, Short(), town.told.append, town.store.told_ends)
    with pytest.raises(Enough):
        await herald.run()
    assert len(town.told) == 1
