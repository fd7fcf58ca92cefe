"""File locks beside the store. The operating system frees a lock when its process ends, whatever ends it."""

import errno
import fcntl
import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection

from controller.edges.store.writer_lock import WriterLock, signature, signed, taken
from controller.errors import StoreError
from controller.model.clock import MonotonicClock

_RETRY_EVERY = 0.2


class LockedFile:
    """A lock that is held until its file is deleted or replaced. A check takes two `stat` calls."""

    def __init__(self, path: Path, handle: int) -> None:
        self._path = path
        self._handle = handle
        self._lost = False

    def holds(self) -> bool:
        self._lost = self._lost or not _same_file(self._path, self._handle)
        return not self._lost


class FileLocks:
    """The locks beside the store at *path*, one for each upstream.

    A lock ends with its process. A lock does not exclude a second task of the same process.
    """

    def __init__(self, path: Path, clock: MonotonicClock) -> None:
        self._path = path
        self._clock = clock

    def hold(self, upstream: str, timeout: float) -> AbstractAsyncContextManager[WriterLock]:
        return _writer(self._of(upstream), self._clock, timeout, upstream)

    async def holder(self, upstream: str) -> str:
        path = self._of(upstream)
        return _holder(path) if _is_held(path) else ""

    def _of(self, upstream: str) -> Path:
        name = hashlib.sha256(upstream.encode()).hexdigest()[:16]
        return self._path.with_name(f"{self._path.name}.{name}.writer")

    def fence(self, connection: Connection, upstream: str) -> str:  # noqa: ARG002  (another kind of lock needs them)
        """Accept every write: no other process gets the lock while this one lives."""
        return ""

    async def close(self) -> None:
        pass


@contextmanager
def locked_file(path: Path) -> Iterator[None]:
    """Wait for the lock file at *path* and hold it, for moments only. OSError if it cannot be made."""
    handle = _open(path)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@asynccontextmanager
async def _writer(path: Path, clock: MonotonicClock, timeout: float, what: str) -> AsyncIterator[WriterLock]:  # noqa: ASYNC109  (a promise to the operator, on the store's own clock)
    """Hold the lock file at *path* as the only writer of *what*; Locked after *timeout* seconds."""
    give_up = clock.monotonic() + timeout
    while (handle := _try(path)) is None:
        if clock.monotonic() >= give_up:
            raise taken(what, _holder(path))
        await clock.sleep(min(_RETRY_EVERY, max(0.0, give_up - clock.monotonic())))
    try:
        with _explained(path):
            _sign(handle, clock.now())
        yield LockedFile(path, handle)
    finally:
        with suppress(OSError):  # the signature is only for readers; the lock ends with the handle
            os.ftruncate(handle, 0)
        os.close(handle)


def _try(path: Path) -> int | None:
    """Return a handle that holds the lock, None if another one holds it."""
    with _explained(path):
        handle = _open(path)
        try:
            if _taken(handle) and _same_file(path, handle):  # a file deleted in between excludes no other
                _prove(path)
                return handle
        except BaseException:  # also of a signal: the handle holds the lock
            os.close(handle)
            raise
        os.close(handle)
        return None


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn an OSError of the lock at *path* into a StoreError with advice."""
    try:
        yield
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
        advice = "free some space, then try again" if full else "check the folder's owner and mode"
        raise StoreError(f"the lock {path} cannot be made: {error}; {advice}") from error


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_held(path: Path) -> bool:
    """Return whether the lock is held. Tried only if it is signed: a try excludes others for a moment."""
    try:
        if not path.stat().st_size:
            return False
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _prove(path: Path) -> None:
    """Raise StoreError if the file system lets two handles hold one lock, as some network ones do."""
    second = _open(path)
    try:
        twice = _taken(second)
    finally:
        os.close(second)
    if twice:
        raise StoreError(f"the disk of {path} does not keep locks; put the store on a local disk")


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _same_file(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except OSError:
        return False


def _sign(handle: int, now: float) -> None:
    os.ftruncate(handle, 0)
    os.pwrite(handle, signature(now).encode(), 0)


def _holder(path: Path) -> str:
    try:
        return signed(path.read_text("utf-8"))
    except (OSError, ValueError):
        return signed("")
