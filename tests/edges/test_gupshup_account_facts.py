"""What a sign-in tells of an account: the terms, the tech provider, and the end of a given token."""

import pytest

from controller.edges.gupshup.auth.account_facts import of_given, of_login
from controller.edges.gupshup.body import Json
from controller.edges.gupshup.denials import is_about_address
from controller.errors import AddressNotAllowed, Denied
from controller.model.account import AccountFacts, CredentialEnd
from controller.model.manifest import FromEnv, Token
from controller.model.secret import Secret
from tests.builders.account import TOKEN_KIND, UNIVERSAL_KIND
from tests.clock import FakeClock
from tests.edges.fake_wire import Answer, World, good_login
from tests.edges.routes import LIST, LOGIN
from tests.edges.test_gupshup_tokens import jwt

NOW = FakeClock.time
DAY = 86_400
END = int(NOW) + 6 * DAY


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param({"terms_read": True, "isTpp": True}, (True, True), id="all is well"),
        pytest.param({"terms_read": False, "isTpp": False}, (False, False), id="neither"),
        pytest.param({}, (None, None), id="absent is unknown"),
        pytest.param({"terms_read": None, "isTpp": "false"}, (None, None), id="no boolean is unknown"),
        pytest.param({"terms_read": 0, "isTpp": 1}, (None, None), id="a number is unknown"),
    ],
)
def test_a_login_tells_what_it_says_clearly(
    body: dict[str, Json], expected: tuple[bool | None, bool | None]
) -> None:
    assert of_login(body, NOW) == AccountFacts(*expected, at=NOW)


@pytest.mark.parametrize(
    ("token", "kind"),
    [
        pytest.param(jwt({"exp": END}), TOKEN_KIND, id="a partner token"),
        pytest.param(f"Bearer {jwt({'exp': END})}", UNIVERSAL_KIND, id="a universal token by its Bearer"),
        pytest.param(jwt({"exp": END, "iat": END - DAY}), TOKEN_KIND, id="a token for a day"),
        pytest.param(jwt({"exp": END, "iat": END - 60 * DAY}), UNIVERSAL_KIND, id="a token for sixty days"),
        pytest.param(jwt({"exp": float(END), "iat": "x"}), TOKEN_KIND, id="a begin that is no number"),
    ],
)
def test_a_given_token_tells_its_end(token: str, kind: object) -> None:
    assert of_given(Secret(token)).ends == (CredentialEnd(kind, END),)  # type: ignore[arg-type]  # one of the kinds


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("sk_0123456789abcdef0123456789abcdef", id="no JWT"),
        pytest.param("a.b.c", id="no base64"),
        pytest.param(jwt(["exp", END]), id="no object"),
        pytest.param(jwt({}), id="no end"),
        pytest.param(jwt({"exp": str(END)}), id="a text"),
        pytest.param(jwt({"exp": True}), id="a truth"),
        pytest.param(jwt({"exp": END * 1000}), id="milliseconds"),
        pytest.param(jwt({"exp": 0}), id="1970"),
        pytest.param(jwt({"exp": END, "iat": END + 1}), id="an end before the begin"),
    ],
)
def test_an_implausible_end_is_unknown(token: str) -> None:
    assert of_given(Secret(token)) == AccountFacts()


async def test_the_reader_has_the_facts_of_the_last_sign_in() -> None:
    world = World().on(LOGIN, good_login(terms_read=False), good_login(terms_read=True))
    async with world.reader() as client:
        assert client.account_facts == AccountFacts()
        await client.sign_in()
        assert client.account_facts == AccountFacts(
            terms_accepted=False, tech_provider=True, at=world.clock.now()
        )
        world.clock.time += 23 * 3600
        await client.sign_in()
        assert client.account_facts.terms_accepted is True


async def test_a_given_token_is_read_at_each_sign_in() -> None:
    world = World(credentials=Token(FromEnv("GIVEN")))
    async with world.reader() as client:
        for days in (6, 60):
            end = int(world.clock.now()) + days * DAY
            world.secrets["GIVEN"] = jwt({"exp": end})
            await client.sign_in()
            assert [each.at for each in client.account_facts.ends] == [end]
            world.clock.time += 23 * 3600


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("IP address not allowed", True),
        ("Your IP 10.0.0.1 is not whitelisted", True),
        ("Access denied: source address is restricted", True),
        ("Request from this ip-address is blocked", True),
        ("Failed to authenticate", False),
        ("Unauthorized Access", False),
        ("This zip is not allowed", False),
        ("ip rating", False),
    ],
)
def test_a_refusal_of_an_address_is_known_by_its_words(words: str, *, expected: bool) -> None:
    assert is_about_address(words) is expected


FROM_ELSEWHERE = {"status": "error", "message": "IP address not allowed"}


@pytest.mark.parametrize("status", [401, 403])
async def test_a_login_from_an_address_that_is_not_listed_says_what_to_do(status: int) -> None:
    world = World().on(LOGIN, Answer(status, FROM_ELSEWHERE))
    async with world.reader() as client:
        for _ in range(2):  # the second one waits, and says the same
            with pytest.raises(
                AddressNotAllowed, match="list the address of this host in the partner portal"
            ):
                await client.sign_in()


async def test_a_call_from_an_address_that_is_not_listed_says_what_to_do() -> None:
    world = World().on(LIST, Answer(403, FROM_ELSEWHERE))
    async with world.reader() as client:
        with pytest.raises(AddressNotAllowed, match="list the address of this host"):
            await client.rows()


async def test_any_other_refusal_of_a_login_is_about_the_credentials() -> None:
    world = World().on(LOGIN, Answer(403, {"status": "error", "message": "Failed to authenticate"}))
    async with world.reader() as client:
        with pytest.raises(Denied, match="check the e-mail address and client secret") as caught:
            await client.sign_in()
    assert type(caught.value) is Denied
