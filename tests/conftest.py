"""What several folders of tests share."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.postgresql import Server, running

settings.register_profile("no wall clock", deadline=None)  # a busy machine is no failure
settings.load_profile("no wall clock")


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Run one PostgreSQL server for all tests that ask for it."""
    with running() as server:
        yield server
