"""Universal tokens: minted with the client secret, shown once, three at most, good for almost everything."""

import base64
import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.simulator.pretend import START, Caller, said

MINT = {"email": "partner@example.com", "clientSecret": "pretend-secret", "name": "ci"}
PATH = "/partner/1368/auth/token"
RETRY = "Unauthorised access to the resource. Please review request parameters and headers and retry"
DAY = 86_400


async def mint(caller: Caller, token: str = "", **changes: str) -> httpx.Response:
    return await caller.call("POST", PATH, token, **{**MINT, **changes})


async def universal(caller: Caller, **changes: str) -> str:
    """Mint a token and return the header that carries it."""
    return f"Bearer {(await mint(caller, **changes)).json()['token']['token']}"


async def universal_app(caller: Caller, app: str, token: str, **form: str) -> str:
    answer = await caller.call("POST", f"/partner/app/{app}/token", token, **form)
    return f"Bearer {answer.json()['token']['token']}"


def claims(text: str) -> dict[str, Any]:
    middle = text.removeprefix("Bearer ").split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(middle + "=="))
    return found


async def names(caller: Caller, token: str, **query: str) -> list[str]:
    answer = await caller.call("GET", f"{PATH}s", token, **query)
    return [row["name"] for row in answer.json()]


async def test_a_mint_needs_no_token_and_shows_the_jwt_once() -> None:
    caller = Caller.of()
    answer = (await mint(caller)).json()["token"]
    rows = (await caller.call("GET", f"{PATH}s", f"Bearer {answer['token']}")).json()
    shown = claims(answer["token"])

    assert shown["exp"] - shown["iat"] == 60 * DAY
    assert "payload" not in shown
    assert rows == [
        {
            "id": answer["id"],
            "name": "ci",
            "createdByEmail": MINT["email"],
            "createdOn": int(START * 1000),
            "expiredOn": int((START + 60 * DAY) * 1000),
            "revokedOn": None,
            "status": "ACTIVE",
        }
    ]


async def test_the_form_of_a_mints_answer_and_its_claims_are_switches() -> None:
    caller = Caller.switched("mint-answer=flat", "universal-claims=partner")
    answer = (await mint(caller)).json()

    assert set(answer) == {"status", "token", "id"}
    assert json.loads(claims(answer["token"])["payload"])["id"] == 1368


async def test_a_mail_is_sent_at_each_mint_and_revocation_that_happened() -> None:
    caller = Caller.of()
    app = await caller.linked()
    token = await universal(caller)
    await mint(caller)
    await universal_app(caller, app, token, name="no mail")
    await caller.call("POST", "/partner/1368/auth/revoke", token, name="ci")
    (account,) = (await caller.control("accounts"))["accounts"]

    assert [(mail["to"], mail["subject"], mail["at"]) for mail in account["mails"]] == [
        (MINT["email"], "A universal token was created: ci", START),
        (MINT["email"], "A universal token was revoked: ci", START),
    ]
    assert [row["name"] for row in account["universalTokens"]] == ["ci"]


@pytest.mark.parametrize(
    ("form", "answer"),
    [
        pytest.param({"email": "x@y.z"}, (401, RETRY), id="another e-mail"),
        pytest.param({"clientSecret": "no"}, (401, RETRY), id="a wrong secret"),
        pytest.param({"name": ""}, (400, None), id="no name"),
        pytest.param({"name": "a"}, (400, "Token name already in use"), id="a name in use"),
        pytest.param({"expiry": "soon"}, (400, None), id="an expiry that is no number"),
        pytest.param({"expiry": str(int((START + 50) * 1000))}, (400, None), id="an expiry too near"),
        pytest.param({"expiry": str(int((START + 61 * DAY) * 1000))}, (400, None), id="one too far"),
        pytest.param({"expiry": str(int((START + 62) * 1000))}, (200, "success"), id="the nearest expiry"),
    ],
)
async def test_a_mint_is_refused_by_its_form(form: dict[str, str], answer: tuple[int, str | None]) -> None:
    caller = Caller.of()
    await universal(caller, name="a")
    status, words = said(await mint(caller, **form))

    assert (status, words if answer[1] else None) == answer


async def test_a_name_means_the_active_token_of_that_name() -> None:
    caller = Caller.of()
    await universal(caller, name="a", expiry=str(int((START + 100) * 1000)))
    caller.clock.time += 101
    token = await universal(caller, name="a")
    await caller.call("POST", "/partner/1368/auth/revoke", token, name="a")
    other = await universal(caller, name="b")
    rows = (await caller.call("GET", f"{PATH}s", other)).json()

    assert [row["status"] for row in rows] == ["ACTIVE", "REVOKED", "EXPIRED"]


async def test_mints_at_a_wrong_path_count_for_the_account_of_the_form() -> None:
    caller = Caller.of()
    for _ in range(3):
        await caller.call("POST", "/partner/99/auth/token", "", **MINT)

    assert (await mint(caller)).status_code == 429


async def test_another_partners_path_is_refused() -> None:
    caller = Caller.of()
    token = await universal(caller)
    listed = await caller.call("GET", "/partner/99/auth/tokens", token)
    revoked = await caller.call("POST", "/partner/99/auth/revoke", token, name="ci")

    assert (await caller.call("POST", "/partner/99/auth/token", "", **MINT)).status_code == 401
    assert said(listed) == said(revoked) == (403, "Forbidden Access")
    (account,) = caller.world.partners.values()
    caller.world.partners["99"] = replace(account, id="99", email="other@example.com")
    assert said(await caller.call("GET", "/partner/99/auth/tokens", token)) == (403, "Forbidden Access")


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ((), (409, "Maximum number of active tokens reached")),
        (("fourth-token=400", "fourth-token-text=Too many"), (400, "Too many")),
    ],
)
async def test_three_tokens_may_be_active(words: tuple[str, ...], answer: tuple[int, str]) -> None:
    caller = Caller.switched(*words)
    for name in ("a", "b", "c"):
        assert (await mint(caller, name=name)).status_code == 200
    caller.clock.time += 61

    assert said(await mint(caller, name="d")) == answer


async def test_a_name_and_a_place_are_free_again_after_a_revocation_and_an_expiry() -> None:
    caller = Caller.of()
    short = str(int((START + 100) * 1000))
    await universal(caller, name="a", expiry=short)
    await universal(caller, name="b")
    token = await universal(caller, name="c")
    caller.clock.time += 101
    assert (await mint(caller, name="a")).status_code == 200
    await caller.call("POST", "/partner/1368/auth/revoke", token, name="b")

    assert (await mint(caller, name="b")).status_code == 200


async def test_three_mints_a_minute_are_all_whoever_asks() -> None:
    caller = Caller.of()
    answers = [(await mint(caller, clientSecret="no")).status_code for _ in range(4)]

    assert answers == [401, 401, 401, 429]


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("minting=no",), 403),
        (("admin=no",), 403),
        (("minting=no", "mint-refused=400"), 400),
        (("minting=no", "mint-refused=401"), 401),
    ],
)
async def test_only_an_admin_of_a_partner_that_may_mint_mints(words: tuple[str, ...], status: int) -> None:
    assert (await mint(Caller.switched(*words))).status_code == status


async def test_the_list_is_newest_first_and_narrowed_by_status_and_name() -> None:
    caller = Caller.of()
    await universal(caller, name="a")
    caller.clock.time += 1
    token = await universal(caller, name="b")
    await caller.call("POST", "/partner/1368/auth/revoke", token, name="a")

    assert await names(caller, token) == ["b", "a"]
    assert await names(caller, token, status="ACTIVE") == ["b"]
    assert await names(caller, token, status="REVOKED", name="a") == ["a"]
    assert await names(caller, token, name="x") == []


@pytest.mark.parametrize("kind", ["partner", "app", "universal app", "none"])
async def test_only_a_universal_token_lists_and_revokes(kind: str) -> None:
    caller = Caller.of()
    app = await caller.linked()
    token = await universal(caller)
    record = caller.world.apps.by_id[app]
    tokens = {
        "partner": caller.partner_token,
        "app": caller.world.tokens.app_token(record),
        "universal app": await universal_app(caller, app, token, name="a"),
        "none": "",
    }
    listed = await caller.call("GET", f"{PATH}s", tokens[kind])
    revoked = await caller.call("POST", "/partner/1368/auth/revoke", tokens[kind], name="ci")
    minted = await caller.call("POST", f"/partner/app/{app}/token", tokens[kind], name="b")

    assert said(listed) == said(revoked) == said(minted) == (401, RETRY)


async def test_a_token_is_revoked_by_exactly_one_of_id_name_and_text() -> None:
    caller = Caller.of()
    first = (await mint(caller, name="a")).json()["token"]
    second = (await mint(caller, name="b")).json()["token"]
    third = await universal(caller, name="c")

    async def revoke(**form: str) -> httpx.Response:
        return await caller.call("POST", "/partner/1368/auth/revoke", third, **form)

    refused = [await revoke(), await revoke(id=first["id"], name="a"), await revoke(id="", token="")]
    assert {said(each) for each in refused} == {(400, "supply exactly one of id, token, name")}
    assert (await revoke(id=first["id"])).json() == {"status": "success", "scope": "id"}
    assert (await revoke(token=second["token"])).json() == {"status": "success", "scope": "jti"}
    assert (await revoke(name="nobody")).status_code == 400
    assert (await caller.call("GET", "/partner/app/list", f"Bearer {first['token']}")).status_code == 401
    assert (await revoke(token=third)).json()["scope"] == "jti"
    assert (await caller.call("GET", f"{PATH}s", third)).status_code == 401


@pytest.mark.parametrize("status", [400, 404, 200])
async def test_the_revocation_of_a_missing_token_is_a_switch(status: int) -> None:
    caller = Caller.switched(f"missing-token={status}")
    token = await universal(caller)
    answer = await caller.call("POST", "/partner/1368/auth/revoke", token, name="nobody")

    assert answer.status_code == status
    assert (
        await caller.call("POST", "/partner/1368/auth/revoke", token, token="a.b.c")
    ).status_code == status


async def test_a_universal_token_opens_everything_for_sixty_days() -> None:
    caller = Caller.of()
    app = await caller.linked()
    token = await universal(caller)

    assert (await caller.call("GET", "/partner/app/list", token)).status_code == 200
    assert (await caller.call("GET", f"/partner/app/{app}/pipeline", token)).status_code == 200
    caller.clock.time += 61 * DAY
    assert (await caller.call("GET", "/partner/app/list", token)).status_code == 401


@pytest.mark.parametrize(
    ("switch", "read", "write"),
    [("yes", 200, 200), ("some", 200, 401), ("no", 401, 401), ("no-subscriptions", 401, 401)],
)
async def test_whether_a_universal_token_opens_the_routes_of_an_app_is_a_switch(
    switch: str, read: int, write: int
) -> None:
    caller = Caller.switched(f"universal-on-apps={switch}")
    app = await caller.seeded()
    token = await universal(caller)
    path = f"/partner/app/{app}/subscription"
    form = {"modes": "SENT", "tag": "a", "url": "https://hooks.example.com", "version": "2"}

    assert (await caller.call("GET", path, token)).status_code == read
    assert (await caller.call("POST", path, token, **form)).status_code == write
    stages = await caller.call("GET", f"/partner/app/{app}/pipeline", token)
    assert stages.status_code == (400 if switch == "no" else 200)
    own = await universal_app(caller, app, token, name="a")
    assert (await caller.call("POST", path, own, **{**form, "tag": "b"})).status_code == 200


@pytest.mark.parametrize(
    ("switch", "bare", "legacy_with_bearer"),
    [("universal", 401, 200), ("any", 200, 200), ("strict", 401, 401)],
)
async def test_which_tokens_need_the_word_bearer_is_a_switch(
    switch: str, bare: int, legacy_with_bearer: int
) -> None:
    caller = Caller.switched(f"bearer={switch}")
    token = await universal(caller)
    header = {"token": token.removeprefix("Bearer ")}

    assert (await caller.call("GET", "/partner/app/list", token)).status_code == 200
    assert (await caller.call("GET", "/partner/app/list", header["token"])).status_code == bare
    assert (await caller.http.get("/partner/app/list", headers=header)).status_code == bare
    assert (await caller.http.get("/partner/app/list", headers={"token": token})).status_code == 200
    legacy = await caller.call("GET", "/partner/app/list", f"Bearer {caller.partner_token}")
    assert legacy.status_code == legacy_with_bearer
    revoke = await caller.call("POST", "/partner/1368/auth/revoke", header["token"], name="ci")
    assert revoke.status_code == 200


async def test_a_universal_token_outlives_its_client_secret() -> None:
    caller = Caller.of()
    token = await universal(caller)
    await caller.control("account", {"secret": "another", "oldSecretLives": 10})
    assert (await mint(caller, name="new", clientSecret="another")).status_code == 200
    assert (await mint(caller, name="old")).status_code == 200
    caller.clock.time += 61

    assert (await mint(caller, name="older")).status_code == 401
    assert (await caller.call("GET", "/partner/app/list", token)).status_code == 200


async def test_people_make_and_revoke_tokens_in_the_portal() -> None:
    caller = Caller.of()
    body = {"universalTokens": [{"name": "by-hand", "seconds": 10}, {"name": "other"}]}
    texts = (await caller.control("account", body))["tokens"]
    await caller.control("account", {"revoke": ["other"]})

    reach = [await caller.call("GET", "/partner/app/list", f"Bearer {text}") for text in texts]
    assert [each.status_code for each in reach] == [200, 401]


async def test_universal_app_tokens_are_minted_listed_and_revoked() -> None:
    caller = Caller.of()
    app = await caller.linked()
    token = await universal(caller)
    path = f"/partner/app/{app}/token"
    first, second = [await universal_app(caller, app, token, name=name) for name in ("a", "b")]
    rows = (await caller.call("GET", path + "s", token, status="ACTIVE", name="a")).json()["tokens"]
    await caller.call("POST", path + "/revoke", token, id=rows[0]["id"])

    reach = [await caller.call("GET", f"/partner/app/{app}/subscription", each) for each in (first, second)]
    assert [each.status_code for each in reach] == [401, 200]
    assert (await caller.call("GET", "/partner/app/list", second)).status_code == 401
    assert (await caller.call("GET", path + "s")).status_code == 200
    revoked = (await caller.call("POST", path + "/revoke-all", token)).json()
    assert revoked == {"status": "success", "appTokensRevoked": "1"}


async def test_a_universal_app_token_is_revoked_by_exactly_one_of_id_name_and_text() -> None:
    caller = Caller.of()
    app = await caller.linked()
    token = await universal(caller)
    path = f"/partner/app/{app}/token"
    own = await universal_app(caller, app, token, name="a")
    await universal_app(caller, app, token, name="b", expiry=str(int((START + 4_000) * 1000)))

    async def revoke(**form: str) -> tuple[int, str]:
        return said(await caller.call("POST", f"{path}/revoke", token, **form))

    assert await revoke(token=own, name="b") == (400, "supply exactly one of id, token, name")
    assert await revoke(token=own) == (200, "success")
    assert await revoke(token=own) == (400, "Token does not exist")
    assert await revoke(id="x") == (400, "Token does not exist")
    caller.clock.time += 4_000
    assert await revoke(name="b") == (410, "Token has expired")


async def test_a_revoked_universal_token_leaves_the_apps_tokens_alone() -> None:
    caller = Caller.of()
    app = await caller.linked()
    token = await universal(caller)
    own = await universal_app(caller, app, token, name="a")
    await caller.call("POST", "/partner/1368/auth/revoke", token, name="ci")

    assert (await caller.call("GET", f"/partner/app/{app}/subscription", own)).status_code == 200
    assert (await caller.call("GET", f"/partner/app/{app}/subscription", token)).status_code == 401


async def test_the_list_of_an_apps_tokens_is_bare_by_a_switch() -> None:
    caller = Caller.switched("app-token-list=bare")
    app = await caller.linked()

    assert (await caller.call("GET", f"/partner/app/{app}/tokens")).json() == []


@pytest.mark.parametrize(
    ("form", "status"),
    [
        pytest.param({"name": "d"}, 409, id="a fourth active one"),
        pytest.param({"name": "a"}, 400, id="a name in use"),
        pytest.param({"name": ""}, 400, id="no name"),
        pytest.param({"name": "d", "expiry": "soon"}, 400, id="an expiry that is no number"),
        pytest.param({"name": "d", "expiry": str(int((START + 3_500) * 1000))}, 400, id="an expiry too near"),
        pytest.param(
            {"name": "d", "expiry": str(int((START + 3_599.9) * 1000))}, 400, id="not quite an hour"
        ),
    ],
)
async def test_a_universal_app_token_is_refused_by_its_name_expiry_and_number(
    form: dict[str, str], status: int
) -> None:
    caller = Caller.of()
    app = await caller.linked()
    token = await universal(caller)
    for name in ("a", "b", "c"):
        await universal_app(caller, app, token, name=name)

    assert (await caller.call("POST", f"/partner/app/{app}/token", token, **form)).status_code == status


async def test_only_an_admin_mints_for_an_app_and_only_for_the_partners_own() -> None:
    caller = Caller.of()
    app = await caller.linked()
    theirs = await caller.seeded(partner="stranger")
    token = await universal(caller)
    foreign = await caller.call("POST", f"/partner/app/{theirs}/token", token, name="a")
    await caller.control("account", {"set": {"admin": False}})
    refused = await caller.call("POST", f"/partner/app/{app}/token", token, name="a")

    assert said(foreign) == (400, "Partner is not authorized")
    assert said(refused) == (403, "Forbidden Access")
