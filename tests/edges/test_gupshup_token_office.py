"""The office of Universal Tokens: each answer to a mint, a list and a revocation means one thing."""

from collections.abc import Mapping

import httpx
import pytest

from controller.edges.gupshup import MintedToken, Network, TokenOffice, reach
from controller.edges.gupshup.transport import Transport
from controller.errors import Busy, ControllerError, Denied, Limited, MintRefused, TokenLimitReached, Unclear
from controller.model.account import ActiveToken
from controller.model.manifest import FromEnv, Partner, Token
from controller.model.secret import Secret
from tests.edges.fake_wire import Answer, World, form
from tests.edges.routes import APP

MINT, TOKENS, REVOKE = (
    "POST /partner/1368/auth/token",
    "GET /partner/1368/auth/tokens",
    "POST /partner/1368/auth/revoke",
)
EMAIL, SECRET, TOKEN = Secret("canary.mail@example.com"), Secret("canary-secret"), Secret("Bearer canary-ut")
EXPIRES = 1_700_003_600.0
DATE = {"Date": "Tue, 14 Nov 2023 22:13:20 GMT"}  # 1,700,000,000 seconds


def office(world: World) -> TokenOffice:
    transport = Transport(
        world.url,
        network=Network(transport=httpx.MockTransport(world.upstream)),
        limiter=world.limiter,
        clock=world.clock,
        may_write=None,
    )
    return TokenOffice(transport, world.clock)


async def minted(answer: Answer | Exception) -> MintedToken | ControllerError:
    try:
        return await office(World().on(MINT, answer)).mint(
            "1368", (EMAIL, SECRET), name="ours", expires=EXPIRES
        )
    except ControllerError as error:
        return error


async def test_a_mint_needs_no_bearer_and_sends_the_end_in_milliseconds() -> None:
    world = World().on(MINT, Answer(200, {"token": "eyJ.a.b", "id": "1"}))
    await office(world).mint("1368", (EMAIL, SECRET), name="ours", expires=EXPIRES + 0.25)
    (request,) = world.upstream.log
    assert form(request) == {
        "email": EMAIL.reveal(),
        "clientSecret": SECRET.reveal(),
        "name": "ours",
        "expiry": "1700003600250",
    }
    assert "authorization" not in request.headers


@pytest.mark.parametrize(
    ("body", "expires"),
    [
        ({"token": {"token": "eyJ.a.b", "expiredOn": 1_700_000_060_000}}, 1_700_000_060.0),
        ({"token": "eyJ.a.b", "expiredOn": 1_700_000_060_000}, 1_700_000_060.0),
        ({"token": "Bearer eyJ.a.b"}, EXPIRES),
        ({"status": "success", "token": {"token": "eyJ.a.b", "expiredOn": "soon"}}, EXPIRES),
    ],
    ids=["nested", "flat", "with Bearer, without an end", "an end that cannot be read"],
)
async def test_a_minted_token_comes_nested_or_flat(body: Mapping[str, object], expires: float) -> None:
    assert await minted(Answer(200, body)) == MintedToken(Secret("Bearer eyJ.a.b"), expires)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        pytest.param(Answer(400, {"message": "Partner is not authorized"}), MintRefused, id="400"),
        pytest.param(Answer(401, {"message": "Unauthorised access to the resource."}), MintRefused, id="401"),
        pytest.param(Answer(403, {"message": "Forbidden Access"}), MintRefused, id="403"),
        pytest.param(Answer(404, {"message": "Not Found"}), MintRefused, id="404"),
        pytest.param(Answer(200, {"status": "error", "message": "no"}), MintRefused, id="200 says error"),
        pytest.param(Answer(409, {"message": "Conflict"}), TokenLimitReached, id="409"),
        pytest.param(
            Answer(400, {"message": "Maximum number of active tokens reached"}),
            TokenLimitReached,
            id="400 maximum",
        ),
        pytest.param(
            Answer(403, {"message": "3 active tokens already exist"}),
            TokenLimitReached,
            id="403 three active",
        ),
        pytest.param(Answer(429, {"message": "Too Many Requests"}), Limited, id="429"),
        pytest.param(Answer(425, b""), Busy, id="425: not read"),
        pytest.param(Answer(500, {"message": "Internal server error"}), Unclear, id="500"),
        pytest.param(Answer(200, {"token": ""}), Unclear, id="200 without a token"),
        pytest.param(Answer(200, []), Unclear, id="200 and a list"),
        pytest.param(Answer(200, {"token": "eyJ\n"}), Unclear, id="a token that fits no header"),
        pytest.param(httpx.ReadError("lost"), Unclear, id="no answer"),
        pytest.param(httpx.ConnectError("refused"), Busy, id="not sent"),
    ],
)
async def test_each_answer_to_a_mint_says_whether_a_token_may_be_active(
    answer: Answer | Exception, kind: type[ControllerError]
) -> None:
    error = await minted(answer)
    assert type(error) is kind or (
        kind is Busy and isinstance(error, Busy) and not isinstance(error, Limited)
    )
    assert "canary" not in str(error)


async def test_active_tokens_come_as_a_bare_array_or_below_a_key() -> None:
    rows = [{"name": "ci", "id": "7"}, {"name": "crm", "expiredOn": None}]
    world = World().on(TOKENS, Answer(200, rows), Answer(200, {"tokens": rows}))
    for _ in range(2):
        found = await office(world).active("1368", TOKEN)
        assert found == (ActiveToken("ci", "7"), ActiveToken("crm"))
    assert str(world.upstream.log[0].url.query, "ascii") == "status=ACTIVE"
    assert world.upstream.log[0].headers["Authorization"] == TOKEN.reveal()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(401, {"message": "Unauthorised access to the resource."}), Denied),
        (Answer(403, {"message": "Forbidden Access"}), Denied),
        (Answer(500, b""), Denied),
        (Answer(200, [{"id": 1}]), Busy),
        (Answer(200, {"nothing": 1}), Busy),
        (httpx.ReadError("lost"), Busy),
    ],
    ids=["401", "403", "500", "a row without a name", "no list", "no answer"],
)
async def test_a_list_that_cannot_be_read_is_an_error(
    answer: Answer | Exception, kind: type[ControllerError]
) -> None:
    with pytest.raises(kind):
        await office(World().on(TOKENS, answer)).active("1368", TOKEN)


@pytest.mark.parametrize(
    ("answer", "gone"),
    [
        (Answer(200, {"status": "success", "scope": "name"}), True),
        (Answer(400, {"status": "error", "message": "no such token"}), True),
        (Answer(404, {"message": "Not Found"}), True),
        (Answer(401, {"message": "Unauthorised access to the resource."}), False),
        (Answer(403, {"message": "Forbidden Access"}), False),
        (Answer(429, b""), False),
        (Answer(500, b""), False),
        (httpx.ReadError("lost"), False),
        (httpx.ConnectError("refused"), False),
    ],
    ids=["200", "400", "404", "401", "403", "429", "500", "no answer", "not sent"],
)
async def test_a_revoked_token_is_gone_only_where_the_answer_says_so(
    answer: Answer | Exception, *, gone: bool
) -> None:
    world = World().on(REVOKE, answer)
    assert await office(world).revoke("1368", TOKEN, "ours") is gone
    assert form(world.upstream.log[0]) == {"name": "ours"}


async def test_gupshups_clock_is_read_from_the_date_of_any_answer() -> None:
    world = World().on(REVOKE, Answer(200, {"status": "success"}, DATE))
    world.clock.time = 1_700_000_090.0
    there = office(world)
    before = there.ahead
    await there.revoke("1368", TOKEN, "ours")
    assert (before, there.ahead) == (None, -90.0)
    assert await there.compare_clocks() == -90.0
    assert len(world.upstream.log) == 1, "an answer was there already"


@pytest.mark.parametrize(
    ("headers", "ahead"),
    [(DATE, 10.0), ({}, 0.0), ({"Date": "yesterday"}, 0.0)],
    ids=["dated", "none", "odd"],
)
async def test_without_an_answer_so_far_one_is_fetched_without_credentials(
    headers: Mapping[str, str], ahead: float
) -> None:
    world = World().on("GET /", Answer(404, b"<html>", headers))
    world.clock.time = 1_699_999_990.0
    assert await office(world).compare_clocks() == ahead
    (request,) = world.upstream.log
    assert not {"authorization", "token"} & set(request.headers)


async def test_clocks_that_cannot_be_compared_are_compared_later() -> None:
    with pytest.raises(Busy):
        await office(World().on("GET /", httpx.ReadError("lost"))).compare_clocks()


APP_MINT, APP_REVOKE = f"POST /partner/app/{APP}/token", f"POST /partner/app/{APP}/token/revoke"


async def test_a_token_of_an_app_is_minted_listed_and_revoked_with_the_partners() -> None:
    world = World().on(APP_MINT, Answer(200, {"token": "eyJ.a.b", "id": "7", "expiredOn": 1_700_000_060_000}))
    world.upstream.on(f"GET /partner/app/{APP}/tokens", Answer(200, {"tokens": [{"name": "ci", "id": 7}]}))
    world.upstream.on(APP_REVOKE, Answer(200, {"status": "success"}))
    there = office(world)
    minted = await there.mint_for_app(APP, TOKEN, name="ours", expires=EXPIRES)
    assert minted == MintedToken(Secret("Bearer eyJ.a.b"), 1_700_000_060.0, "7")
    assert await there.active_of_app(APP, TOKEN) == (ActiveToken("ci", "7"),)
    assert await there.revoke_of_app(APP, TOKEN, "7")
    mint, _, revoke = world.upstream.log
    assert form(mint) == {"name": "ours", "expiry": "1700003600000"}
    assert form(revoke) == {"id": "7"}
    assert {request.headers["Authorization"] for request in world.upstream.log} == {TOKEN.reveal()}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(409, {"message": "Maximum number of active tokens reached"}), TokenLimitReached),
        (Answer(400, {"message": "Partner is not authorized"}), MintRefused),
        (Answer(429, b""), Limited),
        (httpx.ReadError("lost"), Unclear),
    ],
    ids=["409", "400", "429", "no answer"],
)
async def test_a_token_of_an_app_that_is_not_minted_is_an_error(
    answer: Answer | Exception, kind: type[ControllerError]
) -> None:
    with pytest.raises(kind):
        await office(World().on(APP_MINT, answer)).mint_for_app(APP, TOKEN, name="ours", expires=EXPIRES)


@pytest.mark.parametrize(("headers", "ahead"), [(DATE, -90.0), ({}, None)], ids=["dated", "none"])
async def test_gupshup_is_reached_without_credentials(
    headers: Mapping[str, str], ahead: float | None
) -> None:
    world = World().on("GET /", Answer(404, "", headers))
    world.clock.time = 1_700_000_090.0
    network = Network(transport=httpx.MockTransport(world.upstream))
    partner = Partner("main", world.url, Token(FromEnv("NOT_SET")))
    assert await reach(partner, limiter=world.limiter, clock=world.clock, network=network) == ahead
    (request,) = world.upstream.log
    assert "authorization" not in request.headers
