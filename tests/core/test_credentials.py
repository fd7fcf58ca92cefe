"""Which Universal Token is used, when it is renewed, and when another one may be minted."""

import pytest

from controller.core.credentials import (
    DAY,
    HOUR,
    WEEK,
    Keeper,
    Mint,
    MintStep,
    WaitToMint,
    app_life,
    due,
    keeper,
    limit_reached,
    named_by,
    next_mint,
    signs_in_first,
    token_name,
)
from controller.model.account import OwnToken, TokenState
from controller.model.manifest import AuthMode

NOW = 1_800_000_000.0


def token(
    name: str, state: TokenState = TokenState.KEPT, *, left: float = WEEK, age: float = DAY
) -> OwnToken:
    return OwnToken(name, state, "1368", NOW, NOW + left, sealed="x", age=age)


@pytest.mark.parametrize(
    ("new", "writable", "endless", "who"),
    [
        pytest.param(True, True, False, Keeper.PASSING, id="the first command"),
        pytest.param(False, True, False, Keeper.LASTING, id="a later command"),
        pytest.param(True, True, True, Keeper.STARTING, id="the first start of a process that never stops"),
        pytest.param(False, True, True, Keeper.LASTING, id="a restart"),
        pytest.param(False, False, False, Keeper.PASSING, id="a store that cannot be written"),
        pytest.param(True, False, True, Keeper.PASSING, id="a process that never stops cannot keep either"),
    ],
)
def test_only_a_process_whose_store_lasts_keeps_a_token(
    *, new: bool, writable: bool, endless: bool, who: Keeper
) -> None:
    assert keeper(new=new, writable=writable, endless=endless) is who


@pytest.mark.parametrize("who", list(Keeper))
@pytest.mark.parametrize("auth", [AuthMode.AUTO, AuthMode.UNIVERSAL])
def test_the_old_login_comes_first_only_where_a_mint_would_be_thrown_away(
    auth: AuthMode, who: Keeper
) -> None:
    assert signs_in_first(auth, who) is (auth is AuthMode.AUTO and who is Keeper.PASSING)


@pytest.mark.parametrize(
    ("age", "is_due"), [(0.0, False), (WEEK / 2 - 1, False), (WEEK / 2, True), (WEEK, True)]
)
def test_a_token_is_renewed_at_half_its_life(age: float, *, is_due: bool) -> None:
    assert due(token("a"), NOW + age) is is_due


MINTING, SPENT = TokenState.MINTING, TokenState.SPENT


@pytest.mark.parametrize(
    ("rows", "usable", "step"),
    [
        pytest.param([], "", Mint(WEEK), id="nothing is active"),
        pytest.param([token("a")], "a", Mint(WEEK), id="renewal: the kept one revokes itself afterwards"),
        pytest.param(
            [token("a"), token("b", SPENT)],
            "a",
            Mint(WEEK, ("b",)),
            id="what is still active beside the kept one is revoked before",
        ),
        pytest.param([token("a")], "", Mint(HOUR), id="a kept one that cannot be read leaves room for one"),
        pytest.param([token("a", SPENT)], "", Mint(HOUR), id="a lost one leaves room for a short one"),
        pytest.param([token("a", SPENT, left=0)], "", Mint(WEEK), id="one that has ended does not count"),
        pytest.param([token("a", MINTING, age=60)], "", Mint(HOUR), id="a mint of a minute ago is lost"),
        pytest.param([token("a", MINTING, age=-5)], "", Mint(HOUR), id="an age from the future is none"),
    ],
)
def test_a_mint_is_as_long_as_what_may_be_active_allows(
    rows: list[OwnToken], usable: str, step: MintStep
) -> None:
    assert next_mint(rows, NOW, Keeper.LASTING, usable=usable) == step


@pytest.mark.parametrize(
    ("who", "seconds"), [(Keeper.PASSING, HOUR), (Keeper.STARTING, DAY), (Keeper.LASTING, WEEK)]
)
def test_a_token_lives_as_long_as_its_store_is_known_to_last(who: Keeper, seconds: float) -> None:
    assert next_mint([], NOW, who) == Mint(seconds)


@pytest.mark.parametrize("who", list(Keeper))
def test_a_token_of_an_app_lives_within_what_gupshup_allows(who: Keeper) -> None:
    """From an hour to a day, also by a clock that is a minute late."""
    assert HOUR + 60 <= app_life(who) <= DAY - 60
    assert (app_life(who) > DAY / 2) is (who is not Keeper.PASSING)


def test_a_mint_that_is_under_way_is_waited_for() -> None:
    step = next_mint([token("a", MINTING, age=20)], NOW, Keeper.LASTING, usable="b")
    assert step == WaitToMint(40, "another process mints a Universal Token")


def test_two_that_may_be_active_and_cannot_be_revoked_are_waited_for() -> None:
    step = next_mint([token("a", SPENT), token("b", SPENT, left=HOUR)], NOW, Keeper.LASTING)
    assert isinstance(step, WaitToMint)
    assert step.seconds == HOUR
    assert step.why.startswith("a and b may be active, and no token is at hand to revoke them with: revoke")


def test_a_name_carries_the_stores_id_and_is_no_other_stores() -> None:
    name = token_name("3f9a", "01")
    assert name == "gupshupctl-3f9a-01"
    assert named_by(name, "3f9a")
    assert not named_by(name, "3f9")
    assert not named_by("portal", "3f9a")


@pytest.mark.parametrize(
    ("names", "words"),
    [(("crm", "ci"), "active are ci, crm; revoke"), ((), "does not show us their names; revoke")],
)
def test_a_reached_limit_names_the_tokens_and_what_to_do(names: tuple[str, ...], words: str) -> None:
    assert words in limit_reached(names)
