"""Tokens: fetched once for many, renewed in time, never in a storm, and sent where they belong."""

import asyncio
import base64
import json
from itertools import count

import httpx
import pytest

from controller.edges.gupshup import Network, SubscriptionForm
from controller.edges.gupshup.auth.tokens import IssuedToken, TokenCache
from controller.errors import AccountError, Busy, Denied, Limited, Rejected
from controller.model.manifest import Bucket, FromEnv, Token
from controller.model.secret import Secret
from tests.clock import FakeClock
from tests.edges.fake_wire import (
    APP_TOKEN_VALUE,
    PARTNER_TOKEN,
    Answer,
    World,
    declared,
    form,
    good_login,
    good_token,
)
from tests.edges.routes import APP, APP_TOKEN, DETAILS, LINK, LIST, LOGIN, OTHER, PIPELINE, SUBSCRIBE

REFUSED = Answer(401, {"status": "error", "message": "Unauthorized Access"})
NO_APPS = Answer(200, {"status": "success", "apps": []})
STAGE = Answer(200, {"status": "success", "whatsapp": {"creationStage": "ERROR"}})
WISH = SubscriptionForm("gitops", "https://hooks.example.com/e", 3, ("SENT",))
GIVEN = Token(FromEnv("GIVEN"))


def jwt(claims: object) -> str:
    parts = (json.dumps(part).encode() for part in ({"alg": "HS256"}, claims))
    return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), "sig"])


async def test_the_login_form_names_the_secret_both_ways_and_no_header_holds_it() -> None:
    world = World()
    async with world.reader() as client:
        assert await client.sign_in() == "1368"

    (login,) = world.upstream.log
    secret = world.secrets["GUPSHUP_SECRET"]
    assert form(login) == {"email": world.secrets["GUPSHUP_EMAIL"], "password": secret, "secret": secret}
    assert not login.url.query
    assert not {"authorization", "token", "cookie"} & set(login.headers)
    assert login.headers["content-type"] == "application/x-www-form-urlencoded"


async def test_a_partner_token_is_sent_in_both_headers_without_bearer() -> None:
    world = World().on(LIST, NO_APPS)
    async with world.reader() as client:
        await client.rows()

    (request,) = world.upstream.sent(LIST)
    assert (request.headers["Authorization"], request.headers["token"]) == (PARTNER_TOKEN, PARTNER_TOKEN)


async def test_a_universal_token_is_sent_as_bearer_alone() -> None:
    world = World(credentials=GIVEN, secrets={"GIVEN": "Bearer universal"}).on(LIST, NO_APPS)
    async with world.reader() as client:
        await client.rows()

    (request,) = world.upstream.log
    assert request.headers["Authorization"] == "Bearer universal"
    assert "token" not in request.headers


LONG_LIVED = {"iat": 1_700_000_000, "exp": 1_700_000_000 + 60 * 86_400}
ONE_DAY = {"iat": 1_700_000_000, "exp": 1_700_000_000 + 86_400}


@pytest.mark.parametrize(
    ("given", "first", "other"),
    [
        pytest.param("Bearer abc", "Bearer abc", "abc", id="with Bearer"),
        pytest.param("abc", "abc", "Bearer abc", id="without"),
        pytest.param(jwt(ONE_DAY), jwt(ONE_DAY), f"Bearer {jwt(ONE_DAY)}", id="a JWT of a day"),
        pytest.param(jwt(LONG_LIVED), f"Bearer {jwt(LONG_LIVED)}", jwt(LONG_LIVED), id="a JWT of 60 days"),
        pytest.param(jwt([]), jwt([]), f"Bearer {jwt([])}", id="a JWT without claims"),
        pytest.param("a.%.c", "a.%.c", "Bearer a.%.c", id="three parts, and no JWT"),
    ],
)
async def test_a_given_token_is_sent_in_its_likely_form_and_in_the_other_one_if_that_is_refused(
    given: str, first: str, other: str
) -> None:
    world = World(credentials=GIVEN, secrets={"GIVEN": given}).on(LIST, REFUSED, NO_APPS)
    async with world.reader() as client:
        assert await client.rows() == ()

    assert [request.headers["Authorization"] for request in world.upstream.log] == [first, other]


async def test_a_form_that_was_accepted_once_is_not_given_up_for_one_refusal() -> None:
    """The app may be somebody else's: a token in its other form would be refused for a whole minute."""
    world = World(credentials=GIVEN, secrets={"GIVEN": "plain"}).on(LIST, NO_APPS)
    world.upstream.on(DETAILS, REFUSED)
    async with world.reader() as client:
        await client.rows()
        with pytest.raises(Rejected):
            await client.details(APP)
        await client.rows()

    assert {request.headers["Authorization"] for request in world.upstream.log} == {"plain"}


@pytest.mark.parametrize("empty", ["Bearer ", "Bearer", "Bearer  "])
async def test_a_given_token_of_the_word_bearer_alone_is_not_sent(empty: str) -> None:
    world = World(credentials=GIVEN, secrets={"GIVEN": empty}).on(LIST, NO_APPS)
    async with world.reader() as client:
        with pytest.raises(Denied, match="more than the word Bearer"):
            await client.rows()

    assert world.upstream.log == []


UT = {"GIVEN": "Bearer universal"}


async def test_a_universal_token_opens_the_routes_of_apps_without_an_app_token() -> None:
    world = World(credentials=GIVEN, secrets=UT).on(PIPELINE, STAGE)
    async with world.writer() as client:
        await client.stage(APP)

    assert [request.headers["Authorization"] for request in world.upstream.log] == ["Bearer universal"]


@pytest.mark.parametrize("status", [401, 403])
async def test_where_it_does_not_the_apps_own_token_serves_and_that_is_remembered(status: int) -> None:
    world = World(credentials=GIVEN, secrets=UT).on(PIPELINE, Answer(status, {"message": "no"}), STAGE)
    async with world.reader() as client:
        for _ in range(2):
            await client.stage(APP)

    sent = [request.headers["Authorization"] for request in world.upstream.sent(PIPELINE)]
    assert sent == ["Bearer universal", APP_TOKEN_VALUE, APP_TOKEN_VALUE]
    assert [each.headers["Authorization"] for each in world.upstream.sent(APP_TOKEN)] == ["Bearer universal"]


async def test_an_app_that_is_not_ours_proves_nothing_about_its_routes() -> None:
    """Gupshup refuses its own token, too: the next app is read with the Universal Token again."""
    denied = Answer(403, {"message": "You do not have the required permissions to access this API"})
    world = World(credentials=GIVEN, secrets=UT).on(PIPELINE, denied, denied, STAGE)
    other = PIPELINE.replace(APP, OTHER)
    world.upstream.on(other, STAGE)
    async with world.reader() as client:
        with pytest.raises(Rejected):
            await client.stage(APP)
        await client.stage(OTHER)

    assert [each.headers["Authorization"] for each in world.upstream.sent(other)] == ["Bearer universal"]


async def test_an_apps_own_token_that_is_refused_is_fetched_anew_for_the_next_read() -> None:
    bad, denied = Answer(401, {"message": "Unauthorized Access"}), Answer(403, {"message": "no"})
    world = World(credentials=GIVEN, secrets=UT).on(PIPELINE, denied, bad, denied, STAGE)
    world.upstream.on(APP_TOKEN, good_token("sk_old"), good_token("sk_new"))
    async with world.reader() as client:
        with pytest.raises(Rejected):
            await client.stage(APP)
        await client.stage(APP)

    sent = [request.headers["Authorization"] for request in world.upstream.sent(PIPELINE)]
    assert sent == ["Bearer universal", "sk_old", "Bearer universal", "sk_new"]


async def test_if_no_app_token_is_given_out_the_refusal_is_told_as_it_was() -> None:
    world = World(credentials=GIVEN, secrets=UT).on(PIPELINE, Answer(403, {"message": "Forbidden Access"}))
    world.upstream.on(APP_TOKEN, Answer(404, {"message": "gone"}))
    async with world.reader() as client:
        with pytest.raises(Rejected, match="Forbidden Access"):
            await client.stage(APP)


async def test_a_refused_write_is_not_repeated_and_the_next_one_goes_with_the_apps_own_token() -> None:
    made = Answer(200, {"status": "success", "subscription": {"id": "8166", "mode": 1, "tag": "gitops"}})
    world = World(credentials=GIVEN, secrets=UT).on(SUBSCRIBE, Answer(403, {"message": "no"}), made)
    async with world.writer() as client:
        with pytest.raises(Busy, match="nothing was done"):
            await client.subscribe(APP, WISH)
        await client.subscribe(APP, WISH)
        await client.subscribe(APP, WISH)

    sent = [request.headers["Authorization"] for request in world.upstream.sent(SUBSCRIBE)]
    assert sent == ["Bearer universal", APP_TOKEN_VALUE, APP_TOKEN_VALUE]
    assert len(world.upstream.sent(APP_TOKEN)) == 1


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"status": "success", "token": {"token": "sk_nested", "expiresOn": 0}}, id="nested"),
        pytest.param({"name": "Partner_Name", "terms_read": True, "token": "sk_nested"}, id="flat"),
    ],
)
async def test_an_app_token_comes_nested_or_flat(body: object) -> None:
    world = World().on(APP_TOKEN, Answer(200, body))
    world.upstream.on(PIPELINE, STAGE)
    async with world.reader() as client:
        await client.stage(APP)

    (request,) = world.upstream.sent(PIPELINE)
    assert (request.headers["Authorization"], request.headers["token"]) == ("sk_nested", "sk_nested")


async def test_an_app_token_is_sent_under_its_own_app_only() -> None:
    world = World()
    other_token, other_stage = (what.replace(APP, OTHER) for what in (APP_TOKEN, PIPELINE))
    world.upstream.on(other_token, good_token("sk_of_the_other"))
    world.upstream.on(other_stage, STAGE)
    world.upstream.on(PIPELINE, STAGE)
    async with world.reader() as client:
        await client.stage(APP)
        await client.stage(OTHER)
        await client.stage(APP)

    sent = {
        (str(r.url.path).split("/")[3], r.headers["token"])
        for r in world.upstream.log
        if "pipeline" in r.url.path
    }
    assert sent == {(APP, APP_TOKEN_VALUE), (OTHER, "sk_of_the_other")}
    assert len(world.upstream.sent(APP_TOKEN)) == 1


async def test_a_hundred_waiting_calls_cause_one_login_and_one_app_token() -> None:
    world = World().on(PIPELINE, STAGE)
    all_wait = asyncio.Event()

    async def slow(request: httpx.Request) -> httpx.Response:
        await all_wait.wait()
        return world.upstream(request)

    world.network = Network(transport=httpx.MockTransport(slow))
    async with world.reader() as client, asyncio.TaskGroup() as group:
        for _ in range(100):
            group.create_task(client.stage(APP))
            group.create_task(client.sign_in())
        asyncio.get_running_loop().call_soon(all_wait.set)

    assert len(world.upstream.sent(LOGIN)) == len(world.upstream.sent(APP_TOKEN)) == 1


async def test_every_call_passes_the_rate_limiter_including_those_for_tokens() -> None:
    world = World().on(PIPELINE, STAGE)
    async with world.reader() as client:
        await client.stage(APP)

    assert world.limiter.calls == [
        (Bucket.LOGIN, None, "login"),
        (Bucket.TOKEN, APP, "app token"),
        (Bucket.PIPELINE, None, "pipeline"),
    ]
    assert world.limiter.answers == [(200, None)] * 3


async def test_a_partner_token_is_renewed_before_its_day_ends() -> None:
    world = World().on(LIST, NO_APPS)
    async with world.reader() as client:
        await client.rows()
        world.clock.time += 22 * 3600 - 1
        await client.rows()
        assert len(world.upstream.sent(LOGIN)) == 1
        world.clock.time += 1
        await client.rows()
        assert len(world.upstream.sent(LOGIN)) == 2


@pytest.mark.parametrize(
    ("expires_in", "good_for"),
    [
        pytest.param(None, 86_400 * 365, id="never"),
        pytest.param(3600, 3540, id="a minute before its end"),
        pytest.param(-3600, 60, id="ended long ago, by a skewed clock"),
    ],
)
async def test_an_app_token_is_renewed_before_it_ends(expires_in: float | None, good_for: float) -> None:
    world = World(credentials=GIVEN)
    ends = 0 if expires_in is None else int((world.clock.now() + expires_in) * 1000)
    world.upstream.on(APP_TOKEN, good_token(expires=ends))
    world.upstream.on(PIPELINE, STAGE)
    async with world.reader() as client:
        await client.stage(APP)
        world.clock.time += good_for - 1
        await client.stage(APP)
        assert len(world.upstream.sent(APP_TOKEN)) == 1
        world.clock.time += 1
        await client.stage(APP)
        assert len(world.upstream.sent(APP_TOKEN)) == (1 if expires_in is None else 2)


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(REFUSED, id="401"),
        pytest.param(Answer(403, {"message": "Invalid Access Token"}), id="403 about the token"),
        pytest.param(Answer(401, b"plain"), id="401 in plain text"),
    ],
)
async def test_a_read_is_repeated_once_with_a_new_token(refusal: Answer) -> None:
    world = World().on(LOGIN, good_login("old"), good_login("new"))
    world.upstream.on(LIST, refusal, NO_APPS)
    async with world.reader() as client:
        assert await client.rows() == ()

    assert [r.headers["token"] for r in world.upstream.sent(LIST)] == ["old", "new"]


async def test_a_pipeline_that_asks_for_a_review_may_mean_the_token() -> None:
    world = World()
    review = Answer(400, {"status": "error", "message": "Please review the request parameters and retry"})
    world.upstream.on(APP_TOKEN, good_token("sk_old"), good_token("sk_new"))
    world.upstream.on(PIPELINE, review, STAGE)
    async with world.reader() as client:
        await client.stage(APP)

    assert [r.headers["token"] for r in world.upstream.sent(PIPELINE)] == ["sk_old", "sk_new"]


async def test_an_app_token_that_gupshup_repeats_is_not_tried_again() -> None:
    """Gupshup gives out the token that exists, so a refusal of it is final."""
    world = World().on(PIPELINE, REFUSED)
    async with world.reader() as client:
        with pytest.raises(Rejected):
            await client.stage(APP)

    assert len(world.upstream.sent(PIPELINE)) == 1
    assert len(world.upstream.sent(APP_TOKEN)) == 2


async def test_a_link_is_never_repeated_but_the_next_one_has_a_new_token() -> None:
    world = World().on(LOGIN, good_login("old"), good_login("new"))
    world.upstream.on(LINK, REFUSED, Answer(200, {"appId": APP}))
    async with world.writer() as client:
        with pytest.raises(Denied, match="token dropped"):
            await client.link(declared(waba_id="1", phone="919876543210"))
        assert [r.headers["token"] for r in world.upstream.sent(LINK)] == ["old"]
        await client.link(declared(waba_id="1", phone="919876543210"))
        assert [r.headers["token"] for r in world.upstream.sent(LINK)] == ["old", "new"]


async def test_a_subscription_is_never_repeated_but_the_next_one_has_a_new_token() -> None:
    world = World().on(APP_TOKEN, good_token("sk_old"), good_token("sk_new"))
    world.upstream.on(SUBSCRIBE, REFUSED, Answer(200, {"subscription": {"id": 1}}))
    async with world.writer() as client:
        with pytest.raises(Busy, match="new token"):
            await client.subscribe(APP, WISH)
        await client.subscribe(APP, WISH)

    assert [r.headers["token"] for r in world.upstream.sent(SUBSCRIBE)] == ["sk_old", "sk_new"]


async def test_a_refused_login_is_remembered_for_a_minute_and_given_up_after_three() -> None:
    world = World().on(LOGIN, Answer(403, {"message": "Failed to authenticate"}))
    async with world.reader() as client:
        for tries in (1, 2, 3):
            for _ in range(5):
                with pytest.raises(Denied, match="Failed to authenticate"):
                    await client.rows()
            assert len(world.upstream.log) == tries
            world.clock.time += 60
        world.clock.time += 86_400
        with pytest.raises(Denied, match="refused 3 times"):
            await client.rows()
        assert len(world.upstream.log) == 3

        world.secrets["GUPSHUP_SECRET"] = "rotated"
        world.upstream.on(LOGIN, good_login())
        assert await client.sign_in() == "1368"


async def test_a_clock_set_back_does_not_keep_a_refusal_for_ever() -> None:
    world = World().on(LOGIN, Answer(403, b"{}"), good_login())
    async with world.reader() as client:
        with pytest.raises(Denied):
            await client.sign_in()
        world.clock.time -= 86_400
        assert await client.sign_in() == "1368"


@pytest.mark.parametrize(
    ("trouble", "kind", "rest"),
    [
        pytest.param(Answer(500, b""), Busy, 60, id="500"),
        pytest.param(Answer(429, b"Too Many Requests"), Limited, 60, id="429"),
        pytest.param(httpx.ReadError("gone"), Busy, 60, id="no answer"),
        pytest.param(httpx.ConnectError("refused"), Busy, 5, id="not sent"),
    ],
)
async def test_a_failing_login_is_not_repeated_for_waiting_calls(
    trouble: Answer | Exception,
    kind: type[Busy],
    rest: float,
) -> None:
    world = World().on(LOGIN, trouble, good_login())
    async with world.reader() as client:
        failures = await asyncio.gather(*(client.sign_in() for _ in range(10)), return_exceptions=True)
        assert all(isinstance(failure, Busy) for failure in failures)
        assert isinstance(failures[0], kind)
        assert {getattr(failure, "until", None) for failure in failures} == {world.clock.now() + rest}
        assert len(world.upstream.log) == 1
        world.clock.time += rest
        assert await client.sign_in() == "1368"


async def test_a_storm_of_401_causes_three_logins_in_half_an_hour() -> None:
    world = World().on(LOGIN, *(good_login(f"token-{i}") for i in range(50)))
    world.upstream.on(LIST, REFUSED)
    async with world.reader() as client:
        for _ in range(180):
            with pytest.raises(Denied):
                await client.rows()
            world.clock.time += 10
        assert len(world.upstream.sent(LOGIN)) == 3

        world.upstream.on(LIST, NO_APPS)
        await client.rows()
        assert len(world.upstream.sent(LOGIN)) == 3


async def test_a_refusal_of_one_foreign_app_costs_a_login_a_minute_at_most() -> None:
    world = World().on(LOGIN, *(good_login(f"token-{i}") for i in range(50)))
    world.upstream.on(LIST, NO_APPS)
    world.upstream.on(DETAILS, REFUSED)
    async with world.reader() as client:
        for _ in range(60):
            await client.rows()
            with pytest.raises(Rejected):
                await client.details(APP)
            world.clock.time += 1
        assert len(world.upstream.sent(LOGIN)) == 2


async def test_many_refusals_of_an_old_token_cause_one_login() -> None:
    world = World().on(LOGIN, good_login("old"), good_login("new"), good_login("newer"))

    together = asyncio.Barrier(9)

    async def picky(request: httpx.Request) -> httpx.Response:
        if request.headers.get("token") == "old":
            await together.wait()
        world.upstream.on(LIST, REFUSED if request.headers.get("token") == "old" else NO_APPS)
        return world.upstream(request)

    world.network = Network(transport=httpx.MockTransport(picky))
    async with world.reader() as client:
        assert await asyncio.gather(*(client.rows() for _ in range(9))) == [()] * 9
        world.clock.time += 3600
        await client.rows()

    assert len(world.upstream.sent(LOGIN)) == 2
    assert len(world.upstream.sent(LIST)) == 19


def numbered(clock: FakeClock) -> TokenCache:
    numbers = count(1)

    async def fetch(_: Secret | None) -> IssuedToken:
        return IssuedToken(Secret(f"token-{next(numbers)}"), clock.now() + 86_400)

    return TokenCache(fetch, clock)


async def test_a_late_refusal_of_an_old_token_does_not_drop_the_new_one() -> None:
    clock = FakeClock()
    keeper = numbered(clock)
    old = (await keeper.get()).token
    new = await keeper.renew(old)
    clock.time += 3600

    assert new == Secret("token-2")
    assert await keeper.renew(old) == new
    assert (await keeper.get()).token == new


async def test_tokens_that_worked_for_a_while_may_be_renewed_each_minute() -> None:
    clock = FakeClock()
    keeper = numbered(clock)
    token = (await keeper.get()).token
    for _ in range(5):
        clock.time += 60
        fresh = await keeper.renew(token)
        assert fresh is not None
        keeper.accepted(token)  # an answer that comes late says nothing about the new one
        keeper.accepted(fresh)
        token = fresh
    assert token == Secret("token-6")


async def test_a_given_token_is_read_anew_when_it_is_refused() -> None:
    world = World(credentials=GIVEN).on(LIST, NO_APPS)
    async with world.reader() as client:
        await client.rows()
        world.secrets["GIVEN"] = "rotated"
        world.upstream.on(LIST, REFUSED, NO_APPS)
        await client.rows()

    assert world.upstream.log[-1].headers["token"] == "rotated"
    assert not world.upstream.sent(LOGIN)


@pytest.mark.parametrize("value", ["a\nb", "é", "a\x7f"])
async def test_a_given_token_that_cannot_be_a_header_is_refused_without_its_value(value: str) -> None:
    world = World(credentials=GIVEN, secrets={"GIVEN": f"canary{value}"})
    async with world.reader() as client:
        with pytest.raises(Denied, match="partner main") as raised:
            await client.rows()

    assert "canary" not in str(raised.value)
    assert not world.upstream.log


@pytest.mark.parametrize(
    ("token", "owner"),
    [
        pytest.param(
            jwt({"payload": json.dumps({"id": 1368, "admin": True})}), "1368", id="a JWT as documented"
        ),
        pytest.param("Bearer " + jwt({"payload": {"id": "p9"}}), "p9", id="a universal token"),
        pytest.param(jwt({"payload": json.dumps({"id": True})}), "", id="an id that is none"),
        pytest.param(jwt({"payload": json.dumps([1])}), "", id="a payload that is a list"),
        pytest.param(jwt([1]), "", id="claims that are a list"),
        pytest.param(jwt({"payload": "{"}), "", id="a payload that is cut off"),
        pytest.param("a.b.c", "", id="no Base64"),
        pytest.param("opaque", "", id="opaque"),
    ],
)
async def test_the_id_of_a_partner_comes_from_its_token_or_is_unknown(token: str, owner: str) -> None:
    world = World(credentials=GIVEN, secrets={"GIVEN": token})
    async with world.reader() as client:
        assert await client.sign_in() == owner


@pytest.mark.parametrize("told", [None, "", "a b", "x" * 65, {"a": 1}, True, "1#2", "../.."])
async def test_a_malformed_id_from_the_login_is_not_used(told: object) -> None:
    world = World().on(LOGIN, good_login(id=told))
    async with world.reader() as client:
        assert await client.sign_in() == ""


async def test_credentials_that_open_another_account_later_end_the_session() -> None:
    """What is known and held by then is the first one's."""
    world = World().on(LOGIN, good_login(id=1368), good_login(id=None), good_login(id=99))
    async with world.reader() as client:
        assert await client.sign_in() == "1368"
        world.clock.time += 86_400
        assert await client.sign_in() == "1368", "nobody tells otherwise"
        world.clock.time += 86_400
        with pytest.raises(AccountError, match="opened account 1368, and now open 99"):
            await client.sign_in()
