"""What the store keeps of an account: the facts that sign-ins told, and the ends that were notified."""

from dataclasses import replace

import pytest
from sqlalchemy import Connection, select

from controller.edges.store import SqlStore
from controller.edges.store.database import put
from controller.edges.store.schema import traits
from controller.model.account import AccountFacts
from controller.model.memory import AccountTold
from controller.model.upstream import Upstream
from tests.builders.account import PENDING, SECRET_KIND, UNIVERSAL_KIND, end_in
from tests.builders.upstream import HERE, THEM
from tests.clock import FakeClock
from tests.edges.engines import Engine


async def told(store: SqlStore, facts: AccountFacts, upstream: Upstream = HERE) -> None:
    async with store.writer(upstream):
        await store.memories.note(upstream, [AccountTold(facts)])


async def test_facts_are_kept_by_account_without_the_ends_of_tokens(engine: Engine, store: SqlStore) -> None:
    await told(store, replace(PENDING, ends=(end_in(6),)))
    rows = await store._database.read(lambda connection: connection.execute(select(traits.c.value)).all())
    assert "ends" not in "".join(row.value for row in rows)
    async with engine.open() as other:
        assert (await other.memories.read(HERE)).account == PENDING
        assert (await other.memories.read(THEM)).account == AccountFacts()
        await told(other, replace(PENDING, terms_accepted=True, may_mint=False))
    expected = replace(PENDING, terms_accepted=True, may_mint=False)
    assert (await store.memories.read(HERE)).account == expected


async def test_the_moment_of_the_facts_is_on_the_readers_clock(engine: Engine, store: SqlStore) -> None:
    await told(store, PENDING)
    ahead = FakeClock()
    ahead.time = engine.clock.time + 500
    offset = 0 if engine.kind == "sqlite" else 500  # on one machine there is one clock
    async with engine.open(ahead) as other:
        assert (await other.memories.read(HERE)).account.at == pytest.approx(PENDING.at + offset)


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', '{"terms_accepted": 1, "at": "x"}'])
async def test_unreadable_facts_are_no_facts(store: SqlStore, text: str) -> None:
    def spoil(connection: Connection) -> None:
        put(connection, traits, {"upstream": HERE, "name": "account facts"}, {"value": text})

    await store._database.write(spoil, HERE)
    assert (await store.memories.read(HERE)).account == AccountFacts()


async def test_each_number_of_days_ahead_is_claimed_once_whichever_process_asks(
    engine: Engine, store: SqlStore
) -> None:
    async with engine.open() as other:
        end = end_in(20, SECRET_KIND)
        asked = [(store, 14), (other, 14), (other, 7), (store, 7), (store, 14), (store, 1), (other, 1)]
        claimed = [await each.told_ends.claim(HERE, end, days) for each, days in asked]
    assert claimed == [True, False, True, False, False, True, False]


async def test_credentials_and_accounts_are_claimed_apart(store: SqlStore) -> None:
    for upstream in (HERE, THEM):
        for kind in (SECRET_KIND, UNIVERSAL_KIND):
            assert await store.told_ends.claim(upstream, end_in(3, kind), 7)


async def test_only_a_later_end_begins_anew(store: SqlStore) -> None:
    claimed = [await store.told_ends.claim(HERE, end_in(days), 7) for days in (5, 5, 4, 6, 6, 5)]
    assert claimed == [True, False, False, True, False, False]
