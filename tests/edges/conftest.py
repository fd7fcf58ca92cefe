"""Stores on both kinds of database, and repositories."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from controller.edges.source.git import GitSource
from controller.edges.store import SqlStore
from tests.clock import FakeClock
from tests.edges.engines import Engine, on_postgresql, on_sqlite, pretending
from tests.edges.repositories import Repository, source_of
from tests.postgresql import Server


@pytest.fixture(scope="session")
def pretended(server: Server) -> str:
    return pretending(server)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Give an empty place for a store, on each kind of database in turn."""
    if request.param == "sqlite":
        with on_sqlite(tmp_path) as engine:
            yield engine
    else:
        server: Server = request.getfixturevalue("server")
        with on_postgresql(server, request.getfixturevalue("pretended")) as engine:
            yield engine


@pytest.fixture
async def store(engine: Engine) -> AsyncIterator[SqlStore]:
    async with engine.open() as store:
        yield store


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "remote")


@pytest.fixture
def source(repository: Repository, tmp_path: Path) -> GitSource:
    return source_of(repository, tmp_path / "copy")


@pytest.fixture
def clock(engine: Engine) -> FakeClock:
    return engine.clock
