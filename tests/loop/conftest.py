"""A clock, a store that goes by it, and a bench."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from controller.edges.store import SqlStore, open_store
from tests.clock import FakeClock
from tests.loop.apply_fixture import Bench, bench


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def store(tmp_path: Path, clock: FakeClock) -> AsyncIterator[SqlStore]:
    async with open_store(tmp_path / "state.db", clock, inline=True) as store:
        yield store


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(tmp_path / "state.db") as found:
        yield found
        assert found.remote.faults == []
