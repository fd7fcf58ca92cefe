"""A store is looked at without a change: none is made, none is upgraded, and none is replaced."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from controller.edges.store import in_memory, inspect, open_store
from controller.edges.store.schema import VERSIONS
from controller.errors import StoreError
from controller.model.memory import StoreFacts
from controller.model.ratelimit import CallSpan, UsedBudget
from tests.builders.upstream import HERE, THEM
from tests.clock import FakeClock
from tests.edges.engines import Engine
from tests.edges.test_store_calls import LINK, OTHER, ask

NEWEST = VERSIONS[-1]


def raw(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement)


async def test_a_missing_store_is_not_made(engine: Engine) -> None:
    for _ in range(2):
        facts = inspect(engine.location)
        assert (facts.version, facts.newest, facts.is_current, facts.size) == ("", NEWEST, False, None)


async def test_a_store_that_is_there_has_a_version(engine: Engine) -> None:
    async with engine.open():
        facts = inspect(engine.location)
    assert facts.is_current
    assert facts.writable
    assert "@" not in facts.place or "password" not in facts.place


async def test_an_older_store_is_not_upgraded(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    async with open_store(path, FakeClock()):
        pass
    raw(path, "UPDATE alembic_version SET version_num = '0001'")
    before = path.read_bytes()
    facts = inspect(str(path))
    assert facts == StoreFacts(str(path), NEWEST, "0001", len(before))
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "has version 9999, and this release knows up to"),
        ("PRAGMA application_id = 7", "another program's database"),
        ("DROP TABLE alembic_version", "no such table"),
    ],
)
async def test_a_store_that_cannot_be_used_is_refused(tmp_path: Path, statement: str, words: str) -> None:
    path = tmp_path / "state.db"
    async with open_store(path, FakeClock()):
        pass
    raw(path, statement)
    with pytest.raises(StoreError, match=words):
        inspect(str(path))


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.write_text("hello")
    with pytest.raises(StoreError, match="is no database"):
        inspect(str(path))
    path.write_text("")
    with pytest.raises(StoreError, match="is empty, as if cut off"):
        inspect(str(path))
    with pytest.raises(StoreError, match="is no file"):
        inspect(str(tmp_path))


def test_a_server_out_of_reach_is_refused() -> None:
    with pytest.raises(StoreError, match=r"postgresql://nobody@127\.0\.0\.1"):
        inspect("postgresql://nobody:password@127.0.0.1:1/none")


def test_a_folder_that_would_be_made_is_not_made(tmp_path: Path) -> None:
    place = tmp_path / "a" / "b" / "state.db"
    assert inspect(str(place)).writable
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert not inspect(str(blocked / "state.db")).writable
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file"]


async def test_a_copy_in_memory_holds_what_the_file_does_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    async with open_store(path, FakeClock()) as store:
        await store.calls.set_trait(HERE, "kept", "yes")
    before = path.read_bytes()
    async with in_memory(path, FakeClock(), "only a look") as copy:
        assert (copy.passing, await copy.calls.trait(HERE, "kept")) == ("only a look", "yes")
        await copy.calls.set_trait(HERE, "kept", "no")
    assert path.read_bytes() == before
    async with in_memory("postgresql://nobody@127.0.0.1:1/none", FakeClock(), "only a look") as empty:
        assert await empty.calls.trait(HERE, "kept") is None


async def test_the_log_of_calls_shows_what_was_used(engine: Engine) -> None:
    clock = engine.clock
    async with engine.open() as store:
        began = clock.now()
        reservation = await ask(store, LINK, OTHER)
        assert not isinstance(reservation, float)
        clock.time += 2
        await store.calls.ended(reservation, 200)
        await store.calls.rest(HERE, "list", began + 60)
        used = await store.calls.used(HERE)
        assert await store.calls.used(THEM) == {}
    assert list(used) == ["link", "list", "other"]
    (span,) = used["link"].spans
    assert (round(span.start - began, 2), round((span.end or 0.0) - began, 2)) == (0, 2)
    assert used["list"].spans == ()
    assert round(used["list"].rest_until - began, 2) == 60
    assert isinstance(used["other"], UsedBudget)
    assert isinstance(span, CallSpan)
