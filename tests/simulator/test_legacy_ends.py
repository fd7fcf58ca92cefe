"""The end of logins and app tokens, the flags of an account, and Gupshup's own clock."""

from email.utils import parsedate_to_datetime

import httpx
import pytest

from tests.simulator.pretend import START, Caller, said

GOOD = {"email": "partner@example.com", "password": "pretend-secret"}


async def login(caller: Caller, **changes: str) -> httpx.Response:
    return await caller.call("POST", "/partner/account/login", "", **{**GOOD, **changes})


@pytest.mark.parametrize("moment", ["100", str(START + 100), "2023-11-14T22:15:00+00:00"])
async def test_logins_end_at_a_moment_and_tokens_stay_good(moment: str) -> None:
    caller = Caller.switched(f"login-ends={moment}")
    assert (await login(caller)).status_code == 200
    caller.clock.time += 101

    assert said(await login(caller)) == (403, "Failed to authenticate")
    assert (await caller.call("GET", "/partner/app/list")).status_code == 200


@pytest.mark.parametrize("status", [403, 400, 404, 410])
async def test_the_answer_of_an_ended_login_and_app_token_is_a_switch(status: int) -> None:
    words = (f"login-ended={status}", f"app-tokens-ended={status}", "login-ends=0", "app-tokens-end=0")
    caller = Caller.switched(*words)
    app = await caller.linked()

    assert (await login(caller)).status_code == status
    assert (await caller.call("GET", f"/partner/app/{app}/token")).status_code == status


async def test_an_ended_app_token_opens_nothing_and_an_end_can_be_put_off() -> None:
    caller = Caller.switched("app-tokens-end=50")
    app = await caller.linked()
    assert (await caller.on_app("GET", app, "/subscription")).status_code == 200
    caller.clock.time += 51
    assert said(await caller.on_app("GET", app, "/subscription")) == (401, "Authentication Failed")

    await caller.control("account", {"appTokensEnd": "never", "loginEnds": 60})
    assert (await caller.on_app("GET", app, "/subscription")).status_code == 200
    shown = await caller.control("accounts")
    assert (shown["appTokensEnd"], shown["loginEnds"]) == (None, START + 60)


@pytest.mark.parametrize("value", ["soon", "-1", "inf", "nan"])
async def test_a_moment_that_is_none_is_explained(value: str) -> None:
    problem = (await Caller.of().control("account", {"loginEnds": value}))["error"]

    assert problem == "`loginEnds` must be never, a number of seconds, or a date"


async def test_a_login_tells_the_flags_of_the_account() -> None:
    caller = Caller.switched("terms=pending", "tech-provider=no", "admin=no")
    first = (await login(caller)).json()
    await caller.control("account", {"set": {"termsRead": True, "isTpp": True, "admin": True}})
    second = (await login(caller)).json()

    assert [first[name] for name in ("terms_read", "isTpp", "admin")] == [False, False, False]
    assert [second[name] for name in ("terms_read", "isTpp", "admin")] == [True, True, True]


async def test_a_rotated_secret_stops_at_once_or_after_a_while() -> None:
    caller = Caller.of()
    await caller.control("account", {"secret": "second", "oldSecretLives": 10})
    assert (await login(caller)).status_code == 200
    assert (await login(caller, password="second")).status_code == 200
    await caller.control("account", {"secret": "third"})
    caller.clock.time += 11

    statuses = [(await login(caller, password=each)).status_code for each in ("second", "third")]
    assert [(await login(caller)).status_code, *statuses] == [403, 403, 200]


async def test_a_client_secret_has_an_end() -> None:
    caller = Caller.of()
    await caller.control("account", {"secretEndsIn": 10})
    assert (await login(caller)).status_code == 200
    caller.clock.time += 10

    assert said(await login(caller)) == (403, "Failed to authenticate")
    await caller.control("account", {"secret": "second", "oldSecretLives": 100})
    assert (await login(caller)).status_code == 403
    assert (await caller.control("account", {"partner": "9"}))["error"].startswith("partner '9' does not")


@pytest.mark.parametrize("shift", [0, 7_200, -90_000])
async def test_the_date_is_gupshups_which_need_not_be_the_machines(shift: int) -> None:
    caller = Caller.switched(f"clock-shift={shift}")
    answer = await login(caller)

    assert parsedate_to_datetime(answer.headers["date"]).timestamp() == START + shift
    assert (await caller.control("state"))["now"] == START + shift


async def test_a_switch_takes_the_date_away() -> None:
    assert "date" not in (await login(Caller.switched("date=untold"))).headers
