"""Rate limits: every published figure a row, in real seconds, sliding."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

from controller.simulator.limits import LIMITS, CallLimit, LimitBucket, Windows
from tests.simulator.pretend import HOOK, Caller, said

TOO_MANY = (429, "Too Many Requests")
Call = Callable[[Caller, str], Awaitable[httpx.Response]]


def as_partner(method: str, path: str, **form: str) -> Call:
    return lambda caller, app: caller.call(method, path.replace("APP", app), **form)


def as_app(method: str, path: str, **form: str) -> Call:
    return lambda caller, app: caller.on_app(method, app, path, **form)


PUBLISHED = [
    pytest.param(as_partner("POST", "/partner/account/login"), 10, 60, id="login 10 a minute"),
    pytest.param(as_partner("POST", "/partner/tpp/app"), 10, 60, id="link 10 a minute"),
    pytest.param(as_partner("POST", "/partner/app"), 10, 60, id="create 10 a minute"),
    pytest.param(as_partner("GET", "/partner/app/APP/token"), 10, 60, id="app token 10 a minute"),
    pytest.param(as_app("GET", "/health"), 10, 60, id="health 10 a minute"),
    pytest.param(as_app("GET", "/subscription"), 5, 60, id="subscriptions 5 a minute"),
    pytest.param(as_app("DELETE", ""), 20, 60, id="delete 20 a minute"),
    pytest.param(as_app("PUT", "/callbackUrl"), 10, 60, id="callback URL 10 a minute"),
    pytest.param(as_app("PUT", "/callback/mode"), 10, 60, id="callback modes 10 a minute"),
    pytest.param(as_app("GET", "/pipeline"), 10, 1, id="pipeline 10 a second"),
    pytest.param(as_partner("GET", "/partner/app/list"), 10, 1, id="list 10 a second"),
    pytest.param(as_partner("GET", "/partner/account/api/partnerApps"), 10, 1, id="the old list 10 a second"),
    pytest.param(as_partner("GET", "/partner/app/APP/details"), 10, 1, id="details 10 a second"),
    pytest.param(as_partner("PUT", "/partner/app/APP"), 10, 1, id="update 10 a second"),
    pytest.param(as_partner("PUT", "/partner/app/APP/callback"), 10, 1, id="callback 10 a second"),
    pytest.param(as_app("GET", "/waba/info"), 10, 1, id="WABA info 10 a second"),
    pytest.param(as_partner("POST", "/partner/1368/auth/token"), 3, 60, id="universal token 3 a minute"),
    pytest.param(as_partner("POST", "/partner/app/APP/token"), 10, 60, id="universal app token 10 a minute"),
    pytest.param(as_partner("POST", "/partner/app/APP/token/revoke"), 10, 60, id="revocation 10 a minute"),
    pytest.param(as_partner("GET", "/partner/app/APP/tokens"), 30, 60, id="list of tokens 30 a minute"),
]


@pytest.mark.parametrize(("call", "calls", "window"), PUBLISHED)
async def test_one_call_past_a_limit_is_refused_until_a_window_has_passed(
    call: Call, calls: int, window: float
) -> None:
    caller = Caller.of()
    app = await caller.seeded(live=False, stage="stuck")
    gap = 0.11 if window > 1 else 0.0  # no burst that the overall 10/s would refuse
    for _ in range(calls):
        assert (await call(caller, app)).status_code != 429
        caller.clock.time += gap
        if caller.world.apps.get(app) is None:
            app = await caller.seeded(live=False, stage="stuck")

    assert said(await call(caller, app)) == TOO_MANY
    caller.clock.time += window - 0.01
    assert said(await call(caller, app)) == TOO_MANY
    caller.clock.time += 0.01
    assert (await call(caller, app)).status_code != 429


def test_every_limit_has_a_row() -> None:
    figures = {(limit.calls, limit.window) for limit in LIMITS.values()}

    assert figures <= {(10, 60), (10, 1), (5, 60), (20, 60), (3, 60), (30, 60)}
    assert len(PUBLISHED) >= len(LIMITS)


async def test_a_window_of_a_rate_limit_slides() -> None:
    windows, place = Windows(cooldown=False), LimitBucket("x", "y", CallLimit(2, 10))
    refused = [windows.admit([place], now) is not None for now in (0.0, 9.0, 9.5, 10.0, 18.9, 19.0)]

    assert refused == [False, False, True, False, True, False]


async def test_a_bucket_refuses_for_a_window_after_a_refusal() -> None:
    windows, place = Windows(), LimitBucket("x", "y", CallLimit(2, 10))
    refused = [windows.admit([place], now) is not None for now in (0.0, 9.0, 9.5, 10.0, 19.4, 19.5)]

    assert refused == [False, False, True, True, True, False]


async def test_subscription_calls_of_one_app_share_a_bucket() -> None:
    caller = Caller.of()
    one, two = await caller.seeded(), await caller.seeded(name="Another", phone="15550002222")
    await caller.subscribe(one)
    await caller.on_app("GET", one, "/subscription")
    await caller.on_app("GET", one, "/subscription/8166")
    await caller.on_app("PUT", one, "/subscription/8166", modes="SENT")
    await caller.on_app("DELETE", one, "/subscription/8166")

    assert said(await caller.on_app("GET", one, "/subscription")) == TOO_MANY
    assert said(await caller.on_app("GET", two, "/subscription"))[0] == 200


async def test_a_switch_gives_each_verb_its_own_bucket() -> None:
    caller = Caller.switched("subscription-bucket=per-verb")
    app = await caller.seeded()
    for _ in range(5):
        await caller.on_app("GET", app, "/subscription")

    assert (await caller.subscribe(app)).status_code == 200
    assert said(await caller.on_app("GET", app, "/subscription")) == TOO_MANY


@pytest.mark.parametrize(("switch", "refused"), [("also-overall", True), ("own-only", False)])
async def test_whether_calls_with_a_limit_per_app_count_overall_too_is_a_switch(
    switch: str,
    refused: bool,  # noqa: FBT001 - a table
) -> None:
    caller = Caller.switched(f"app-limits={switch}")
    apps = [await caller.seeded(name=f"Fleet{n:05}", phone=f"1555{n:07}") for n in range(11)]
    answers = [await caller.on_app("GET", app, "/subscription") for app in apps]

    assert (said(answers[-1]) == TOO_MANY) is refused


async def test_a_switch_limits_the_list_to_ten_a_minute() -> None:
    caller = Caller.switched("list-limit=10/min", "retry-after=seconds")
    for _ in range(10):
        caller.clock.time += 1
        assert (await caller.call("GET", "/partner/app/list")).status_code == 200
    refusal = await caller.call("GET", "/partner/app/list")

    assert said(refusal) == TOO_MANY
    assert refusal.headers["retry-after"] == "60"


@pytest.mark.parametrize(
    ("switch", "status", "others"), [("10/min", 429, 200), ("10/min-for-all", 429, 429), ("10/s", 200, 200)]
)
async def test_whether_waba_info_has_a_limit_of_its_own_is_a_switch(
    switch: str, status: int, others: int
) -> None:
    caller = Caller.switched(f"waba-limit={switch}")
    app, other = await caller.seeded(), await caller.seeded(name="OtherSupport")
    for _ in range(10):
        caller.clock.time += 1
        await caller.on_app("GET", app, "/waba/info")

    assert (await caller.on_app("GET", app, "/waba/info")).status_code == status
    assert (await caller.on_app("GET", other, "/waba/info")).status_code == others


async def test_no_retry_after_is_sent_by_default() -> None:
    caller = Caller.of()
    for _ in range(11):
        answer = await caller.call("GET", "/partner/app/list")

    assert answer.status_code == 429
    assert "retry-after" not in answer.headers


async def test_virtual_time_does_not_refill_a_bucket() -> None:
    caller = Caller.of()
    for _ in range(10):
        await caller.link(name="")
    await caller.control("advance", {"seconds": 3_600})

    assert said(await caller.link()) == TOO_MANY


async def test_a_refused_call_has_no_effect_and_counts_in_the_worst_window() -> None:
    caller = Caller.of()
    assert (await caller.control("worst")) == {"exceeded": False, "buckets": []}
    for number in range(12):
        await caller.link(name=f"Fleet{number:05}", phone=f"1555{number:07}", callbackUrl=HOOK)
    worst = await caller.control("worst")
    link = next(each for each in worst["buckets"] if each["bucket"] == "link")

    assert len(caller.world.apps.by_id) == 10
    assert worst["exceeded"] is True
    assert (link["calls"], link["refused"], link["owner"]) == (12, 2, "1368")


async def test_unknown_callers_share_a_bucket_so_that_memory_stays_bounded() -> None:
    caller = Caller.of()
    for number in range(30):
        form = {"secret": "x", "email": f"nobody{number}@example.com"}
        await caller.call("POST", "/partner/account/login", "", **form)

    assert [each.owner for each in caller.world.windows.worst()] == ["unknown"]


async def test_a_switch_makes_every_limit_larger() -> None:
    caller = Caller.switched("limits-times=2")
    app = await caller.seeded()
    answers = [(await caller.on_app("GET", app, "/subscription")).status_code for _ in range(11)]
    assert answers == [200] * 10 + [429]
