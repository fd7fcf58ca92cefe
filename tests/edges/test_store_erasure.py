"""Erasure of an app: every row that names it goes, on both kinds of database, and nobody else's does."""

from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Connection, Float, Integer, LargeBinary, Table, Text, insert, select

from controller.edges.store import SqlStore, open_store
from controller.edges.store.database import Database
from controller.edges.store.schema import accounts, declared, leases, tables
from controller.model.history import KeptReport, LastGood, WriteRecord
from controller.model.manifest import AppId
from controller.model.memory import Bind, Binding
from controller.model.source import SourceFile
from tests.clock import FakeClock
from tests.edges.engines import FOR_EVER, Engine
from tests.postgresql import USER, Server

HERE, THERE = "https://partner.gupshup.io#1", "http://127.0.0.1:9000#1"
PHONE, APP = "919876543210", AppId("7f9c24e5-8d1b-4c3a-9a51-2f6d0b7e1c88")
OURS = (PHONE, f"link:{PHONE}", f"subscription:{APP}:events", "App/acme", "Subscription/events on App/acme")
OTHERS = (f"{PHONE}7", f"1{PHONE}", "App/acme-2", "Subscription/events on App/acme2", "App/Acme", "acme")
APART = {accounts.name, leases.name, declared.name}
"""Tables that name no app."""


@pytest.fixture
async def store(engine: Engine) -> AsyncIterator[SqlStore]:
    async with engine.open() as store, store.writer(HERE), store.writer(THERE):
        yield store


def by_upstream() -> list[Table]:
    return [table for table in tables.sorted_tables if "upstream" in table.c and table.name not in APART]


def row(table: Table, upstream: str, word: str, number: int) -> dict[str, object]:
    """Return a row that has *word* in its last text, whatever the table is."""
    values: dict[str, object] = {}
    for column in table.c:
        match column.type:
            case Text():
                values[column.name] = None if column.nullable else f"v{number}"
            case LargeBinary():
                values[column.name] = b""
            case Float() | Integer() if column.name != "id":
                values[column.name] = 1
    last = [column.name for column in table.c if isinstance(column.type, Text)][-1]
    return {**values, last: word, "upstream": upstream}


async def fill(store: SqlStore, upstream: str, words: Iterable[str], first: int) -> None:
    def work(connection: Connection) -> None:
        for table in by_upstream():
            rows = [row(table, upstream, word, number) for number, word in enumerate(words, first)]
            connection.execute(insert(table), rows)

    await database(store).write(work, upstream)


def database(store: SqlStore) -> Database:
    return store._database


async def rows_in(store: SqlStore, upstream: str) -> dict[str, int]:
    def work(connection: Connection) -> dict[str, int]:
        query = {table: select(table).where(table.c.upstream == upstream) for table in by_upstream()}
        return {table.name: len(connection.execute(each).all()) for table, each in query.items()}

    return await database(store).read(work)


async def test_each_row_that_names_the_app_goes_and_no_other_one(store: SqlStore) -> None:
    """A phone may be the beginning of another one, and a name of another name."""
    await fill(store, HERE, OURS, 0)
    await fill(store, HERE, OTHERS, 100)
    await fill(store, THERE, OURS, 200)
    erased = await store.erasure.erase(HERE, "acme", {APP, PHONE})
    assert erased == {table.name: len(OURS) for table in by_upstream()}
    assert await rows_in(store, HERE) == {table.name: len(OTHERS) for table in by_upstream()}
    assert await rows_in(store, THERE) == {table.name: len(OURS) for table in by_upstream()}


async def test_the_phone_is_known_by_the_id(store: SqlStore) -> None:
    await store.memories.note(HERE, [Bind(Binding(PHONE, APP)), Bind(Binding("911111111111", AppId("b")))])
    await store.hints.leave(HERE, "acme", "reconcile")
    await store.intents.open(HERE, PHONE, "Acme")
    assert await store.erasure.erase(HERE, "acme", {APP}) == {"bindings": 1, "hints": 1, "intents": 1}
    assert set((await store.memories.read(HERE)).bindings) == {"911111111111"}
    assert await store.erasure.erase(HERE, "acme", {APP}) == {}


async def test_what_is_of_an_app_that_stays_is_left(store: SqlStore) -> None:
    """It had the name before, or its phone is that of a retired manifest, or it is bound to the phone."""
    stays, gone, phone = AppId("stays"), AppId("gone"), "911111111111"
    await store.memories.note(HERE, [Bind(Binding(PHONE, APP)), Bind(Binding(phone, stays))])
    for app_id in (APP, stays, gone, None):
        await store.history.begin(HERE, WriteRecord(2e9, "joe", "r1", "link", "App/acme", app_id=app_id))
    erased = await store.erasure.erase(HERE, "acme", {PHONE}, {stays})
    assert erased == {"bindings": 1, "history": 3}
    assert [each.app_id for _, each in await store.history.read(HERE)] == [stays]
    await store.history.begin(HERE, WriteRecord(2e9, "joe", "r1", "link", "App/acme", app_id=stays))
    assert await store.erasure.erase(HERE, "acme", ()) == {}, "the app that is bound now"
    assert await store.erasure.erase(HERE, "acme", {phone}, {phone, stays}) == {}
    assert set((await store.memories.read(HERE)).bindings) == {phone}


async def test_a_kept_revision_and_a_kept_report_that_name_it_go_whole(store: SqlStore) -> None:
    for source, phone in (("left", PHONE), ("other", "911111111111")):
        files = (SourceFile("a.yaml", f'phone: "{phone}"\n'.encode(), ""), SourceFile("b.yaml", b"\xff", ""))
        await store.revisions.save_good(source, LastGood("r1", 1.0, files))
    await store.reports.keep(KeptReport(1.0, "joe", "r1", 0, "gone", "text", "done: App/acme"))
    erased = await store.erasure.erase(HERE, "acme", {PHONE})
    assert erased == {"manifests": 2, "meta": 1, "revisions": 1}
    assert await store.revisions.last_good("left") is None
    assert await store.revisions.last_good("other") is not None
    assert await store.reports.kept() is None
    await store.reports.keep(KeptReport(1.0, "joe", "r1", 0, "gone", "text", "done: App/other"))
    assert await store.erasure.erase(HERE, "acme", set()) == {}
    assert await store.reports.kept() is not None


async def test_no_byte_of_it_is_left_in_the_file(tmp_path: Path) -> None:
    """Also not of rows that were changed or deleted before, with a SQLite that leaves them in its pages."""
    path = tmp_path / "state.db"
    async with open_store(path, FakeClock(), inline=True) as store, store.writer(HERE):
        await database(store).read(lambda own: own.exec_driver_sql("PRAGMA secure_delete=OFF") and None)
        for number in range(300):
            await store.statuses.save(HERE, {"App/acme": f"{number} {APP} {PHONE} {'x' * 900}"})
        await store.statuses.save(HERE, {"App/other": "kept"}, whole=True)
        await store.memories.note(HERE, [Bind(Binding(PHONE, APP))])
        assert held_in(tmp_path, PHONE)
        assert held_in(tmp_path, APP)
        await store.erasure.erase(HERE, "acme", {APP})
        assert await store.erasure.compact() == ""
        assert (held_in(tmp_path, PHONE), held_in(tmp_path, APP)) == ([], [])
        assert await store.statuses.read(HERE) == {"App/other": "kept"}


def held_in(folder: Path, word: str) -> list[str]:
    """Return the files that contain *word*."""
    return [file.name for file in folder.iterdir() if file.is_file() and word.encode() in file.read_bytes()]


async def test_a_reader_keeps_the_bytes_and_that_is_told(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    async with open_store(path, FakeClock(), inline=True) as store:
        await database(store).read(lambda own: own.exec_driver_sql("PRAGMA busy_timeout=1") and None)
        engine = open_store(path, FakeClock(), inline=True)
        connection = database(engine)._engine.connect()  # in the middle of its work
        with connection.begin():
            connection.exec_driver_sql("SELECT count(*) FROM statuses").all()
            assert "another process was reading them" in await store.erasure.compact()
        with database(engine)._engine.connect().execution_options(write=True) as writing, writing.begin():
            assert "which could not be written anew" in await store.erasure.compact()
        connection.close()
        assert await store.erasure.compact() == ""
        await engine.close()


async def test_no_byte_of_it_is_left_in_the_tables_of_a_server(server: Server) -> None:
    """Nor in samples of its values, though a table is empty now. Its log is its own, and that is told."""
    url = server.url(server.database())
    async with open_store(url, FakeClock(), inline=True, terms=FOR_EVER) as store, store.writer(HERE):
        for number in range(30):
            await store.statuses.save(HERE, {"App/acme": f"{number} {LINKED} {DIALLED}"})
        await store.statuses.save(HERE, {"App/other": "kept"})
        await store.memories.note(HERE, [Bind(Binding(phone, LINKED)) for phone in (DIALLED, f"{DIALLED}1")])
        sample(url)
        assert in_tables(server, DIALLED, LINKED) == {DIALLED, LINKED}
        await store.erasure.erase(HERE, "acme", {LINKED})
        assert (await store.erasure.compact()).startswith("the server's log")
        assert in_tables(server, DIALLED, LINKED) == set()
        assert await store.statuses.read(HERE) == {"App/other": "kept"}


def sample(url: str) -> None:
    """Do what a server does by itself from time to time."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE")


async def test_tables_that_somebody_reads_are_left_and_that_is_told(server: Server) -> None:
    url = server.url(server.database())
    async with open_store(url, FakeClock(), inline=True) as store:
        with psycopg.connect(url) as reading:
            reading.execute("SELECT count(*) FROM gupshup_controller.statuses")
            assert "its tables, until a VACUUM FULL" in await store.erasure.compact()
        assert "VACUUM" not in await store.erasure.compact()


async def test_rows_that_an_older_transaction_may_see_stay_and_that_is_told(server: Server) -> None:
    """It reads none of our tables, such as a backup or a report that runs for an hour."""
    url = server.url(server.database())
    async with open_store(url, FakeClock(), inline=True, terms=FOR_EVER) as store, store.writer(HERE):
        await store.memories.note(HERE, [Bind(Binding(DIALLED, SEEN))])
        with psycopg.connect(url) as old:
            old.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            old.execute("SELECT 1")
            await store.erasure.erase(HERE, "acme", {SEEN})
            assert "1 deleted row that an older transaction may see" in await store.erasure.compact()
            assert in_tables(server, SEEN) == {SEEN}
        assert (await store.erasure.compact()).startswith("the server's log")
        assert in_tables(server, SEEN) == set()


async def test_samples_that_are_not_ours_to_write_anew_are_told(server: Server) -> None:
    """The tables are its own, and the database is another's."""
    name = server.database()
    with server.connect(name) as connection:
        connection.execute("CREATE ROLE tenant LOGIN")
        connection.execute(sql.SQL("GRANT CREATE ON DATABASE {} TO tenant").format(sql.Identifier(name)))
    url = server.url(name).replace(f"{USER}@", "tenant@")
    async with open_store(url, FakeClock(), inline=True) as store:
        assert "pg_statistic, until the database's owner" in await store.erasure.compact()


DIALLED, LINKED = "919123456789", AppId("b1b40a77-1c65-4c5e-9d0f-6a0a4b8e2f11")
SEEN = AppId("0d5c3a52-93a7-4f4e-8f6a-3b1f5c2e7d90")
"""Of no other test: databases of one server lie side by side."""


def in_tables(server: Server, *words: str) -> set[str]:
    """Return those of *words* that are in the files of any database."""
    with server.connect() as connection:
        connection.execute("CHECKPOINT")
    files = [each.read_bytes() for each in (server.folder / "data/base").rglob("*") if each.is_file()]
    return {word for word in words if any(word.encode() in data for data in files)}
