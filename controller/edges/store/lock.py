"""Locks of the operating system on files beside the store: they die with their process, whatever kills it."""

import fcntl
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from controller.errors import Locked, StoreError

_ASK_AGAIN = 0.2


class Clock(Protocol):
    """What a wait for a lock asks of a clock."""

    def now(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


class Hold:
    """A writer's lock while it is held."""

    def __init__(self, path: Path, handle: int) -> None:
        self._path = path
        self._handle = handle

    def holds(self) -> bool:
        """Whether the lock still keeps others out: false once its file was deleted or replaced.

        Cheap (two `stat`s): to be asked right before the bytes of a write go out.
        """
        return _same_file(self._path, self._handle)


@contextmanager
def locked_file(path: Path) -> Iterator[None]:
    """Hold the lock file at *path*, waiting for it; for moments only. OSError where it cannot be made."""
    handle = _open(path)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@asynccontextmanager
async def writer(path: Path, clock: Clock, timeout: float, what: str) -> AsyncIterator[Hold]:  # noqa: ASYNC109  (a promise to the operator, on the store's own clock)
    """Hold the lock file at *path* as the only writer of *what*; Locked after *timeout* seconds."""
    give_up = clock.now() + timeout
    while (handle := _try(path)) is None:
        if clock.now() >= give_up:
            raise Locked(
                f"{what}: another writer holds it: {_holder(path)}; wait for it, or raise --lock-timeout"
            )
        await clock.sleep(min(_ASK_AGAIN, max(0.0, give_up - clock.now())))
    try:
        _sign(handle, clock.now())
        yield Hold(path, handle)
    finally:
        with suppress(OSError):  # what it says is for readers; the lock goes with the handle
            os.ftruncate(handle, 0)
        os.close(handle)


def _try(path: Path) -> int | None:
    """Return a handle that holds the lock, None where another one does."""
    try:
        handle = _open(path)
    except OSError as error:
        raise StoreError(
            f"the lock {path} cannot be made: {error}; check the folder's owner and mode"
        ) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    if not _same_file(path, handle):  # it was deleted between the two steps: that lock keeps nobody out
        os.close(handle)
        return None
    _prove(path, handle)
    return handle


def _prove(path: Path, handle: int) -> None:
    """Refuse a file system that lets two hold one lock, as some network ones do."""
    second = _open(path)
    try:
        fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    finally:
        os.close(second)
    os.close(handle)
    raise StoreError(f"the disk of {path} does not keep locks; put the store on a local disk")


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _same_file(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except OSError:
        return False


def _sign(handle: int, now: float) -> None:
    since = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
    text = json.dumps({"pid": os.getpid(), "command": _command(), "since": since})
    os.ftruncate(handle, 0)
    os.pwrite(handle, text.encode(), 0)


def _command() -> str:
    """Return the program and its verb: nothing that a person might have typed after them."""
    verb = [word for word in sys.argv[1:2] if word.isalpha()]
    return " ".join([Path(sys.argv[0]).name, *verb])


def _holder(path: Path) -> str:
    """Return what the holder wrote about itself."""
    try:
        found = json.loads(path.read_text("utf-8"))
        return f"pid {int(found['pid'])}, {found['command']!s}, since {found['since']!s}"
    except (OSError, ValueError, KeyError, TypeError):
        return "it did not say who it is"
