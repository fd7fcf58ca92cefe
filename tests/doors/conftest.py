"""A store, and a client of the front door over it."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from controller.doors.web import front_app
from controller.edges.store import SqlStore
from tests.doors.fake_control import FakeControl
from tests.doors.web_fixture import caller, open_web_store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    async with open_web_store(tmp_path) as store:
        yield store


@pytest.fixture
async def http(store: SqlStore) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client that needs no token."""
    async with caller(front_app(FakeControl(), store, token=None)) as http:
        yield http
