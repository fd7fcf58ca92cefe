"""New files in a folder: each whole or not there, and never over another file, whether killed or cut off.

What `write_new` wrote is on the disk when it returns.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from shutil import rmtree

from controller.errors import ControllerError

_DRAFTS = ".gupshupctl-new"
"""The one folder that a killed process may leave. The next one that works there removes it."""

_SIDE_BY_SIDE = 8
"""Files that go to the disk at once: one after another, a thousand of them take seconds."""


@contextmanager
def sole_writer(folder: Path) -> Iterator[None]:
    """Make *folder*, and keep other processes that do the same waiting until the block ends.

    What a killed process left in it is removed. So is a folder that was made and stays empty. The lock dies
    with its process. Raises ControllerError if there can be no such folder.
    """
    with _explained(folder, "is no folder that can be used"):
        made = _make(folder)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with suppress(OSError):  # what is in the way of new files is said when there are some
            _remove_drafts(folder)
        yield
    finally:
        with suppress(OSError):  # the first one that is not empty ends it
            for each in made:
                each.rmdir()
        os.close(handle)


def write_new(files: Mapping[str, str], fsync: Callable[[int], None] = os.fsync) -> None:
    """Write *files* by path, only inside `sole_writer` of their folder. A file that exists is kept.

    Folders below it are made. Raises ControllerError, before any file is there, if one exists with other
    content, or cannot be written.
    """
    contents = {Path(path): text.encode() for path, text in sorted(files.items())}
    missing = {path: data for path, data in contents.items() if not _exists(path, data)}
    try:
        for folder in sorted({path.parent for path in missing}):
            with _explained(folder, "cannot be written to"):
                _make(folder)
                _remove_drafts(folder)
                (folder / _DRAFTS).mkdir()
        with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            list(pool.map(partial(_draft, fsync=fsync), missing, missing.values()))
        _put_in_place(missing)
    finally:
        with suppress(OSError):  # why there are drafts, if there are any, is the error to show
            for folder in sorted({path.parent for path in contents}):
                _remove_drafts(folder)
    for folder in sorted({each for path in missing for each in path.absolute().parents}):
        _sync(folder, fsync)


def _draft(path: Path, data: bytes, fsync: Callable[[int], None]) -> None:
    with _explained(path, "cannot be written"), _drafted(path).open("xb") as file:
        file.write(data)
        file.flush()
        fsync(file.fileno())


def _drafted(path: Path) -> Path:
    return path.parent / _DRAFTS / path.name


def _put_in_place(files: Mapping[Path, bytes]) -> None:
    with ExitStack() as placed:
        for path, data in files.items():
            with _explained(path, "cannot be written"):
                try:
                    os.link(_drafted(path), path)
                    placed.callback(path.unlink)
                except FileExistsError:
                    _exists(path, data)
        placed.pop_all()


def _remove_drafts(folder: Path) -> None:
    drafts = folder / _DRAFTS
    if drafts.is_symlink() or drafts.is_file():
        drafts.unlink()
    elif drafts.exists():
        rmtree(drafts, ignore_errors=True)


def _make(folder: Path) -> list[Path]:
    """Make *folder* and those above it. Return the ones that were missing, the innermost first."""
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return made


def _sync(folder: Path, fsync: Callable[[int], None]) -> None:
    """Write the names in a folder to the disk. Some file systems need no such call, and refuse it."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fsync(handle)
        finally:
            os.close(handle)


def _exists(path: Path, data: bytes) -> bool:
    """Return whether there is a file with *data* at *path*. Raises ControllerError if it holds other data."""
    if not os.path.lexists(path):
        return False
    if not path.is_file() or path.read_bytes() != data:
        raise ControllerError(
            f"{path} exists and holds something else, so it is not overwritten; "
            "move it, or choose another name or --out"
        )
    return True


@contextmanager
def _explained(path: Path, what: str) -> Iterator[None]:
    """Raise ControllerError for an OSError: *path*, *what* is wrong with it, why, and what to do."""
    try:
        yield
    except OSError as error:
        raise ControllerError(f"{path} {what}: {_why(path, error)}") from error


def _why(path: Path, error: OSError) -> str:
    if isinstance(error, FileExistsError | NotADirectoryError):
        other = next((each for each in (path, *path.parents) if os.path.lexists(each)), path)
        kind = "a file" if other.exists() else "a link to nothing"
        return f"{other} is {kind}; name a folder, which is made if it does not exist"
    if isinstance(error, PermissionError):
        return f"{error.strerror}; make it writable, or choose another folder by --out"
    return f"{error.strerror}; when that is mended, run the same command again"
