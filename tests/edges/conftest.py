"""Stores on both kinds of database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clock import FakeClock
from tests.edges.engines import Engine, on_postgresql, on_sqlite, pretending
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
def clock(engine: Engine) -> FakeClock:
    return engine.clock
