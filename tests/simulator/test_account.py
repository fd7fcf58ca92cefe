"""Logging in and tokens: what the pages publish, a row each."""

import base64
import json

import pytest

from tests.simulator.pretend import START, Caller, said

GOOD = {"email": "partner@example.com", "password": "pretend-secret"}


@pytest.mark.parametrize(
    ("form", "answer"),
    [
        pytest.param(
            {**GOOD, "email": "x@y.z"}, (403, "Account Does not exist"), id="nobody has this e-mail"
        ),
        pytest.param({**GOOD, "password": "no"}, (403, "Failed to authenticate"), id="the secret is wrong"),
        pytest.param({"email": GOOD["email"]}, (400, "Unauthorised Access"), id="the secret is missing"),
        pytest.param(
            {"password": GOOD["password"]}, (400, "Unauthorised Access"), id="the e-mail is missing"
        ),
    ],
)
async def test_a_login_is_refused_by_its_form(form: dict[str, str], answer: tuple[int, str]) -> None:
    assert said(await Caller.of().call("POST", "/partner/account/login", "", **form)) == answer


@pytest.mark.parametrize("field", ["password", "secret"])
async def test_a_login_takes_the_secret_under_either_name(field: str) -> None:
    form = {"email": GOOD["email"], field: GOOD["password"]}
    answer = await Caller.of().call("POST", "/partner/account/login", "", **form)

    claims = json.loads(base64.urlsafe_b64decode(answer.json()["token"].split(".")[1] + "=="))
    assert answer.status_code == 200
    assert answer.json()["isTpp"] is True
    assert claims["exp"] - claims["iat"] == 86_400


@pytest.mark.parametrize(("terms", "read"), [("accepted", True), ("pending", False)])
async def test_a_login_says_whether_the_terms_are_accepted(terms: str, *, read: bool) -> None:
    answer = await Caller.switched(f"terms={terms}").call("POST", "/partner/account/login", "", **GOOD)
    assert answer.json()["terms_read"] is read


async def test_a_json_body_is_not_understood() -> None:
    answer = await Caller.of().http.post("/partner/account/login", json=GOOD)

    assert said(answer) == (400, "Unauthorised Access")


@pytest.mark.parametrize("form", ["Authorization: {}", "Authorization: Bearer {}", "token: {}"])
async def test_a_token_is_taken_in_either_header(form: str) -> None:
    caller = Caller.of()
    name, _, value = form.format(caller.partner_token).partition(": ")

    assert (await caller.http.get("/partner/app/list", headers={name: value})).status_code == 200


@pytest.mark.parametrize(
    ("accepted", "header", "status"),
    [("authorization", "token", 401), ("token", "Authorization", 401), ("token", "token", 200)],
)
async def test_a_switch_takes_one_header_alone(accepted: str, header: str, status: int) -> None:
    caller = Caller.switched(f"header={accepted}")
    answer = await caller.http.get("/partner/app/list", headers={header: caller.partner_token})

    assert answer.status_code == status


async def test_a_partner_token_lasts_a_day() -> None:
    caller = Caller.of()
    caller.clock.time = START + 86_399
    assert (await caller.call("GET", "/partner/app/list")).status_code == 200
    caller.clock.time = START + 86_401

    assert said(await caller.call("GET", "/partner/app/list")) == (401, "Unauthorized Access")


async def test_revoked_partner_tokens_are_worthless_and_new_ones_are_not() -> None:
    caller = Caller.of()
    await caller.control("drift", {"revokePartnerTokens": True})
    assert (await caller.call("GET", "/partner/app/list")).status_code == 401

    caller.partner_token = (await caller.call("POST", "/partner/account/login", "", **GOOD)).json()["token"]
    assert (await caller.call("GET", "/partner/app/list")).status_code == 200


DENIED = [
    pytest.param("GET", "/token", (403, "Invalid Access Token"), id="app token"),
    pytest.param("GET", "/details", (401, "Unauthorized Access"), id="details"),
    pytest.param("GET", "/pipeline", (400, "Please review the request parameters and retry"), id="pipeline"),
    pytest.param("GET", "/subscription", (401, "Authentication Failed"), id="subscriptions"),
    pytest.param("DELETE", "/subscription", (401, "Authentication Failed"), id="all subscriptions"),
    pytest.param("PUT", "", (401, "Unauthorized Access"), id="update"),
    pytest.param("DELETE", "", (401, "Unauthorized Access"), id="delete"),
]


@pytest.mark.parametrize(("method", "path", "answer"), DENIED)
@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c", "sk_00000000000000000000000000000000"])
async def test_a_bad_token_is_refused_in_the_words_of_each_page(
    method: str, path: str, answer: tuple[int, str], token: str
) -> None:
    caller = Caller.of()
    app = await caller.linked()

    assert said(await caller.call(method, f"/partner/app/{app}{path}", token)) == answer


NO_PERMISSION = "You do not have the required permissions to access this API"
FOREIGN = [
    pytest.param("GET", "/token", (403, NO_PERMISSION), id="app token"),
    pytest.param("GET", "/details", (403, "Unauthorized Access"), id="details"),
    pytest.param("PUT", "", (403, "Unauthorized Access"), id="update"),
]


@pytest.mark.parametrize(("method", "path", "answer"), FOREIGN)
async def test_a_strangers_app_and_an_unknown_one_are_out_of_reach(
    method: str, path: str, answer: tuple[int, str]
) -> None:
    caller = Caller.of()
    theirs = await caller.seeded(partner="stranger")

    for app in (theirs, "00000000-0000-4000-8000-000000000000"):
        assert said(await caller.call(method, f"/partner/app/{app}{path}")) == answer


FOREIGN_TOKEN = [
    pytest.param("GET", "/subscription", (401, "Authentication Failed"), id="subscriptions"),
    pytest.param("PUT", "/subscription/8166", (400, "API key is not associated with partner"), id="change"),
    pytest.param(
        "DELETE", "/subscription/8166", (400, "API key is not associated with partner"), id="remove"
    ),
    pytest.param("DELETE", "/subscription", (403, "Unauthorized Access"), id="remove all"),
    pytest.param("GET", "/pipeline", (400, "Please review the request parameters and retry"), id="pipeline"),
    pytest.param("GET", "/health", (400, "Authentication Failed"), id="health"),
]


@pytest.mark.parametrize(("method", "path", "answer"), FOREIGN_TOKEN)
async def test_one_apps_token_does_not_open_another(method: str, path: str, answer: tuple[int, str]) -> None:
    caller = Caller.of()
    mine = await caller.linked()
    other = await caller.seeded()
    token = caller.world.tokens.app_token(caller.world.apps.by_id[other])

    assert said(await caller.call(method, f"/partner/app/{mine}{path}", token)) == answer


async def test_an_app_token_is_the_same_each_time_until_it_is_rotated() -> None:
    caller = Caller.of()
    app = await caller.linked()
    path = f"/partner/app/{app}/token"
    first, again = [(await caller.call("GET", path)).json()["token"] for _ in range(2)]
    await caller.control("drift", {"app": app, "rotateToken": True})
    rotated = (await caller.call("GET", path + "/")).json()["token"]

    assert first == again
    assert first["token"].startswith("sk_")
    assert first["token"] != rotated["token"]
    assert said(await caller.call("GET", f"/partner/app/{app}/subscription", first["token"]))[0] == 401
    assert said(await caller.call("GET", f"/partner/app/{app}/subscription", rotated["token"]))[0] == 200


@pytest.mark.parametrize(("switch", "first_lasts"), [("existing", True), ("masked", True), ("new", False)])
async def test_what_a_second_request_for_an_app_token_gets_is_a_switch(
    switch: str,
    first_lasts: bool,  # noqa: FBT001 - a table
) -> None:
    caller = Caller.switched(f"app-token-again={switch}")
    app = await caller.linked()
    path = f"/partner/app/{app}"
    first, second = [(await caller.call("GET", path + "/token")).json()["token"]["token"] for _ in range(2)]

    assert (first == second, "*" in second) == (switch == "existing", switch == "masked")
    assert ((await caller.call("GET", path + "/subscription", first)).status_code == 200) is first_lasts
    assert ((await caller.call("GET", path + "/subscription", second)).status_code == 200) is (
        switch != "masked"
    )


async def test_the_app_token_is_flat_by_a_switch() -> None:
    caller = Caller.switched("app-token-body=flat")
    app = await caller.linked()
    body = (await caller.call("GET", f"/partner/app/{app}/token")).json()

    assert set(body) == {"name", "terms_read", "token"}
    assert body["token"].startswith("sk_")


@pytest.mark.parametrize(("switch", "status"), [("no", 400), ("yes", 200)])
async def test_whether_a_partner_token_opens_the_pipeline_is_a_switch(switch: str, status: int) -> None:
    caller = Caller.switched(f"partner-token-everywhere={switch}")
    app = await caller.linked()

    assert (await caller.call("GET", f"/partner/app/{app}/pipeline")).status_code == status
