"""The accounts of a store: one account has one name for all processes, whatever it was called before."""

import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TypeVar

import psycopg
import pytest

from controller.core.identity import SignedIn, identify
from controller.core.ratelimit import budgets, earliest
from controller.edges.store import SqlStore
from controller.edges.store.database import Database, Work
from controller.edges.store.tables.accounts import AccountTable
from controller.errors import Busy
from controller.model.account import Identified, Identity, KnownAccount
from controller.model.history import Declared, WriteRecord
from controller.model.manifest import AppId, Bucket
from controller.model.memory import Bind, Binding, LedgerEntry, LedgerWritten, Refusal, Refuse
from controller.model.ratelimit import ACCOUNT, Reservation
from controller.model.upstream import Upstream
from tests.edges.call_log import call_log
from tests.edges.engines import Engine

URL = "https://partner.gupshup.io"
HERE, NAMED = Upstream(f"{URL}#1368"), Upstream(f"{URL}#main")
T = TypeVar("T")
PHONE, APP = "919876543210", AppId("app-1")


def by(told: str = "") -> Callable[[Sequence[KnownAccount]], Identity]:
    return partial(identify, SignedIn(URL, told=told), ours={})


async def test_an_account_stored_without_an_id_takes_the_first_id_that_is_known(
    engine: Engine, store: SqlStore
) -> None:
    """Its name stays for running processes, too, and with it lock, budgets and intents."""
    provisional = Upstream(f"{URL}#provisional")
    async with engine.open() as other:
        assert await other.accounts.settle(URL, by()) == Identified(provisional)
        assert await store.accounts.settle(URL, by("1368")) == Identified(provisional, "1368")
        assert await other.accounts.settle(URL, by("1368")) == Identified(provisional, "1368")
        assert await other.accounts.settle(URL, by("9")) == Identified(Upstream(f"{URL}#9"), "9")
    assert await store.accounts.knows(provisional)
    assert not await store.accounts.knows(HERE)


class Overtaken:
    """A database in which another process is quicker: between our first read and what follows it."""

    def __init__(self, database: Database, rival: SqlStore) -> None:
        self._database = database
        self._rival = rival

    async def read(self, work: Work[T]) -> T:
        answer = await self._database.read(work)
        await self._rival.accounts.settle(URL, by())
        return answer

    async def write(self, work: Work[T], key: str | None) -> T:
        return await self._database.write(work, key)


async def test_an_account_that_another_process_stored_meanwhile_is_used(
    engine: Engine, store: SqlStore
) -> None:
    async with engine.open() as rival:
        accounts = AccountTable(Overtaken(store._database, rival))  # type: ignore[arg-type]  # all that is asked of one
        assert await accounts.settle(URL, by("1368")) == Identified(Upstream(f"{URL}#provisional"), "1368")


async def test_bound_apps_identify_an_account(store: SqlStore) -> None:
    await store.accounts.settle(URL, by("1368"))
    async with store.writer(HERE):
        lost = Binding("910000000000", AppId("app-0"), missing_since=1.0)
        some = [Bind(Binding(f"91000000000{n}", AppId(f"app-{n}"))) for n in range(1, 6)]
        await store.memories.note(HERE, [Bind(lost), *some])
    seen: list[KnownAccount] = []

    def decide(known: Sequence[KnownAccount]) -> Identity:
        seen.extend(known)
        return by("1368")(known)

    await store.accounts.settle(URL, decide)
    assert seen == [KnownAccount(HERE, "1368", (AppId("app-1"), AppId("app-2"), AppId("app-3")))]


async def fill(store: SqlStore, upstream: Upstream, name: str, secret: str) -> Reservation:
    """Leave something in every table."""
    async with store.writer(upstream):
        await store.memories.note(
            upstream,
            [
                Bind(Binding(PHONE, APP)),
                Bind(Binding(name, AppId(name))),
                Refuse(Refusal(name, "d", "LinkRefused", "no", at=5.0)),
                LedgerWritten(LedgerEntry("same", "d1", secret="s1")),
                LedgerWritten(LedgerEntry("other", f"digest of {secret}", secret=secret)),
            ],
        )
        await store.intents.open(upstream, f"1{name}", name)
        await store.history.begin(upstream, WriteRecord(1.0, "who", "r1", "link", f"App/{name}"))
    await store.statuses.save(upstream, {"App/a": "{}", f"App/{name}": "{}"})
    await store.spent.spend(upstream, "digest")
    await store.hints.leave(upstream, "", "reconcile")
    await store.calls.rest(upstream, "list", 1e12 if name == "old" else 5.0)
    await store.calls.set_trait(upstream, "slow list", "429")
    counts = Declared(9, 1) if name == "old" else Declared(2, 7)
    await store.revisions.declare(upstream, counts)
    found = await store.calls.reserve(upstream, budgets(Bucket.OTHER, None), rule=earliest, route="x")
    assert isinstance(found, Reservation)
    return found


async def test_two_names_of_an_account_become_one_and_the_stricter_facts_stay(store: SqlStore) -> None:
    await store.accounts.settle(URL, by("1368"))
    going_on = await fill(store, NAMED, "old", "of the one")
    await fill(store, HERE, "new", "of the other")

    async with store.writer(HERE), store.writer(NAMED):
        await store.accounts.join(NAMED, HERE)

    memory = await store.memories.read(HERE)
    assert memory.bindings.keys() == {PHONE, "old", "new"}
    assert memory.intents.keys() == {"1old", "1new"}
    assert memory.refusals.keys() == {"old", "new"}
    assert memory.ledger.keys() == {"same"}, "of two that differ nobody knows which was written last"
    assert [upstream for upstream, _ in await store.history.read()] == [HERE, HERE]
    assert (await store.statuses.read(HERE)).keys() == {"App/a", "App/new", "App/old"}
    assert await store.statuses.upstreams() == (HERE,)
    assert not await store.spent.spend(HERE, "digest")
    assert [hint.kind for hint in await store.hints.take(HERE)] == ["reconcile"]
    assert await store.revisions.declared(HERE) == Declared(9, 7)
    assert await store.revisions.declared(NAMED) is None
    await store.calls.ended(going_on, 200)
    calls, _ = await call_log(store, HERE, "other")
    assert [call.end is None for call in calls] == [False, True]
    assert (await call_log(store, HERE, "list"))[1] > 1e9
    assert (await store.memories.read(NAMED)).bindings == {}
    async with store.writer(HERE), store.writer(NAMED):
        await store.accounts.join(NAMED, HERE)  # again, where a process died right after it


@pytest.mark.parametrize("ended", ["old", "new"])
async def test_joined_accounts_keep_the_longer_of_two_intents_for_a_phone(
    store: SqlStore, ended: str
) -> None:
    opened = {}
    for upstream, name in ((NAMED, "old"), (HERE, "new")):
        async with store.writer(upstream):
            opened[name] = (await store.intents.open(upstream, PHONE, name)).id
            if name == ended:
                await store.intents.end(upstream, opened[name])
    async with store.writer(HERE), store.writer(NAMED):
        await store.accounts.join(NAMED, HERE)
        kept = (await store.memories.read(HERE)).intents[PHONE]
        assert kept.name == ("new" if ended == "old" else "old")
        assert kept.ended is None
        with pytest.raises(Busy):
            await store.intents.open(HERE, PHONE, "third")


async def test_sign_ins_count_for_their_account_once_it_is_known(store: SqlStore) -> None:
    login = f"{URL} login 0123"
    for upstream in (NAMED, HERE):
        await store.calls.reserve(login, budgets(Bucket.LOGIN, None), rule=earliest, route="login")
        await store.accounts.opened(login, upstream)
        assert await store.calls.trait(login, ACCOUNT) == upstream
        assert len((await call_log(store, upstream, "login"))[0]) == 1
        assert await call_log(store, login, "login") == ((), 0.0)
    async with store.writer(HERE), store.writer(NAMED):
        await store.accounts.opened(login, NAMED)
        await store.accounts.join(NAMED, HERE)
    assert await store.calls.trait(login, ACCOUNT) == HERE, "what led to the name that went leads on"
    assert len((await call_log(store, HERE, "login"))[0]) == 2


OLD = (
    "DROP TABLE {s}accounts",
    "DROP TABLE {s}app_health",
    "DROP TABLE {s}declared",
    "DROP TABLE {s}universal_tokens",
    (
        "CREATE TABLE {s}declared (upstream TEXT NOT NULL, source TEXT NOT NULL, apps INTEGER NOT NULL, "
        "subscriptions INTEGER NOT NULL, CONSTRAINT pk_declared PRIMARY KEY (upstream, source))"
    ),
    "ALTER TABLE {s}bindings DROP COLUMN name",
    "ALTER TABLE {s}history DROP COLUMN app_id",
    "ALTER TABLE {s}history DROP COLUMN tag",
    "UPDATE {s}alembic_version SET version_num = '0004'",
    "INSERT INTO {s}bindings (upstream, phone, app_id) VALUES ('{url}#1368', '1', 'app-1')",
    "INSERT INTO {s}bindings (upstream, phone, app_id) VALUES ('{url}#main', '1', 'app-1')",
    "INSERT INTO {s}spent (upstream, digest, at) VALUES ('{url}#1368', 'd', 1)",
    "INSERT INTO {s}unclear (upstream, phone, attempts) VALUES ('{url}#sealed', '2', 1)",
    "INSERT INTO {s}calls (upstream, budget, reserved, route) VALUES ('{url} login 01', 'login', 1, 'x')",
)


async def test_a_store_of_an_older_release_keeps_its_accounts_by_id_or_name(
    engine: Engine,
) -> None:
    """A name that was a Partner's takes its id from the next sign-in that returns one, or from its apps."""
    async with engine.open():
        pass
    if engine.kind == "sqlite":
        with closing(sqlite3.connect(engine.location, isolation_level=None)) as raw:
            for statement in OLD:
                raw.execute(statement.format(s="", url=URL))
    else:
        with psycopg.connect(engine.real, autocommit=True) as connection:
            for statement in OLD:
                connection.execute(statement.format(s="gupshup_controller.", url=URL).encode())
    seen: list[KnownAccount] = []

    def decide(known: Sequence[KnownAccount]) -> Identity:
        seen.extend(known)
        return by("1368")(known)

    async with engine.open() as store:
        await store.accounts.settle(URL, decide)
    assert seen == [
        KnownAccount(HERE, "1368", (APP,)),
        KnownAccount(NAMED, "", (APP,)),
        KnownAccount(Upstream(f"{URL}#sealed")),
    ]


async def test_the_holder_of_an_account_is_its_writer_or_empty(engine: Engine, store: SqlStore) -> None:
    assert await store.holder(HERE) == ""
    async with engine.open() as other, other.writer(HERE):
        assert f"pid {os.getpid()}, " in await store.holder(HERE)
        assert await store.holder(NAMED) == ""
    assert await store.holder(HERE) == ""
    if engine.kind == "sqlite":  # there a process that was killed leaves what it signed
        async with store.writer(HERE):
            (lock,) = Path(engine.location).parent.glob("*.writer")
            signed = lock.read_bytes()
        lock.write_bytes(signed)
        assert await store.holder(HERE) == ""
