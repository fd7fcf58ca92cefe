"""One writer an upstream: the lock keeps others out, says who they are, and dies with its process."""

import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from controller.edges.store import SqlStore, open_store
from controller.edges.store.file_lock import FileLocks
from controller.errors import Locked, StoreError
from tests.builders.upstream import HERE, THEM
from tests.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
async def store(place: Path, clock: FakeClock) -> AsyncIterator[SqlStore]:
    async with open_store(place, clock, inline=True) as store:
        yield store


async def test_a_second_writer_is_refused_with_the_name_of_the_first(store: SqlStore) -> None:
    async with store.writer(HERE) as hold:
        assert hold.holds()
        with pytest.raises(Locked, match=rf"#1: another writer holds it: pid {os.getpid()}, .*since 2023-"):
            async with store.writer(HERE):
                pytest.fail("two writers")
    async with store.writer(HERE):
        pass


async def test_each_upstream_has_its_own_writer(store: SqlStore) -> None:
    async with store.writer(HERE), store.writer(THEM):
        pass


async def test_a_writer_waits_for_the_lock_until_its_timeout(store: SqlStore, clock: FakeClock) -> None:
    before = clock.now()
    async with store.writer(HERE):
        with pytest.raises(Locked):
            async with store.writer(HERE, timeout=30):
                pytest.fail("two writers")
    assert clock.now() - before == pytest.approx(30)


async def test_a_failed_writer_releases_the_lock(store: SqlStore) -> None:
    with pytest.raises(RuntimeError):
        async with store.writer(HERE):
            raise RuntimeError
    async with store.writer(HERE):
        pass


async def test_a_lock_whose_file_was_deleted_is_lost(store: SqlStore, place: Path) -> None:
    async with store.writer(HERE) as hold:
        (lock,) = place.parent.glob("*.writer")
        lock.unlink()
        assert not hold.holds()
        async with store.writer(HERE) as second:
            assert second.holds()
            assert not hold.holds()


class Exchanged(type(Path())):  # type: ignore[misc]  # the kind of path that this system has
    """A lock's path whose file is exchanged for another one right after it was opened for the first time."""

    opened = 0

    def __fspath__(self) -> str:
        place = str(self)
        if place.endswith(".writer"):
            type(self).opened += 1
            if self.opened == 2:  # it is opened, it is locked, and now somebody looks whether it is the one
                Path(place).rename(f"{place}.old")
                Path(place).touch()
        return place


async def test_a_lock_whose_file_is_replaced_during_acquisition_is_acquired_anew(
    place: Path, clock: FakeClock
) -> None:
    locks = FileLocks(Exchanged(place), clock)
    async with locks.hold(HERE, 30.0) as hold:
        assert Exchanged.opened > 2
        assert hold.holds()
        with pytest.raises(Locked):
            async with FileLocks(place, clock).hold(HERE, 0.0):
                pytest.fail("two writers")


async def test_an_unsigned_lock_is_reported_with_an_unknown_holder(store: SqlStore, place: Path) -> None:
    async with store.writer(HERE):
        (lock,) = place.parent.glob("*.writer")
        lock.write_text("{")
        with pytest.raises(Locked, match="a process without a signature"):
            async with store.writer(HERE):
                pytest.fail("two writers")


async def test_a_lock_that_cannot_be_created_is_an_error_of_the_store(store: SqlStore, place: Path) -> None:
    async with store.writer(HERE):
        (lock,) = place.parent.glob("*.writer")
    lock.unlink()
    lock.mkdir()
    with pytest.raises(StoreError, match="cannot be made"):
        async with store.writer(HERE):
            pytest.fail("no lock")


@contextmanager
def no_room() -> Iterator[None]:
    """Let the disk take no byte more of this process."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_full_disk_while_signing_a_lock_is_reported_and_releases_it(store: SqlStore) -> None:
    with no_room(), pytest.raises(StoreError, match=r"cannot be made.*free some space"):
        async with store.writer(HERE):
            pytest.fail("nobody could say who it is")
    async with store.writer(HERE) as hold:
        assert hold.holds()


HOLDER = """
import asyncio, sys
from controller.edges.clock import SystemClock
from controller.edges.store import open_store

async def main():
    store = open_store(sys.argv[1], SystemClock())
    async with store.writer(sys.argv[2]):
        print("held", flush=True)
        sys.stdin.read()

asyncio.run(main())
"""


def started_holder(path: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path), HERE], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


async def test_a_lock_keeps_other_processes_out_and_dies_with_its_own(store: SqlStore, place: Path) -> None:
    with started_holder(place) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Locked, match=re.escape(f"pid {holder.pid},")):
            async with store.writer(HERE):
                pytest.fail("two writers")
        os.kill(holder.pid, signal.SIGKILL)
    async with store.writer(HERE):
        pass
