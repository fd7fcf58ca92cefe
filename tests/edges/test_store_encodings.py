"""Texts are kept as they are, whatever a server would make of them; a database that cannot is refused."""

import os
import subprocess
import sys
from typing import LiteralString

import pytest
from sqlalchemy import create_engine

from controller.edges.store import open_store
from controller.edges.store.create import fill
from controller.errors import StoreError
from controller.model.history import LastGood, WriteRecord
from controller.model.source import SourceFile
from tests.builders.upstream import HERE
from tests.clock import FakeClock
from tests.edges.engines import FOR_EVER, Engine, ServersClock
from tests.postgresql import Server

WORDS = "Zoë said “no” in हिन्दी 🙂"
_OTHERS: tuple[LiteralString, ...] = ("SQL_ASCII", "LATIN1", "WIN1252", "EUC_JP")


def other(server: Server, encoding: LiteralString) -> str:
    return server.database(f"TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'")


def tables(server: Server, name: str) -> list[tuple[object, ...]]:
    with server.connect(name) as connection:
        found = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'gupshup_controller'"
        return connection.execute(found).fetchall()


@pytest.mark.parametrize("encoding", _OTHERS)
def test_a_database_in_another_encoding_is_refused_with_a_reason(
    server: Server, encoding: LiteralString
) -> None:
    name = other(server, encoding)
    with pytest.raises(StoreError, match=f"stores texts in {encoding}, .*CREATE DATABASE .* ENCODING 'UTF8'"):
        open_store(server.url(name), FakeClock())
    assert tables(server, name) == [], "nothing was made in it"


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_store_of_an_older_release_in_another_encoding_is_left_as_it_is(
    server: Server, encoding: LiteralString
) -> None:
    name = other(server, encoding)
    with server.connect(name) as connection:
        connection.execute("CREATE SCHEMA gupshup_controller")
    there = create_engine(
        server.url(name).replace("postgresql://", "postgresql+psycopg://"),
        connect_args={"client_encoding": "UTF8", "options": "-csearch_path=gupshup_controller"},
    )
    with there.begin() as made:
        fill(made)
    there.dispose()
    before = tables(server, name)
    with pytest.raises(StoreError, match="a store is moved"):
        open_store(server.url(name), FakeClock())
    assert tables(server, name) == before != []


def test_the_command_reports_a_wrong_encoding_in_one_line(server: Server) -> None:
    """It used to end in: this is a bug."""
    command = [sys.executable, "-m", "controller", "get", "--store", server.url(other(server, "SQL_ASCII"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "ENCODING 'UTF8'" in done.stderr
    assert "bug" not in done.stderr


async def kept(location: str) -> tuple[str, tuple[SourceFile, ...], list[str]]:
    clock = ServersClock()
    async with open_store(location, clock, inline=True, terms=FOR_EVER) as store, store.writer(HERE):
        number = await store.history.begin(HERE, WriteRecord(clock.now(), WORDS, "r1", "link", "App/a"))
        await store.history.finish(number, "failed", WORDS)
        files = tuple(SourceFile(path, b"") for path in ("A.yaml", "Z.yaml", "a.yaml", "é.yaml"))
        await store.revisions.save_good("/m", LastGood("r1", 1.0, files))
        await store.statuses.save(HERE, {"App/b": "{}", "App/B": "{}", "App/a": "{}"})
        good = await store.revisions.last_good("/m")
        ((_, entry),) = await store.history.read()
        assert entry.who == entry.message
        return entry.message, () if good is None else good.files, list(await store.statuses.read(HERE))


@pytest.mark.parametrize(
    ("options", "query"),
    [
        pytest.param("", {}, id="as usual"),
        pytest.param("", {"client_encoding": "latin1"}, id="the URL wants another one"),
        pytest.param(
            "", {"options": "-cclient_encoding%3Dlatin1"}, id="the session's options want another one"
        ),
        pytest.param(
            "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'",
            {},
            id="the database sorts as people do",
        ),
    ],
)
async def test_stored_texts_are_read_back_unchanged_and_in_one_order(
    server: Server, options: LiteralString, query: dict[str, str]
) -> None:
    words, files, resources = await kept(server.url(server.database(options), **query))
    assert words == WORDS
    assert [file.path for file in files] == ["A.yaml", "Z.yaml", "a.yaml", "é.yaml"]
    assert resources == ["App/B", "App/a", "App/b"]


def test_the_environment_does_not_change_the_encoding_of_a_store(server: Server) -> None:
    """PGCLIENTENCODING is for other programs."""
    asking = (
        "import asyncio, os; from tests.edges.test_store_encodings import *; "
        "print(ascii(asyncio.run(kept(os.environ['THERE']))[0]))"
    )
    environ = {**os.environ, "PGCLIENTENCODING": "LATIN1", "THERE": server.url(server.database())}
    done = subprocess.run(
        [sys.executable, "-c", asking], capture_output=True, text=True, check=True, env=environ
    )
    assert done.stdout.strip() == ascii(WORDS)


@pytest.mark.parametrize("words", ["half a \ud83d", "a \0 in it"], ids=["a lone surrogate", "a zero"])
async def test_a_text_that_cannot_be_stored_is_reported(engine: Engine, words: str) -> None:
    """SQLite alone keeps a zero."""
    async with engine.open() as store, store.writer(HERE):
        number = await store.history.begin(
            HERE, WriteRecord(engine.clock.now(), "ann", "r1", "link", "App/a")
        )
        if "\0" in words and engine.kind == "sqlite":
            await store.history.finish(number, "failed", words)
            return
        with pytest.raises(StoreError, match="cannot be stored") as caught:
            await store.history.finish(number, "failed", words)
        assert "reached" not in str(caught.value)
        assert [entry.outcome for _, entry in await store.history.read()] == [""]
