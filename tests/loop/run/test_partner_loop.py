"""The partner loop: sign in, be elected, run the worker, and begin again whatever ends it."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from controller.errors import Busy, Denied, Locked, StoreError
from controller.loop.run.partner_loop import ASK_AGAIN, GIVEN_WAY, PartnerLoop
from controller.loop.run.worker import EVENT, HANDOVER, RELEASE
from controller.model.history import Declared, Hint
from controller.model.manifest import AppId
from controller.model.passes import Timing
from tests.builders.account import end_in, given
from tests.builders.manifest import PARTNER, desired
from tests.builders.upstream import HERE
from tests.loop.apply_fixture import ONE, app, events
from tests.loop.run_fixture import Door, Tending, tending

DECLARED = desired(ONE, events())


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Tending]:
    with capture_logs(), tending(tmp_path) as found:
        yield found


def begun(there: Tending, door: Door) -> tuple[PartnerLoop, asyncio.Event]:
    stopping = asyncio.Event()
    return PartnerLoop(PARTNER, DECLARED, there.context(door.stand, stopping)), stopping


def run(there: Tending, door: Door, seconds: float) -> PartnerLoop:
    """Let a partnership go on for so long, and end it by stopping the process."""
    made, stopping = begun(there, door)
    there.loop.call_later(seconds, stopping.set)
    before = there.seconds
    there.run(made.run())
    assert before + seconds <= there.seconds <= before + seconds + 1.1, "it ends soon after it is stopped"
    return made


def test_a_partner_loop_signs_in_once_and_reconciles(there: Tending) -> None:
    door = Door(there)
    run(there, door, 300)
    assert (door.times, set(there.remote.subs[AppId("app-1")])) == ([0.0], {"events"})


# What the account was declared to have before.


async def _declared(there: Tending, apps: int) -> None:
    await there.store.revisions.declare(HERE, Declared(apps, 0))


def test_a_loss_compared_with_another_process_is_refused_until_it_is_released(there: Tending) -> None:
    """Only a sign-in shows whose account it is; nothing is read or written before."""
    there.run(_declared(there, 10))
    door = Door(there)
    made = run(there, door, 100)
    assert (there.remote.calls, door.times) == ([], [0.0])
    assert f"10 Apps became 1 for {HERE}" in made.state().error
    digest = made.state().error.rpartition(" ")[2]
    agreed, stopping = begun(there, door)
    agreed._context = replace(agreed._context, released={digest})
    there.loop.call_later(100, stopping.set)
    there.run(agreed.run())
    assert set(there.remote.subs[AppId("app-1")]) == {"events"}
    assert there.run(there.store.revisions.declared(HERE)) == Declared(1, 1)


def test_a_refused_loss_is_released_by_another_process_within_a_minute(there: Tending) -> None:
    there.run(_declared(there, 10))
    made, stopping = begun(there, Door(there))
    released = made._context.released
    made._context = replace(made._context, on_release=released.add)

    async def release() -> None:
        await there.store.hints.leave(HERE, *HANDOVER)
        await there.store.hints.leave(HERE, "", f"{RELEASE} {made.state().error.rpartition(' ')[2]}")

    there.loop.call_later(200, lambda: tasks.append(there.loop.create_task(release())))
    there.loop.call_later(260, stopping.set)
    tasks: list[asyncio.Task[None]] = []
    there.run(made.run())
    assert set(there.remote.subs[AppId("app-1")]) == {"events"}
    assert there.run(there.store.hints.take(HERE)) == ()


def test_an_observing_process_stores_no_count_of_declared_items(there: Tending) -> None:
    there.tempo = replace(there.tempo, enforce=False)
    run(there, Door(there), 100)
    assert there.run(there.store.revisions.declared(HERE)) is None


# Another writer.


def test_a_partner_loop_waits_for_another_writer_without_another_sign_in(there: Tending) -> None:
    door = Door(there, locks=[Locked("another writer holds it")] * 30)
    made, stopping = begun(there, door)
    there.loop.call_later(20, stopping.set)
    there.run(made.run())
    assert (there.remote.calls, door.times) == ([], [0.0])
    assert "another writer" in made.state().error
    assert (made.state().upstream, made.state().is_leader, made.state().failures) == (HERE, False, 0)
    there.remote.calls.clear()
    door.locks = [Locked("another writer holds it")] * 3
    run(there, door, 20)
    assert there.remote.posts[0][0] == pytest.approx(there.clock.now() - 20 + 3 * ASK_AGAIN, abs=1.1)


def test_a_lost_writer_lock_is_acquired_again(there: Tending) -> None:
    door = Door(there)
    for at, holds in ((10, False), (15, True)):
        there.loop.call_later(at, setattr, there, "holds", holds)
    run(there, door, 60)
    assert door.times == [0.0]
    assert there.told[-1].error == ""
    assert {"AppOne", ""} == {each.app for each in there.told if each.began >= there.clock.now() - 46}


def test_the_writer_lock_is_left_for_a_while_to_the_process_that_asked_for_it(there: Tending) -> None:
    door = Door(there)
    held: list[tuple[float, bool]] = []

    async def another() -> None:
        await asyncio.sleep(30)
        await there.store.hints.leave(HERE, *HANDOVER)
        while len(held) < 40:
            try:
                async with there.store.writer(HERE):
                    held.append((there.seconds, True))
            except Locked:
                held.append((there.seconds, False))
            await asyncio.sleep(0.5)

    async def both() -> None:
        made, stopping = begun(there, door)
        there.loop.call_later(60, stopping.set)
        await asyncio.gather(another(), made.run())

    there.run(both())
    free = [at for at, is_free in held if is_free]
    assert free[0] <= 31.5
    assert free[-1] - free[0] == pytest.approx(GIVEN_WAY, abs=1.1)
    assert held[-1][1] is False, "then it is the writer again"
    assert door.times == [0.0]


# Refused credentials.


def test_refused_sign_ins_grow_rare(there: Tending) -> None:
    """Three tries, a minute apart; then one every quarter of an hour: accounts get locked."""
    door = Door(there, troubles=[Denied("401")] * 99)
    made = run(there, door, 3_600)
    assert [round(at) for at in door.times] == [0, 60, 120, 1_020, 1_920, 2_820]
    assert (made.state().error, made.state().failures) == ("401", 6)
    assert {(each.error_kind, each.error) for each in there.told} == {("Denied", "401")}


def test_sign_ins_with_a_token_that_is_refused_later_grow_rare(there: Tending) -> None:
    """A token may be given, and be worth nothing."""
    there.remote.on("rows", *[Denied("403")] * 99)
    door = Door(there)
    run(there, door, 3_600)
    assert [round(at) for at in door.times] == [0, 60, 120, 1_020, 1_920, 2_820]


def test_a_complete_list_resets_the_count_of_refused_sign_ins(there: Tending) -> None:
    there.remote.on("rows", Denied("403"), Denied("403"), None, Denied("403"), Denied("403"))
    door = Door(there)
    run(there, door, 400)
    first, second, third, *later = (round(at) for at in door.times)
    assert (first, second, third) == (0, 60, 120)
    assert len(later) == 2
    assert [after - before for before, after in pairwise([third, *later])][1] == 60


def test_another_error_in_between_does_not_reset_the_count_of_refused_sign_ins(there: Tending) -> None:
    troubles = [Denied("401"), Busy("no answer"), Denied("401"), Denied("401"), Denied("401")]
    door = Door(there, troubles=[*troubles])
    run(there, door, 1_500)
    pauses = [round(after - before) for before, after in pairwise(door.times)]
    assert pauses[0] == 60
    assert pauses[1] <= 4
    assert pauses[2:4] == [60, 900]


# Other trouble.


@pytest.mark.parametrize("error", [Busy("no answer"), StoreError("the disk is full"), RuntimeError("a bug")])
def test_a_failing_partner_loop_is_tried_again_later_each_time(there: Tending, error: Exception) -> None:
    door = Door(there, troubles=[error] * 8)
    run(there, door, 1_200)
    pauses = [after - before for before, after in pairwise(door.times)]
    assert pauses == pytest.approx([0.75 * 2**n for n in range(1, 9)], abs=0.1)
    assert set(there.remote.subs[AppId("app-1")]) == {"events"}


def test_a_store_that_fails_after_each_sign_in_does_not_cause_many_sign_ins(there: Tending) -> None:
    there.remote.on("rows", *[StoreError("the disk is full")] * 99)
    door = Door(there)
    run(there, door, 3_600)
    assert len(door.times) < 30


# Leaving, and hints.


def test_a_partner_loop_ends_soon_once_it_has_to_leave(there: Tending) -> None:
    door = Door(there)
    made, _ = begun(there, door)
    there.loop.call_later(30.5, made.leave)
    there.run(made.run())
    assert there.seconds <= 32


def test_a_partner_loop_ends_soon_during_a_long_back_off(there: Tending) -> None:
    door = Door(there, troubles=[Denied("401")] * 9)
    made, _ = begun(there, door)
    there.loop.call_later(200, made.leave)
    there.run(made.run())
    assert there.seconds <= 201.1


def test_a_hint_about_a_declared_app_hurries_its_pass(there: Tending) -> None:
    door = Door(there)
    made, stopping = begun(there, door)
    known: list[bool] = []

    async def hint() -> None:
        await asyncio.sleep(40)
        known.append(await made.hint(["stranger"]))
        assert await there.store.hints.last_heard(HERE) is None
        known.append(await made.hint(["AppOne"]))
        assert await there.store.hints.last_heard(HERE) == there.clock.now()
        made.declare(replace(desired(ONE, app("AppTwo", "910000000002")), revision="r2"))
        await asyncio.sleep(5)
        assert made.state().apps == 2
        stopping.set()

    async def both() -> None:
        await asyncio.gather(hint(), made.run())

    there.run(both())
    assert known == [False, True]
    assert len(there.remote.posts) == 2


def test_a_hint_about_a_partner_of_another_process_is_passed_on_to_it(there: Tending) -> None:
    door = Door(there, locks=[Locked("another")] * 99)
    made, stopping = begun(there, door)

    async def hint() -> None:
        assert await made.hint(["AppOne"]), "before it signed in: the first list sees it"
        await asyncio.sleep(5)
        await there.store.hints.leave(HERE, "AppOne", "reconcile")
        assert await made.hint(["x", ONE.phone])
        assert await made.hint(["AppOne"])
        assert not await made.hint(["stranger"])
        assert made.state().progressed_at >= there.clock.now() - 1.1
        stopping.set()

    async def both() -> None:
        await asyncio.gather(made.run(), hint())

    there.run(both())
    now = there.clock.now()
    hints = there.run(there.store.hints.take(HERE))
    assert {(each.app, each.kind) for each in hints} == {
        (f":{EVENT} AppOne", f"{EVENT} AppOne"),
        (f":{EVENT} {ONE.phone}", f"{EVENT} {ONE.phone}"),
        ("AppOne", "reconcile"),
    }
    assert all(isinstance(each, Hint) and now - 2 <= each.at <= now for each in hints)
    assert now - 2 <= (there.run(there.store.hints.last_heard(HERE)) or 0.0) <= now


class Unnoted:
    """The hints of a store that is locked when an event is to be noted."""

    async def leave(self, upstream: str, app: str, kind: str) -> None:
        raise AssertionError(upstream, app, kind)

    async def heard(self, upstream: str) -> None:
        raise StoreError(f"{upstream}: database is locked")

    async def kinds(self) -> frozenset[str]:
        return frozenset()

    async def take(self, upstream: str) -> tuple[Hint, ...]:
        assert upstream == HERE
        return ()


def test_an_event_that_cannot_be_noted_is_a_hint_all_the_same(there: Tending) -> None:
    stopping = asyncio.Event()
    context = replace(there.context(Door(there).stand, stopping), hints=Unnoted())
    made = PartnerLoop(PARTNER, DECLARED, context)

    async def hint() -> None:
        await asyncio.sleep(5)
        assert await made.hint(["AppOne"])
        stopping.set()

    async def both() -> None:
        await asyncio.gather(made.run(), hint())

    there.run(both())


def test_an_observing_process_needs_no_lock(there: Tending) -> None:
    there.tempo = Timing(enforce=False)
    door = Door(there, locks=[Locked("another")] * 99)
    run(there, door, 30)
    assert there.remote.count("rows") >= 1
    assert there.remote.writes == []


# What is known of the account.


def test_the_state_has_the_ends_of_credentials_whether_it_leads_or_not(there: Tending) -> None:
    """Before the first sign-in only what is declared is known."""
    partner = replace(PARTNER, expires=end_in(9).at)
    there.remote.account_facts = given(end_in(6))
    door, stopping = Door(there), asyncio.Event()
    made = PartnerLoop(partner, DECLARED, there.context(door.stand, stopping))
    assert made.state().ends == (end_in(9),)
    states = []
    there.loop.call_later(30, lambda: states.append(made.state()))
    there.loop.call_later(60, stopping.set)
    there.run(made.run())
    assert [(each.is_leader, each.ends) for each in (states[0], made.state())] == [
        (True, (end_in(6),)),
        (False, (end_in(6),)),
    ]
