"""Names for a completion come from a store at once, or not at all; the store is left as it is."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from controller.edges.store import open_store, stored_resources
from tests.builders.upstream import HERE
from tests.clock import FakeClock

FILED = ("App/acme", "Partner/main", "Subscription/events on App/acme")


async def filled(path: Path) -> None:
    async with open_store(path, FakeClock()) as store:
        await store.statuses.save(HERE, dict.fromkeys(FILED, "{}"))


def listed(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("form", ["{}", "sqlite:///{}"])
async def test_the_resources_of_a_store_are_named_and_nothing_is_touched(tmp_path: Path, form: str) -> None:
    path = tmp_path / "state.db"
    await filled(path)
    before = listed(tmp_path)
    assert stored_resources(form.format(path)) == FILED
    assert listed(tmp_path) == before


async def test_a_store_that_is_in_use_answers_too(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    async with open_store(path, FakeClock()) as store:
        await store.statuses.save(HERE, dict.fromkeys(FILED, "{}"))
        assert (tmp_path / "state.db-wal").exists()
        assert stored_resources(str(path)) == FILED


def test_no_store_has_no_names_and_none_is_made(tmp_path: Path) -> None:
    assert stored_resources(str(tmp_path / "folder" / "state.db")) == ()
    assert stored_resources(str(tmp_path / "state.db")) == ()
    assert list(tmp_path.iterdir()) == []


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert stored_resources(str(tmp_path / "pipe")) == ()


@pytest.mark.parametrize(
    "location",
    [
        pytest.param("postgresql://user@nowhere.invalid/database", id="a server is not asked"),
        pytest.param("mysql://host/database", id="no store"),
        pytest.param("", id="nothing"),
        pytest.param("/", id="a folder"),
    ],
)
def test_what_is_no_file_has_no_names(location: str) -> None:
    assert stored_resources(location) == ()


def test_a_file_that_is_no_store_has_no_names(tmp_path: Path) -> None:
    text, other = tmp_path / "text", tmp_path / "other.db"
    text.write_text("not a database, and longer than a header of one would be: " * 20)
    with closing(sqlite3.connect(other)) as raw:
        raw.execute("CREATE TABLE things (name TEXT)")
    assert stored_resources(str(text)) == stored_resources(str(other)) == ()


async def test_a_store_that_is_locked_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    await filled(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("PRAGMA locking_mode=EXCLUSIVE")
        raw.execute("BEGIN EXCLUSIVE")
        raw.execute("DELETE FROM statuses")
        assert stored_resources(str(path)) == ()
