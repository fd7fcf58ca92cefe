"""A copy of a store says the same on any database, takes new writes, and is made whole or not at all."""

import asyncio
import signal
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Float, Table, select

from controller.core.ratelimit import budgets
from controller.edges.store import SqlStore, copy_store, open_store
from controller.edges.store.clocks import StoreClock
from controller.edges.store.schema import tables
from controller.errors import Locked, StoreError
from controller.model.account import AccountFacts, Identified, OwnToken, TokenState
from controller.model.health import AppHealth, WabaInfo
from controller.model.history import Declared, KeptReport, LastGood, WriteRecord
from controller.model.manifest import AppId, Bucket
from controller.model.memory import Bind, Binding, HealthRead, LedgerEntry, LedgerWritten, Refusal, Refuse
from controller.model.secret import Secret
from controller.model.source import SourceFile
from controller.model.upstream import Upstream
from tests.clock import FakeClock
from tests.edges.test_store_opening import as_of_version_1, made
from tests.postgresql import Server

URL = "https://partner.gupshup.io"
HERE, LOGIN = Upstream(f"{URL}#1"), f"{URL} login 1"
SECRET, TOKEN = Secret("client secret"), Secret("universal token")
OWN = {"alembic_version", "meta", "leases", "replicas"}
NOT_ON_ITS_CLOCK = {"history.at", "statuses.at", "spent.at", "revisions.at"} | {
    f"universal_tokens.{name}" for name in ("minted", "expires", "ahead")
}
A_MINUTE = pytest.approx(0, rel=0, abs=60)
"""What the tests may take, while the two clocks are years apart."""


@dataclass
class Standing(FakeClock):
    """A clock that nobody sleeps by: a lease is not renewed, and lasts."""

    boot: str = "this run"

    async def sleep(self, seconds: float) -> None:  # noqa: ARG002  (a clock's signature)
        await asyncio.get_running_loop().create_future()


CLOCK = Standing()
NOW = CLOCK.now()
NOTES = (
    Bind(Binding("910000000001", AppId("app-1"), NOW - 10, "w")),
    Refuse(Refusal("acme", "d", "LinkRefused", "no", at=NOW - 20, tries=2, retry_at=NOW + 30)),
    LedgerWritten(LedgerEntry("acme/events", "d", "s", 2, NOW - 40)),
    HealthRead(AppId("app-1"), AppHealth(WabaInfo("1"), NOW - 50, fell_from="GREEN", fell_at=NOW - 60)),
)
WRITE = WriteRecord(NOW - 7, "apply", "r1", "link", "App/acme", "done", "app-1")


def place(request: pytest.FixtureRequest, path: Path) -> str:
    """Return where a store can be made."""
    if request.param == "sqlite":
        return str(path)
    server: Server = request.getfixturevalue("server")
    return server.url(server.database())


@pytest.fixture(params=["sqlite", "postgresql"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return where a store is that has something in each of its tables."""
    location = place(request, tmp_path / "from.db")
    asyncio.run(fill(location))
    return location


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return place(request, tmp_path / "folder" / "to.db")


async def fill(location: str) -> None:
    async with open_store(location, CLOCK) as store, store.writer(HERE):
        await store.accounts.settle(URL, lambda _: Identified(HERE, "1"))
        intent = await store.intents.open(HERE, "910000000002", "Beta")
        await store.intents.end(HERE, intent.id)
        await store.memories.note(HERE, NOTES)
        await store.memories.tell(HERE, AccountFacts(terms_accepted=True, at=NOW - 5))
        await store.history.begin(HERE, WRITE)
        await store.statuses.save(HERE, {"App/acme": '{"a": "Acmé"}'})
        await store.spent.spend(HERE, "sha256:1")
        await store.revisions.save_good("/m", LastGood("r1", NOW, (SourceFile("a.yaml", b"\0\xff"),)))
        await store.revisions.declare(HERE, Declared(3, 2))
        await store.hints.leave(HERE, "acme", "event")
        await reserve(store)
        await store.calls.rest(HERE, "link", NOW + 20)
        sealed = store.seal(TOKEN, SECRET, LOGIN)
        await store.tokens.keep(LOGIN, OwnToken("one", TokenState.KEPT, "1", NOW, NOW + 9, sealed=sealed))
        await store.reports.keep(KeptReport(NOW, "apply", "r1", 0, "gone", "text", "a report"))


async def reserve(store: SqlStore) -> None:
    asked = budgets(Bucket.LINK, None)
    answer = await store.calls.reserve(HERE, asked, rule=lambda *_: 0.0, route="POST /link")
    await store.calls.ended(answer, 200)  # type: ignore[arg-type]  # the rule lets each call go


async def content(location: str) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of each table; instead of a moment on the store's clock, its age."""
    async with open_store(location, CLOCK, make=False) as store:
        clock = store.calls._clock
        return {
            table.name: await store._database.read(partial(aged, table, clock))
            for table in tables.sorted_tables
            if table.name not in OWN
        }


def aged(table: Table, clock: StoreClock, connection: Connection) -> list[dict[str, Any]]:
    now = clock.now(connection)
    on_its_clock = [
        column.name
        for column in table.columns
        if isinstance(column.type, Float) and str(column) not in NOT_ON_ITS_CLOCK
    ]
    rows = connection.execute(select(table).order_by(*table.primary_key)).mappings()
    return [
        {**row, **{name: now - row[name] for name in on_its_clock if row[name] is not None}} for row in rows
    ]


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[object]:
    """Return by how much the numbers of two rows differ, and other values that differ as they are."""
    return [
        value - other[name] if isinstance(value, float) else (value, other[name])
        for name, value in one.items()
        if value != other[name]
    ]


async def test_a_copy_holds_every_row_with_its_moments_on_its_own_clock(source: str, target: str) -> None:
    before = await content(source)
    done = await copy_store(source, target, CLOCK)
    after = await content(target)

    assert done.rows == {name: len(rows) for name, rows in before.items()}
    assert {name for name, rows in before.items() if not rows} == {"unclear"}
    assert {name: len(rows) for name, rows in after.items()} == done.rows
    for name, rows in before.items():
        for one, other in zip(rows, after[name], strict=True):
            if name != "traits":
                assert [each for each in differences(one, other) if each != A_MINUTE] == [], name


async def test_a_copy_opens_the_token_and_takes_the_next_write(source: str, target: str) -> None:
    await copy_store(source, target, CLOCK)
    async with open_store(source, CLOCK) as old, open_store(target, CLOCK) as new, new.writer(HERE):
        assert new.id == old.id
        (token,) = await new.tokens.read(LOGIN)
        opened = new.unseal(token.sealed, SECRET, LOGIN)
        assert opened is not None
        assert opened.reveal() == TOKEN.reveal()
        told = (await new.memories.read(HERE)).account
        assert told.terms_accepted
        assert told.at - NOW == A_MINUTE
        assert await new.reports.kept() == await old.reports.kept()
        await reserve(new)
        assert await new.history.begin(HERE, WRITE) == 2
        assert (await new.intents.open(HERE, "910000000003", "Gamma")).id == 2
        assert len(await old.history.read()) == 1


async def test_nothing_is_copied_while_a_process_writes(source: str, target: str) -> None:
    async with open_store(source, CLOCK) as busy, busy.writer(HERE):
        with pytest.raises(Locked, match="another writer holds it: pid"):
            await copy_store(source, target, CLOCK)
    assert (await copy_store(source, target, CLOCK)).rows["history"] == 1


async def test_a_place_that_holds_a_store_is_left_alone(source: str, target: str) -> None:
    async with open_store(target, CLOCK) as there:
        its_id = there.id
    for place in (target, source):
        with pytest.raises(StoreError, match=r"something is there already.*nothing was changed"):
            await copy_store(source, place, CLOCK)
    async with open_store(target, CLOCK) as there:
        assert (there.id, await there.history.read()) == (its_id, ())


def test_a_taken_place_is_refused_before_an_older_store_is_upgraded(target: str, tmp_path: Path) -> None:
    asyncio.run(fill(target))
    older = tmp_path / "older.db"
    asyncio.run(made(older))
    as_of_version_1(older)
    before = older.read_bytes()
    with pytest.raises(StoreError, match=r"something is there already.*nothing was changed"):
        asyncio.run(copy_store(str(older), target, CLOCK))
    assert older.read_bytes() == before
    assert list(tmp_path.glob("older.db.backup-*")) == []


def test_a_refused_place_gets_no_file_beside_it(tmp_path: Path) -> None:
    asyncio.run(fill(str(tmp_path / "from.db")))
    taken = tmp_path / "taken"
    taken.mkdir()
    with pytest.raises(StoreError, match="something is there already"):
        asyncio.run(copy_store(str(tmp_path / "from.db"), str(taken), CLOCK))
    assert list(tmp_path.glob("taken*")) == [taken]


@pytest.mark.parametrize("spelling", ["link.db", "folder/from.db", "sqlite:///link.db", "./from.db"])
def test_a_store_is_not_copied_onto_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spelling: str
) -> None:
    monkeypatch.chdir(tmp_path)
    asyncio.run(fill("from.db"))
    (tmp_path / "link.db").symlink_to("from.db")
    (tmp_path / "folder").symlink_to(tmp_path)
    before = asyncio.run(content("from.db"))
    for source, target in (("from.db", spelling), (spelling, "from.db")):
        with pytest.raises(StoreError, match=r"something is there already.*nothing was changed"):
            asyncio.run(copy_store(source, target, CLOCK))
    assert {name: len(rows) for name, rows in asyncio.run(content("from.db")).items()} == {
        name: len(rows) for name, rows in before.items()
    }


def test_without_a_store_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no store at"):
        asyncio.run(copy_store(str(tmp_path / "none.db"), str(tmp_path / "to.db"), CLOCK))
    assert list(tmp_path.iterdir()) == []


DIES = """
import os, signal, sys
from pathlib import Path
from controller.edges.store.location import located
from controller.edges.store.opening import make_new
from controller.edges.store.postgresql import opening, server

def die(connection):
    os.kill(os.getpid(), signal.SIGKILL)

place = located(sys.argv[1])
if isinstance(place, Path):
    make_new(place, die)
opening.make_new(server.PostgresqlDialect(place), server.connect(place), die)
"""


def test_a_copy_that_is_killed_leaves_no_store_and_can_be_made_again(source: str, target: str) -> None:
    killed = subprocess.run([sys.executable, "-c", DIES, target], check=False)
    assert killed.returncode == -signal.SIGKILL
    with pytest.raises(StoreError, match="there is no store at"):
        open_store(target, CLOCK, make=False)
    assert asyncio.run(copy_store(source, target, CLOCK)).rows["history"] == 1
