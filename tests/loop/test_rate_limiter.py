"""The gate lets a call go at the pace of the shared log, waits when that is short, and minds a 429."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from controller.core.ratelimit import SLOW_LIST, window
from controller.edges.store import SqlStore, open_store
from controller.errors import Busy, StoreError
from controller.loop.rate_limiter import LONGEST_LIST_WAIT, RateLimiter
from controller.model.manifest import LIMITS, AppId, Bucket, Limit
from controller.model.ratelimit import CallRecord, Reservation
from controller.model.upstream import Upstream
from tests.clock import FakeClock
from tests.edges.call_log import call_log

ACCOUNT, HERE = "https://partner.gupshup.io account", Upstream("https://partner.gupshup.io#1")
APP, OTHER_APP = AppId("app-1"), AppId("app-2")


@pytest.fixture
def gate(store: SqlStore, clock: FakeClock) -> RateLimiter:
    gate = RateLimiter(store.calls, clock, account=ACCOUNT)
    gate.upstream = HERE
    return gate


async def call(
    gate: RateLimiter,
    bucket: Bucket,
    *,
    app_id: AppId | None = None,
    status: int = 200,
    retry_after: float | None = None,
    route: str = "GET /x",
) -> None:
    """Make one call that takes no time."""
    async with gate.call(bucket, app_id=app_id, route=route) as slot:
        slot.answered(status, retry_after)


async def test_a_call_goes_at_once_and_its_end_is_noted(
    gate: RateLimiter, store: SqlStore, clock: FakeClock
) -> None:
    before = clock.now()
    async with gate.call(Bucket.LINK, route="POST /link") as slot:
        clock.time += 2
        slot.answered(200)
    (stay,), _ = await call_log(store, HERE, "link")
    assert (stay.start, stay.end) == (before, before + 2)


async def test_a_listener_is_notified_of_each_call_that_was_sent(store: SqlStore, clock: FakeClock) -> None:
    """How long it waited, how long it took, and its answer; a call that was not sent is not reported."""
    heard: list[CallRecord] = []
    gate = RateLimiter(store.calls, clock, account=ACCOUNT, on_call=heard.append)
    for _ in range(10):
        async with gate.call(Bucket.LINK, route="link") as slot:
            clock.time += 0.5
            slot.answered(200)
    with pytest.raises(Busy):
        await call(gate, Bucket.LINK)
    clock.time += 55
    with pytest.raises(TimeoutError):
        async with gate.call(Bucket.LINK, route="link"):
            raise TimeoutError
    assert heard[0] == CallRecord(Bucket.LINK, "link", 0.0, 0.5, 200)
    assert len(heard) == 11
    assert heard[-1].waited == pytest.approx(2.5)
    assert heard[-1].status is None


async def test_a_short_wait_for_a_budget_is_waited_in_place(gate: RateLimiter, clock: FakeClock) -> None:
    before = clock.now()
    for _ in range(30):
        await call(gate, Bucket.OTHER)
    assert clock.now() - before == pytest.approx(2.4, abs=0.01)


async def test_a_long_wait_for_a_budget_raises_busy_with_its_end(gate: RateLimiter, clock: FakeClock) -> None:
    before = clock.now()
    for _ in range(10):
        await call(gate, Bucket.LINK)
    with pytest.raises(Busy, match="GET /x: not sent: the budget link is used up") as caught:
        await call(gate, Bucket.LINK)
    assert caught.value.until == pytest.approx(before + 62)
    assert clock.now() == before


async def test_the_longest_wait_of_a_rate_limiter_is_configurable(store: SqlStore, clock: FakeClock) -> None:
    gate = RateLimiter(
        store.calls, clock, account=ACCOUNT, limits={**LIMITS, Bucket.LINK: Limit(1, 60)}, patience=62
    )
    before = clock.now()
    for _ in range(3):
        await call(gate, Bucket.LINK)
    assert clock.now() - before == pytest.approx(124, abs=0.01)


async def test_an_apps_calls_count_for_the_app_and_for_the_partner(
    gate: RateLimiter, clock: FakeClock
) -> None:
    for _ in range(5):
        await call(gate, Bucket.SUBSCRIPTION, app_id=APP)
    with pytest.raises(Busy, match="the budget subscription:app-1 is used up"):
        await call(gate, Bucket.SUBSCRIPTION, app_id=APP)
    before = clock.now()
    for _ in range(5):
        await call(gate, Bucket.SUBSCRIPTION, app_id=OTHER_APP)
    assert clock.now() == before
    await call(gate, Bucket.OTHER)
    assert clock.now() - before == pytest.approx(1.2, abs=0.01)


async def test_a_login_counts_for_the_account_before_and_after_its_partner_is_known(
    gate: RateLimiter, store: SqlStore
) -> None:
    gate.upstream = None
    await call(gate, Bucket.LOGIN)
    await call(gate, Bucket.LINK)
    gate.upstream = HERE
    await call(gate, Bucket.LOGIN)
    await call(gate, Bucket.LINK)
    found = {
        (key, bucket): len((await call_log(store, key, bucket))[0])
        for key in (ACCOUNT, HERE)
        for bucket in ("login", "link")
    }
    assert found == {(ACCOUNT, "login"): 2, (HERE, "login"): 0, (ACCOUNT, "link"): 1, (HERE, "link"): 1}


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        pytest.param(None, 62, id="a window"),
        pytest.param(5.0, 62, id="a window at least"),
        pytest.param(120.0, 120, id="as long as it asks for"),
        pytest.param(1e9, 900, id="fifteen minutes at most"),
    ],
)
async def test_a_429_makes_its_budget_cool_down_for_a_window_or_retry_after(
    gate: RateLimiter, clock: FakeClock, retry_after: float | None, seconds: float
) -> None:
    await call(gate, Bucket.LINK, status=429, retry_after=retry_after)
    with pytest.raises(Busy) as caught:
        await call(gate, Bucket.LINK)
    assert caught.value.until == pytest.approx(clock.now() + seconds, rel=0, abs=1e-3)
    clock.time += seconds + 0.01
    await call(gate, Bucket.LINK)


async def test_a_429_makes_one_apps_budget_cool_down_and_no_others(
    gate: RateLimiter, clock: FakeClock
) -> None:
    before = clock.now()
    await call(gate, Bucket.SUBSCRIPTION, app_id=APP, status=429)
    await call(gate, Bucket.SUBSCRIPTION, app_id=OTHER_APP)
    await call(gate, Bucket.OTHER)
    assert clock.now() == before
    with pytest.raises(Busy):
        await call(gate, Bucket.SUBSCRIPTION, app_id=APP)


@pytest.mark.parametrize("bucket", Bucket)
async def test_a_429_makes_the_budget_of_any_kind_of_call_cool_down(
    gate: RateLimiter, clock: FakeClock, bucket: Bucket
) -> None:
    began = clock.now()
    await call(gate, bucket, app_id=APP, status=429)
    try:
        await call(gate, bucket, app_id=APP)
        goes = clock.now()
    except Busy as busy:
        goes = busy.until or began
    assert goes - began == pytest.approx(
        window(SLOW_LIST if bucket is Bucket.LIST else LIMITS[bucket]), abs=0.1
    )


@pytest.mark.parametrize("bucket", sorted(set(Bucket) - {Bucket.OTHER}))
async def test_a_429_makes_no_other_budget_cool_down(
    gate: RateLimiter, clock: FakeClock, bucket: Bucket
) -> None:
    began = clock.now()
    await call(gate, bucket, app_id=APP, status=429)
    for other in sorted(set(Bucket) - {bucket}):
        await call(gate, other, app_id=APP)
    assert clock.now() == began


async def test_a_list_is_fast_until_it_answers_429_and_slow_ever_after(
    gate: RateLimiter, store: SqlStore, clock: FakeClock
) -> None:
    before = clock.now()
    for _ in range(20):
        await call(gate, Bucket.LIST)
    assert clock.now() - before == pytest.approx(1.2, abs=0.01)
    clock.time += 100
    await call(gate, Bucket.LIST, status=429)
    again = RateLimiter(store.calls, clock, account=ACCOUNT)
    again.upstream = HERE
    before = clock.now()
    for _ in range(11):
        await call(again, Bucket.LIST)
    assert clock.now() - before == pytest.approx(124, abs=0.01), "a rest, ten calls, and a window"


async def test_a_list_call_does_not_wait_for_ever(gate: RateLimiter, clock: FakeClock) -> None:
    before = clock.now()
    await call(gate, Bucket.LIST, status=429, retry_after=LONGEST_LIST_WAIT + 10)
    with pytest.raises(Busy, match="the budget list"):
        await call(gate, Bucket.LIST)
    assert clock.now() == before


@dataclass
class Meanwhile(FakeClock):
    """A clock whose first sleep lets something else happen."""

    then: Callable[[], Awaitable[None]] | None = None

    async def sleep(self, seconds: float) -> None:
        self.time += seconds
        then, self.then = self.then, None
        if then is not None:
            await then()


@pytest.mark.parametrize(
    ("end", "waited", "gone"),
    [
        pytest.param(True, 2.4, True, id="they end meanwhile: a window later"),
        pytest.param(False, 2.4, False, id="they do not: until patience is over"),
    ],
)
async def test_unfinished_calls_count_in_their_budget(
    tmp_path: Path, *, end: bool, waited: float, gone: bool
) -> None:
    clock = Meanwhile()
    async with open_store(tmp_path / "s.db", clock, inline=True) as store, AsyncExitStack() as going_on:
        gate = RateLimiter(store.calls, clock, account=ACCOUNT)
        for _ in range(10):
            await going_on.enter_async_context(gate.call(Bucket.OTHER, route="GET /x"))
        clock.then = going_on.aclose if end else None
        before = clock.now()
        (answer,) = await asyncio.gather(call(gate, Bucket.OTHER), return_exceptions=True)
    assert clock.now() - before == pytest.approx(waited, abs=0.01)
    assert (answer is None) is gone
    assert gone or isinstance(answer, Busy)


async def test_a_call_that_fails_has_an_end_in_the_log(gate: RateLimiter, store: SqlStore) -> None:
    with pytest.raises(ValueError, match="lost"):
        async with gate.call(Bucket.LINK, route="POST /link"):
            raise ValueError("lost")
    (stay,), _ = await call_log(store, HERE, "link")
    assert stay.end is not None


async def test_a_call_that_is_cancelled_has_an_end_in_the_log(gate: RateLimiter, store: SqlStore) -> None:
    async def hang() -> None:
        async with gate.call(Bucket.LINK, route="POST /link"):
            await asyncio.Event().wait()

    task = asyncio.ensure_future(hang())
    for _ in range(20):
        await asyncio.sleep(0)
    assert [stay.end for stay in (await call_log(store, HERE, "link"))[0]] == [None]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [stay.end is None for stay in (await call_log(store, HERE, "link"))[0]] == [False]


@pytest.mark.parametrize("steps", range(1, 6))
async def test_a_call_cancelled_during_its_reservation_has_an_end_in_the_log(
    tmp_path: Path, clock: FakeClock, steps: int
) -> None:
    """In whatever step the cancellation falls, a call that the log holds has an end."""
    async with open_store(tmp_path / "state.db", clock) as store:
        gate = RateLimiter(store.calls, clock, account=ACCOUNT)
        task = asyncio.ensure_future(call(gate, Bucket.LINK))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        stays, _ = await call_log(store, ACCOUNT, "link")
    assert [stay for stay in stays if stay.end is None] == []


@dataclass
class Trip:
    """A trigger in the database that makes writes of one kind fail, as a bad disk would."""

    path: Path

    def on(self, event: str) -> None:
        with closing(sqlite3.connect(self.path)) as raw:
            raw.execute(f"CREATE TRIGGER trip BEFORE {event} BEGIN SELECT RAISE(ABORT, 'tripped'); END")


async def test_no_call_is_sent_while_the_log_cannot_be_written(gate: RateLimiter, store: SqlStore) -> None:
    Trip(Path(store.place)).on("INSERT ON calls")
    with pytest.raises(StoreError, match="tripped"):
        async with gate.call(Bucket.LINK, route="POST /link"):
            pytest.fail("sent without a reservation")


async def test_an_answer_is_not_lost_because_its_end_cannot_be_noted(
    gate: RateLimiter, store: SqlStore
) -> None:
    Trip(Path(store.place)).on("UPDATE ON calls")
    async with gate.call(Bucket.LINK, route="POST /link") as slot:
        slot.answered(429)
    assert [stay.end for stay in (await call_log(store, HERE, "link"))[0]] == [None]


@dataclass
class AlmostThere:
    """A log whose moment is nearer than a float of epoch seconds can tell."""

    clock: FakeClock
    opens: float

    async def reserve(self, *_: object, **__: object) -> Reservation | float:
        return Reservation(()) if self.clock.now() > self.opens else self.opens

    async def ended(self, *_: object) -> None: ...

    async def rest(self, *_: object) -> None: ...

    async def trait(self, *_: object) -> str | None: ...

    async def set_trait(self, *_: object) -> None: ...


async def test_a_wait_too_small_for_the_clock_still_ends(clock: FakeClock) -> None:
    gate = RateLimiter(AlmostThere(clock, opens=clock.now()), clock, account=ACCOUNT)
    await call(gate, Bucket.LINK)


async def test_simultaneous_callers_share_a_budget(gate: RateLimiter) -> None:
    answers = await asyncio.gather(*(call(gate, Bucket.OTHER) for _ in range(60)), return_exceptions=True)
    gone = sum(answer is None for answer in answers)
    assert 10 <= gone <= 40
    assert {type(answer) for answer in answers if answer is not None} <= {Busy}


@dataclass
class Full(AlmostThere):
    """A log without room for the first who asks, and with room for everybody after that."""

    asked: list[str] = field(default_factory=list)

    async def reserve(self, *_: object, **told: object) -> Reservation | float:
        self.asked.append(str(told["route"]))
        return Reservation(()) if len(self.asked) > 1 else self.opens


@pytest.mark.parametrize(
    ("first", "opens", "later", "asked"),
    [
        pytest.param(Bucket.OTHER, 1.0, Bucket.OTHER, ["first", "first", "later"], id="of one bucket"),
        pytest.param(
            Bucket.OTHER, 1.0, Bucket.PIPELINE, ["first", "first", "later"], id="of all, for what they share"
        ),
        pytest.param(
            Bucket.LIST,
            30.0,
            Bucket.OTHER,
            ["first", "later", "first"],
            id="but nobody waits for its own budget",
        ),
    ],
)
async def test_callers_are_let_through_in_the_order_of_arrival(
    first: Bucket, opens: float, later: Bucket, asked: list[str]
) -> None:
    clock, others = Meanwhile(), []
    log = Full(clock, opens=clock.now() + opens)
    gate = RateLimiter(log, clock, account=ACCOUNT)

    async def come() -> None:
        others.append(asyncio.ensure_future(call(gate, later, route="later")))
        for _ in range(9):
            await asyncio.sleep(0)

    clock.then = come
    await call(gate, first, route="first")
    await asyncio.gather(*others)
    assert log.asked == asked
