"""Callback URLs that Gupshup no longer takes: few calls, nothing else delayed, one try a day."""

import shutil
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from controller.core.planning.callbacks import (
    CALLBACK_NOT_SUPPORTED,
    MOST_UNSUPPORTED,
    TRY_AGAIN,
    TRY_ANOTHER,
)
from controller.edges.gupshup.forms import SubscriptionForm
from controller.errors import Busy, Denied, Limited, Rejected, Unclear, Unsupported
from controller.loop.apply import PartnerRun
from controller.loop.reconcile.act import MOST_SILENT
from controller.model.manifest import App, AppId, Count, Guards, Subscription
from controller.model.plan import Request, WaitFor
from controller.model.upstream import LinkedWithoutCallback
from tests.builders.manifest import PARTNER
from tests.clock import FakeClock
from tests.loop.apply_fixture import Bench, Fuse, Killed, app, bench, brittle, events, outcomes
from tests.loop.fake_gupshup import Gupshup

GONE = Unsupported("PUT …", status=404, words="Not Found")
ANOTHER = Rejected("PUT …", status=400, words="Invalid App Details Passed")
MINUTE = 60
LENIENT = replace(PARTNER, guards=Guards(max_updates=Count(99)))


def fleet(number: int) -> list[App]:
    return [app(f"App{each:03}", f"9100000000{each:02}") for each in range(1, number + 1)]


def seed(remote: Gupshup, apps: Iterable[App]) -> None:
    """Let *apps* be there and live, without a callback or a subscription."""
    for each in apps:
        remote.put(each.app_name, each.phone)


def hooks(apps: Sequence[App]) -> list[Subscription]:
    return [events(each.name) for each in apps]


@pytest.fixture
def there(there: Bench) -> Bench:
    there.partner = LENIENT
    return there


def blocked(run: PartnerRun) -> list[tuple[str, str]]:
    return [(each.item.name, each.reason) for each in run.report("main").blocked]


def all_blocked(apps: Sequence[App]) -> list[tuple[str, str]]:
    return [(each.name, CALLBACK_NOT_SUPPORTED) for each in apps]


def calls(there: Bench) -> int:
    return there.remote.count("set_callback")


async def test_three_calls_show_it_for_all_apps_and_all_else_is_done_in_the_same_pass(there: Bench) -> None:
    apps = fleet(10)
    seed(there.remote, apps[:9])
    there.remote.on("set_callback", *[GONE] * 99)
    before = there.clock.now()
    run = await there.go(*apps, *hooks(apps))
    assert calls(there) == MOST_UNSUPPORTED
    report = run.report("main")
    assert {name: n for name, n in report.summary.items() if n} == {
        "linked": 1,
        "subscribed": 10,
        "blocked": 9,
        "failed": 3,
    }
    assert blocked(run) == all_blocked(apps[:9])
    assert there.clock.now() - before < MINUTE
    first = [verb for verb, _ in there.remote.writes].index("set_callback")
    assert [verb for verb, _ in there.remote.writes][:first].count("subscribe") == 9, "callbacks go last"


async def test_the_answers_are_counted_across_processes(tmp_path: Path) -> None:
    """Each process finds one app more, as in CI."""
    remote, apps = Gupshup(FakeClock()), fleet(6)
    seed(remote, apps)
    remote.on("set_callback", *[GONE] * 99)
    for number in range(1, 7):
        async with bench(tmp_path / "state.db", remote) as there:
            run = await there.go(*apps[:number])
            assert blocked(run) == all_blocked(apps[:number])
            assert calls(there) == min(number, MOST_UNSUPPORTED)


async def test_a_process_that_is_killed_makes_at_most_one_call_more(tmp_path: Path) -> None:
    """It may die between an answer and its record, and knows of all answers before."""
    apps, fresh = fleet(5), tmp_path / "fresh.db"
    async with bench(fresh):
        pass
    for crossing in count(1):
        path = Path(shutil.copy(fresh, tmp_path / f"{crossing}.db"))
        remote = Gupshup(FakeClock())
        seed(remote, apps)
        remote.on("set_callback", *[GONE] * 99)
        async with bench(path, remote) as there:
            there.partner, fuse = LENIENT, Fuse(crossing)
            with suppress(Killed, BaseExceptionGroup):
                await there.go(*apps, *hooks(apps), account=brittle(there, fuse))
        async with bench(path, remote) as there:
            there.partner = LENIENT
            run = await there.go(*apps, *hooks(apps))
            assert blocked(run) == all_blocked(apps), crossing
            assert {tag for subs in remote.subs.values() for tag in subs} == {"events"}
            assert MOST_UNSUPPORTED <= calls(there) <= MOST_UNSUPPORTED + fuse.blown, crossing
        if not fuse.blown:
            return


async def test_one_callback_is_tried_a_day_each_in_its_turn_until_one_frees_all(there: Bench) -> None:
    apps = fleet(5)
    seed(there.remote, apps)
    there.remote.on("set_callback", *[GONE] * 6)
    for day in range(4):
        for _ in range(20):
            await there.go(*apps)
            assert calls(there) == MOST_UNSUPPORTED + day
            await there.clock.sleep(TRY_AGAIN / 20)
    tried = [
        there.remote.apps[AppId(about)].name for verb, about in there.remote.calls if verb == "set_callback"
    ]
    assert tried == ["App001", "App002", "App003", "App004", "App005", "App001"]
    run = await there.go(*apps)
    assert (blocked(run), len(there.remote.callbacks)) == ([], 5)
    assert calls(there) == 6 + 5
    assert not (await there.memory()).refusals


async def test_the_oldest_app_goes_first(there: Bench) -> None:
    """Its callback may be supported still, while those of three newer ones are not."""
    apps = fleet(5)
    seed(there.remote, reversed(apps))
    for row in list(there.remote.apps.values()):
        there.remote.apps[row.id] = replace(row, created=there.clock.now() - int(row.name[-3:]))
    there.remote.on("set_callback", None, None, *[GONE] * 9)
    run = await there.go(*apps)
    assert (calls(there), blocked(run)) == (5, all_blocked(apps[:3]))


async def test_a_success_in_between_ends_the_row(there: Bench) -> None:
    apps = fleet(4)
    seed(there.remote, apps)
    there.remote.on("set_callback", GONE, GONE, None, GONE, None, None)
    run = await there.go(*apps)
    assert (calls(there), blocked(run)) == (4 + 3, [])
    assert len(there.remote.callbacks) == 4


async def test_another_refusal_in_between_ends_the_row_too(there: Bench) -> None:
    apps = fleet(6)
    seed(there.remote, apps)
    there.remote.on("set_callback", GONE, GONE, ANOTHER, *[GONE] * 99)
    run = await there.go(*apps)
    assert calls(there) == 6
    assert [reason for _, reason in blocked(run)].count("Rejected") == 1


async def test_no_answer_to_the_callback_of_the_day_lets_another_one_be_tried_in_an_hour(
    there: Bench,
) -> None:
    apps = fleet(5)
    seed(there.remote, apps)
    there.remote.on("set_callback", *[GONE] * 3, Unclear("sent, no reply"))
    await there.go(*apps)
    await there.clock.sleep(TRY_AGAIN)
    await there.go(*apps, wait=False)
    assert calls(there) == 4
    await there.clock.sleep(TRY_ANOTHER - MINUTE)
    await there.go(*apps, wait=False)
    assert (calls(there), there.remote.callbacks) == (4, {})
    await there.clock.sleep(MINUTE)
    await there.go(*apps, wait=False)
    assert len(there.remote.callbacks) == 5


async def test_a_person_can_have_a_callback_tried_at_once(there: Bench) -> None:
    apps = fleet(5)
    seed(there.remote, apps)
    there.remote.on("set_callback", *[GONE] * 4)
    await there.go(*apps)
    for names, expected in ((["App005"], 4), ([each.name for each in apps], 4 + 5)):
        await there.clock.sleep(1)
        asked = Request(again=frozenset(names), at=there.clock.now())
        run = await there.go(run=PartnerRun(there.task(*apps, asked=asked)))
        assert calls(there) == expected
    assert blocked(run) == []


async def test_a_person_who_has_all_tried_costs_one_call(there: Bench) -> None:
    apps = fleet(9)
    seed(there.remote, apps)
    there.remote.on("set_callback", *[GONE] * 99)
    await there.go(*apps)
    await there.clock.sleep(1)
    asked = Request(again=frozenset(each.name for each in apps), at=there.clock.now())
    await there.go(run=PartnerRun(there.task(*apps, asked=asked)))
    assert calls(there) == 4


async def test_a_link_whose_callback_was_refused_leads_there_too(there: Bench) -> None:
    there.remote.on("link", LinkedWithoutCallback(AppId("app-1"), "failed to set callback"))
    there.remote.on("set_callback", GONE)
    run = await there.go(app(), events())
    assert outcomes(run) == [
        ("link", "done", "CallbackNotSet"),
        ("subscribe", "done", ""),
        ("update", "failed", CALLBACK_NOT_SUPPORTED),
    ]
    assert blocked(run) == [("AppOne", CALLBACK_NOT_SUPPORTED)]


async def test_an_app_on_its_way_is_followed_until_it_is_subscribed(there: Bench) -> None:
    there.remote.live_after = 300
    there.remote.on("link", LinkedWithoutCallback(AppId("app-1"), "failed to set callback"))
    there.remote.on("set_callback", *[GONE] * 9)
    run = await there.go(app(), events())
    assert run.report("main").summary["subscribed"] == 1
    assert (calls(there), blocked(run)) == (1, [("AppOne", CALLBACK_NOT_SUPPORTED)])


async def test_a_callback_dropped_from_the_manifest_leaves_nothing_blocked(there: Bench) -> None:
    seed(there.remote, fleet(4))
    there.remote.on("set_callback", *[GONE] * 99)
    await there.go(*fleet(4))
    run = await there.go(*(replace(each, callback_url=None) for each in fleet(4)))
    assert (blocked(run), run.report("main").unchanged) == ([], 4)


async def test_a_budget_of_callbacks_that_is_used_up_delays_no_webhook(there: Bench) -> None:
    apps = fleet(4)
    seed(there.remote, apps)
    for app_id in there.remote.apps:
        there.remote.on("set_callback", Limited("429", there.clock.now() + MINUTE))
        moved = replace(events(), url="https://old.example.com")
        await there.remote.subscribe(app_id, _form(moved))
    there.remote.calls.clear()
    run = PartnerRun(there.task(*apps, *hooks(apps)))
    await there.go(run=run, seconds=MINUTE / 2)
    assert [verb for verb, _ in there.remote.writes] == ["update_subscription"] * 4 + ["set_callback"]
    waits = [(each.item.name, each.wait_for) for each in run.report("main").waiting]
    assert waits == [(each.name, WaitFor.BUDGET) for each in apps]


async def test_callbacks_without_answers_do_not_hold_up_a_pass(there: Bench) -> None:
    apps = fleet(9)
    seed(there.remote, apps)
    there.remote.on("set_callback", *[Unclear("sent, no reply"), Busy("not sent")] * 9)
    run = PartnerRun(there.task(*apps, *hooks(apps)))
    await there.go(run=run, seconds=0)
    assert (calls(there), run.report("main").summary["subscribed"]) == (MOST_SILENT, 9)


async def test_one_answer_among_them_lets_the_pass_go_on(there: Bench) -> None:
    apps = fleet(9)
    seed(there.remote, apps)
    silent = Unclear("sent, no reply")
    there.remote.on("set_callback", silent, silent, None, silent, silent, None, silent, silent, None)
    await there.go(*apps, wait=False, seconds=0)
    assert calls(there) == 9


async def test_refused_credentials_end_the_callbacks_of_a_pass(there: Bench) -> None:
    seed(there.remote, fleet(4))
    there.remote.on("set_callback", *[Denied("401")] * 2)
    with pytest.raises(Denied):
        await there.go(*fleet(4))
    assert calls(there) == 2


async def test_the_answers_of_one_partner_show_nothing_about_another(there: Bench) -> None:
    seed(there.remote, fleet(3))
    there.remote.on("set_callback", *[GONE] * 3)
    await there.go(*fleet(3))
    assert (await there.store.memories.read("https://partner.gupshup.io#2")).refusals == {}


def _form(wanted: Subscription) -> SubscriptionForm:
    return SubscriptionForm(wanted.tag, wanted.url, wanted.version, tuple(sorted(wanted.modes)))
