"""What several folders of tests share."""

from collections.abc import Iterator

import pytest

from tests.postgresql import Server, running


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Run one PostgreSQL server for all tests that ask for it."""
    with running() as server:
        yield server
