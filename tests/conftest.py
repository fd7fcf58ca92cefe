"""What several folders of tests share."""

import gc
import os
from collections.abc import Iterator

import pytest
from coverage import Coverage
from hypothesis import settings

from tests.postgresql import Server, running

settings.register_profile("no wall clock", deadline=None)  # a busy machine is no failure
settings.load_profile("no wall clock")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return how many processes `-n auto` means: two for each core, since half of them wait for commands."""
    return 2 * (os.cpu_count() or 1)


def pytest_collection_finish() -> None:
    """Let garbage collections leave out what stays: to look at it over and over took a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture
def unmeasured() -> Iterator[None]:
    """Pause the measurement of coverage where there is one, for a test that executes again what others do."""
    measuring = Coverage.current()
    if measuring is None:
        yield
        return
    measuring.stop()
    try:
        yield
    finally:
        measuring.start()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Run one PostgreSQL server for all tests that ask for it."""
    with running() as server:
        yield server
