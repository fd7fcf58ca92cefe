"""What all tests of the command share: one process that has imported it, its end, and who is measured."""

import os
from collections.abc import Iterator

import pytest

from tests.e2e.commands import MEASURED, end_server

_MEASURED = {
    "test_account",
    "test_apply",
    "test_asking",
    "test_cases",
    "test_ends",
    "test_plan",
    "test_run",
    "test_validate",
}
"""The modules whose processes are measured for coverage: others execute the same, and it doubles the time.

No test that kills again and again is among them: a process that is killed leaves half a file of data.
"""


@pytest.fixture(scope="session", autouse=True)
def _forks_end() -> Iterator[None]:
    """End the process that forks while its own coverage can still be counted."""
    yield
    end_server()


@pytest.fixture(scope="module", autouse=True)
def _measured(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hide from processes that they could be measured, unless the module is one of a few."""
    hidden = None
    if request.module.__name__.rpartition(".")[2] not in _MEASURED:
        hidden = os.environ.pop(MEASURED, None)
    yield
    if hidden is not None:
        os.environ[MEASURED] = hidden
