"""What all tests of the command share: one process that has imported it, and its end."""

from collections.abc import Iterator

import pytest

from tests.e2e.commands import end_server


@pytest.fixture(scope="session", autouse=True)
def _forks_end() -> Iterator[None]:
    """End the process that forks while its own coverage can still be counted."""
    yield
    end_server()
