"""The log of calls holds one pace for all its processes, whatever their clocks do and however they end."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from controller.edges.clock import SystemClock
from controller.edges.store import SqlStore, open_store
from controller.model.manifest import AppId, Limit
from controller.model.ratelimit import LONGEST_COOL_DOWN, Budget, CallSpan, Reservation
from tests.builders.upstream import HERE, THEM
from tests.clock import FakeClock
from tests.edges.call_log import call_log
from tests.edges.engines import Engine

LINK, OTHER = Budget("link", Limit(2, 60)), Budget("other", Limit(3, 1))


def rule(stays: Sequence[CallSpan], now: float, limit: Limit, rest_until: float) -> float:
    """Count a call for one window from its start: plainer than the real rule, and enough here."""
    counted = sorted(stay.start + limit.seconds for stay in stays if stay.start + limit.seconds > now)
    moment = counted[len(counted) - limit.calls] if len(counted) >= limit.calls else now
    return max(moment, rest_until)


def about(moment: float) -> object:
    """Return what equals *moment*, give or take what a call to a store takes."""
    return pytest.approx(moment, rel=0, abs=0.001)


async def ask(store: SqlStore, *budgets: Budget, upstream: str = HERE) -> Reservation | float:
    return await store.calls.reserve(upstream, budgets or (LINK,), rule=rule, route="POST /link")


async def test_a_call_is_reserved_until_the_budget_is_used_up(store: SqlStore, clock: FakeClock) -> None:
    for _ in range(2):
        assert isinstance(await ask(store), Reservation)
        clock.time += 10
    assert await ask(store) == about(clock.now() + 40)
    assert isinstance(await ask(store, upstream=THEM), Reservation)
    clock.time += 40
    assert isinstance(await ask(store), Reservation)


async def test_a_call_counts_in_all_its_budgets_or_in_none(store: SqlStore, clock: FakeClock) -> None:
    for _ in range(2):
        assert isinstance(await ask(store, LINK, OTHER), Reservation)
    for _ in range(3):
        assert isinstance(await ask(store, LINK, OTHER), float)
    assert isinstance(await ask(store, OTHER), Reservation)
    assert await ask(store, LINK, OTHER) == about(clock.now() + 60), "the later of the two"


async def test_the_end_of_a_call_is_stored_with_it(store: SqlStore, clock: FakeClock) -> None:
    start = clock.now()
    reservation = await ask(store, LINK, OTHER)
    assert isinstance(reservation, Reservation)
    clock.time += 2
    await store.calls.ended(reservation, 200)
    for budget in (LINK, OTHER):
        assert await call_log(store, HERE, budget.key) == ((CallSpan(start, start + 2),), 0.0)


async def test_a_longer_cool_down_replaces_a_shorter_one(store: SqlStore, clock: FakeClock) -> None:
    await store.calls.rest(HERE, "link", clock.now() + 90)
    await store.calls.rest(HERE, "link", clock.now() + 62)
    assert await ask(store) == about(clock.now() + 90)
    assert await call_log(store, HERE, "link") == ((), clock.now() + 90)
    assert isinstance(await ask(store, OTHER), Reservation)
    clock.time += 90
    assert isinstance(await ask(store), Reservation)


async def test_a_trait_is_stored_for_its_upstream(store: SqlStore) -> None:
    assert await store.calls.trait(HERE, "slow list") is None
    await store.calls.set_trait(HERE, "slow list", "429")
    await store.calls.set_trait(HERE, "slow list", "yes")
    assert await store.calls.trait(HERE, "slow list") == "yes"
    assert await store.calls.trait(THEM, "slow list") is None


async def test_old_calls_are_deleted_from_the_log(store: SqlStore, clock: FakeClock) -> None:
    """A budget keeps what can still count; budgets nobody asks for any more go after a day."""
    await ask(store, Budget("token:gone", Limit(10, 60)))
    for _ in range(50):
        assert isinstance(await ask(store), Reservation)
        clock.time += 30
    assert len((await call_log(store, HERE, "link"))[0]) < 12
    clock.time += 86_400
    await ask(store)
    assert (await call_log(store, HERE, "token:gone"))[0] == ()


async def test_a_call_whose_end_never_came_is_kept_as_long_as_it_can_count(
    store: SqlStore, clock: FakeClock
) -> None:
    await ask(store)
    clock.time += 122
    await ask(store)
    assert len((await call_log(store, HERE, "link"))[0]) == 2


async def test_a_clock_set_back_exceeds_no_budget_and_waits_no_longer_than_needed(
    engine: Engine, store: SqlStore, clock: FakeClock
) -> None:
    """What then lies in the future counts from now on, for one window."""
    await ask(store)
    await ask(store)
    await store.calls.rest(HERE, "other", clock.now() + 60)
    clock.time -= 3_600
    async with engine.open() as after:
        assert await ask(after) == about(clock.now() + 60)
        rest = 60 if engine.kind == "sqlite" else LONGEST_COOL_DOWN
        assert await ask(after, OTHER) == about(clock.now() + rest)
        clock.time += 60
        assert isinstance(await ask(after), Reservation)


@pytest.mark.parametrize("step", [3_600, -3_600], ids=["set forward", "set back"])
async def test_processes_share_budgets_although_a_wall_clock_was_set(engine: Engine, step: float) -> None:
    """On SQLite those of one machine, on PostgreSQL those of any."""
    first, boots = engine.clock, "b1" if engine.kind == "sqlite" else ""
    first.boot = boots
    async with engine.open() as store:
        await ask(store)
        await ask(store)
        second = FakeClock(boot=boots, offset=step)
        async with engine.open(second) as other:
            assert await ask(other) == about(second.now() + 60)
            assert await ask(store) == about(first.now() + 60)
            await other.calls.rest(HERE, "other", second.now() + 30)
        assert await ask(store, OTHER) == about(first.now() + 30)


@pytest.mark.parametrize("wall", [0, -3_600, 3 * 86_400], ids=["right", "slow", "fast"])
async def test_after_a_reboot_budgets_continue_as_if_no_time_had_passed(tmp_path: Path, wall: float) -> None:
    first = FakeClock(boot="b1")
    async with open_store(tmp_path / "state.db", first, inline=True) as store:
        await ask(store)
        first.time += 20
        await ask(store)
        await store.calls.rest(HERE, "other", first.now() + 30)
    second = FakeClock(boot="b2", offset=wall, time=first.time)
    async with open_store(tmp_path / "state.db", second, inline=True) as store:
        assert await ask(store) == about(second.now() + 40)
        assert await ask(store, OTHER) == about(second.now() + 30)


async def test_a_cancelled_reservation_is_still_made(engine: Engine) -> None:
    async with open_store(engine.location, engine.clock) as store:
        before = threading.Event()
        first = asyncio.ensure_future(store._database.read(lambda _: before.wait()))
        asked = asyncio.ensure_future(ask(store))
        await asyncio.sleep(0)
        asked.cancel()
        before.set()
        with pytest.raises(asyncio.CancelledError):
            await asked
        await first
        assert len((await call_log(store, HERE, "link"))[0]) == 1


async def test_two_simultaneous_reservations_never_both_succeed(engine: Engine) -> None:
    async with (
        open_store(engine.location, engine.clock) as one,
        open_store(engine.location, engine.clock) as two,
    ):
        spends = [store.spent.spend(HERE, str(n)) for n in range(40) for store in (one, two)]
        assert sum(await asyncio.gather(*spends)) == 40


CALLER = """
import asyncio, sys
from controller.core.ratelimit import earliest
from controller.edges.clock import SystemClock
from controller.edges.store import open_store
from controller.model.manifest import AppId, Limit
from controller.model.ratelimit import Budget, Reservation

async def main():
    store = open_store(sys.argv[1], SystemClock())
    for _ in range(int(sys.argv[2])):
        answer = await store.calls.reserve("u", (Budget("link", Limit(10, 60)),), rule=earliest, route="r")
        print("go" if isinstance(answer, Reservation) else "wait", flush=True)
    sys.stdin.read()

asyncio.run(main())
"""


def caller(location: str, times: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", CALLER, location, str(times)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_processes_at_once_share_one_budget(engine: Engine) -> None:
    callers = [caller(engine.real, 12) for _ in range(2)]
    said = "".join(process.communicate()[0] for process in callers)
    assert said.count("go\n") == 10
    assert said.count("wait\n") == 14


async def test_a_process_that_is_killed_leaves_its_calls_behind(engine: Engine) -> None:
    with caller(engine.real, 8) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(8)] == ["go\n"] * 8
        os.kill(process.pid, signal.SIGKILL)
    async with open_store(engine.real, SystemClock()) as store:
        stays, _ = await call_log(store, "u", "link")
    assert [stay.end for stay in stays] == [None] * 8


async def test_the_calls_of_one_app_are_listed_with_those_of_the_account(
    store: SqlStore, clock: FakeClock
) -> None:
    """Not those of another app, or of another account; and not once more in the budget that all count in."""
    begun = clock.now()
    for key in ("subscription:app-1", "subscription:other-app-1", "link"):
        await ask(store, Budget(key, Limit(9, 60)), Budget("other", Limit(9, 60)))
        clock.time += 10
    await ask(store, LINK, upstream=THEM)
    await store.calls.rest(HERE, "link", clock.now() + 60)
    found = await store.calls.of_app(HERE, AppId("app-1"))
    assert [(each.budget, each.at, each.ended, each.status) for each in found] == [
        ("link", about(begun + 20), None, None),
        ("subscription:app-1", about(begun), None, None),
    ]
    assert await store.calls.of_app(HERE, AppId("app-1"), limit=1) == found[:1]
    assert await store.calls.resting(HERE) == {"link": about(begun + 90)}
    assert await store.calls.resting(THEM) == {}
