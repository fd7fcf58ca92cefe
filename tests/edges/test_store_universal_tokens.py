"""Universal Tokens in a store: a name before its mint, a sealed text after it, and one in use."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from controller.core.ratelimit import budgets
from controller.edges.store import SqlStore, open_store
from controller.model.account import Identified, OwnToken, TokenState
from controller.model.manifest import Bucket
from controller.model.ratelimit import ACCOUNT
from controller.model.secret import Secret
from controller.model.upstream import Upstream
from tests.clock import FakeClock
from tests.edges.engines import Engine

URL = "https://partner.gupshup.io"
HERE = Upstream(f"{URL}#1368")
LOGIN = "https://partner.gupshup.io login 0123"
ONE = OwnToken("one", TokenState.MINTING, "1368", 100.5, 900.5, -3.0)
TWO = replace(ONE, name="two", minted=500.0, expires=1500.0)


async def names(store: SqlStore) -> dict[str, TokenState]:
    return {row.name: row.state for row in await store.tokens.read(LOGIN)}


async def test_a_token_comes_back_as_it_was_written_with_its_age(store: SqlStore, clock: FakeClock) -> None:
    await store.tokens.begin(LOGIN, lambda _: ONE)
    clock.time += 20
    (row,) = await store.tokens.read(LOGIN)
    assert replace(row, age=0.0) == ONE
    assert row.age == pytest.approx(20, rel=0, abs=1e-3)
    assert await store.tokens.read("another login") == ()


async def test_what_is_begun_is_chosen_from_what_is_there(engine: Engine, store: SqlStore) -> None:
    seen: list[Sequence[OwnToken]] = []

    def choose(present: Sequence[OwnToken]) -> OwnToken | None:
        seen.append(present)
        return None if present else ONE

    await store.tokens.begin(LOGIN, choose)
    async with engine.open() as other:
        await other.tokens.begin(LOGIN, choose)
    assert [len(present) for present in seen] == [0, 1]
    assert await names(store) == {"one": TokenState.MINTING}


async def test_one_that_is_kept_makes_every_other_one_spent_and_unreadable(store: SqlStore) -> None:
    await store.tokens.keep(LOGIN, replace(ONE, state=TokenState.KEPT, sealed="s1"))
    await store.tokens.keep(LOGIN, replace(TWO, state=TokenState.KEPT, sealed="s2"))
    one, two = await store.tokens.read(LOGIN)
    assert (one.state, one.sealed) == (TokenState.SPENT, "")
    assert (two.state, two.sealed) == (TokenState.KEPT, "s2")
    late = replace(TWO, name="three", state=TokenState.KEPT, minted=1000.0, expires=9000.0)
    await store.tokens.keep(LOGIN, late)
    assert await names(store) == {"two": TokenState.SPENT, "three": TokenState.KEPT}, "one has ended"


async def test_a_lost_one_is_spent_until_it_is_forgotten(store: SqlStore) -> None:
    await store.tokens.begin(LOGIN, lambda _: ONE)
    await store.tokens.lose(LOGIN, "one")
    assert await names(store) == {"one": TokenState.SPENT}
    await store.tokens.forget("another login", ["one"])
    await store.tokens.forget(LOGIN, [])
    assert await names(store) == {"one": TokenState.SPENT}
    await store.tokens.forget(LOGIN, ["one"])
    assert await names(store) == {}


async def test_only_the_same_secret_store_and_login_open_what_is_sealed(
    store: SqlStore, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text, secret = Secret("Bearer eyJ.x.y"), Secret("client secret")
    sealed = store.seal(text, secret, LOGIN)
    assert "eyJ" not in sealed
    assert store.unseal(sealed, secret, LOGIN) == text
    assert store.unseal(sealed, Secret("rotated"), LOGIN) is None
    assert store.unseal(sealed, secret, "another login") is None
    assert store.unseal("no token", secret, LOGIN) is None
    assert store.seal(text, secret, LOGIN) != sealed, "the same text is never the same twice"
    with_another_key = tmp_path_factory.mktemp("another") / "state.db"
    async with open_store(with_another_key, FakeClock(), inline=True) as other:
        assert other.unseal(sealed, secret, LOGIN) is None
        assert other.id != store.id


async def test_the_partners_id_is_known_by_the_login_that_opened_the_account(store: SqlStore) -> None:
    assert await store.accounts.partner_id(LOGIN) == ""
    await store.accounts.settle(URL, lambda _: Identified(HERE, "1368"))
    assert await store.accounts.partner_id(LOGIN) == ""
    await store.accounts.opened(LOGIN, HERE)
    assert await store.accounts.partner_id(LOGIN) == "1368"
    await store.calls.set_trait(LOGIN, ACCOUNT, Upstream("gone"))
    assert await store.accounts.partner_id(LOGIN) == ""


def test_a_mint_counts_by_itself_and_a_call_about_tokens_with_all_others() -> None:
    assert [each.key for each in budgets(Bucket.MINT, None)] == ["mint"]
    assert [each.key for each in budgets(Bucket.AUTH, None)] == ["auth", "other"]
