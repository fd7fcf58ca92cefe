"""Health in a run by hand: what it reads, what it waits for, and what it leaves to `run`."""

from dataclasses import replace
from pathlib import Path

import pytest

from controller.core.health.reading import DAY
from controller.errors import Rejected
from controller.loop.apply import PartnerRun
from controller.model.health import WabaInfo
from controller.model.manifest import App, AppId, ReadyWhen
from controller.model.plan import HealthReads, Outcome, Request, WaitFor
from controller.model.status import Truth
from tests.builders.health import BANNED, BLOCKED, FINE
from tests.clock import FakeClock
from tests.loop.apply_fixture import ONE, Bench, bench
from tests.loop.fake_gupshup import Gupshup

ID = AppId("app-1")
SENDABLE = replace(ONE, ready_when=ReadyWhen.SENDABLE, callback_url=None)
PLAIN = replace(SENDABLE, ready_when=ReadyWhen.LIVE)
WAITING = Request(health_reads=HealthReads.AWAITED)


def says(there: Bench, info: WabaInfo) -> None:
    there.remote.health[ID] = replace(info, waba_id=ONE.waba_id)


async def run(there: Bench, app: App, *, wait: bool = False) -> PartnerRun:
    asked = WAITING if wait else Request()
    return await there.go(app, wait=wait, run=PartnerRun(there.task(app, asked=asked)))


@pytest.fixture
def there(there: Bench) -> Bench:
    there.remote.put(ONE.app_name, ONE.phone)
    says(there, FINE)
    return there


@pytest.mark.parametrize("app", [PLAIN, SENDABLE], ids=["live", "sendable"])
async def test_a_second_run_over_a_settled_app_reads_no_health(there: Bench, app: App) -> None:
    await run(there, app)
    assert there.remote.count("waba") == 1
    there.clock.time += 30 * DAY
    await run(there, app)
    await run(there, app, wait=True)
    assert there.remote.count("waba") == 1


async def test_the_last_health_is_in_the_status_of_a_later_run(there: Bench) -> None:
    says(there, BANNED)
    await run(there, PLAIN)
    (status,) = (await run(there, PLAIN)).statuses
    assert status.health is not None
    assert status.health.info == replace(BANNED, waba_id=ONE.waba_id)
    condition = status.condition("Sendable")
    assert condition is not None
    assert (condition.status, condition.reason) == (Truth.FALSE, "AccountBanned")


class Mended(Gupshup):
    """A Gupshup whose app can send after ten minutes."""

    async def waba(self, app: AppId) -> WabaInfo:
        found = await super().waba(app)
        return replace(found, can_send="AVAILABLE") if self.clock.now() >= FakeClock.time + 600 else found


async def test_a_run_that_waits_looks_once_a_minute_until_the_app_can_send(tmp_path: Path) -> None:
    async with bench(tmp_path / "state.db", Mended(FakeClock())) as there:
        there.remote.put(ONE.app_name, ONE.phone)
        says(there, BLOCKED)
        found = await run(there, SENDABLE, wait=True)
        assert found.report("main").waiting == ()
        assert 600 <= there.clock.now() - FakeClock.time <= 700
        assert there.remote.count("waba") == 11


async def test_a_run_without_wait_ends_while_an_app_cannot_send(there: Bench) -> None:
    says(there, BLOCKED)
    part = (await run(there, SENDABLE)).report("main")
    assert [(each.wait_for, each.item.name) for each in part.waiting] == [(WaitFor.SENDABLE, ONE.name)]
    assert there.remote.count("waba") == 1


async def test_a_run_stops_waiting_at_a_ban(there: Bench) -> None:
    says(there, BANNED)
    began = there.clock.now()
    part = (await run(there, SENDABLE, wait=True)).report("main")
    assert [each.reason for each in part.blocked] == ["AccountBanned"]
    assert there.clock.now() - began < 60
    says(there, FINE)
    there.clock.time += 60
    part = (await run(there, SENDABLE, wait=True)).report("main")
    assert part.blocked == (), "the next run that waits looks whether the ban has ended"


async def test_a_run_by_hand_asks_again_about_an_app_that_nobody_knows(there: Bench) -> None:
    says(there, WabaInfo())
    await run(there, SENDABLE)
    says(there, FINE)
    await run(there, SENDABLE)
    assert there.remote.count("waba") == 1, "not within a minute"
    there.clock.time += 60
    assert (await run(there, SENDABLE)).report("main").waiting == ()


async def test_an_app_linked_by_the_run_is_read_once_it_is_live(there: Bench) -> None:
    there.remote.apps.clear()
    there.remote.live_after = 300
    found = await run(there, SENDABLE, wait=True)
    assert [each.outcome for each in found.report("main").results] == [Outcome.DONE]
    assert there.remote.count("waba") == 1


@pytest.mark.parametrize(
    ("words", "counted"),
    [
        pytest.param("Error while getting waba info for given app", 1, id="Gupshup gives none: asked"),
        pytest.param("App is not live.", 2, id="too early: asked again"),
    ],
)
async def test_a_refusal_is_an_answer_unless_the_app_only_has_to_come_live(
    there: Bench, words: str, counted: int
) -> None:
    there.remote.on("waba", Rejected("no", status=400, words=words))
    await run(there, PLAIN)
    there.clock.time += 3_600
    await run(there, PLAIN)
    assert there.remote.count("waba") == counted
