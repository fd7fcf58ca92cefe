"""New files in a folder: each whole or not there, and never over another file. A kill leaves no half file."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from controller.errors import ControllerError

_UNFINISHED = ".gupshupctl-new"
"""The one file that a killed process may leave. The next one in the same folder writes it anew."""


@contextmanager
def sole_writer(folder: Path) -> Iterator[None]:
    """Make *folder*, and keep other processes that do the same waiting until the block ends.

    A folder that was made and stays empty is removed. The lock dies with its process.
    """
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        with suppress(OSError):  # the first one that is not empty ends it
            for each in made:
                each.rmdir()
        os.close(handle)


def write_new(files: Mapping[str, str]) -> None:
    """Write *files* by path, only inside `sole_writer` of their folder. A file that exists is kept.

    Raises ControllerError, before anything is written, if one exists with other content. If one cannot be
    written, those before it are removed again.
    """
    contents = {path: text.encode() for path, text in sorted(files.items())}
    missing = {path: data for path, data in contents.items() if not _exists(path, data)}
    with ExitStack() as written:
        for path, data in missing.items():
            if _write(path, data):
                written.callback(Path(path).unlink)
        written.pop_all()


def _write(path: str, data: bytes) -> bool:
    """Write a file whole, and return True; False if another process has just written the same one."""
    unfinished = Path(path).with_name(_UNFINISHED)
    unfinished.unlink(missing_ok=True)
    try:
        unfinished.write_bytes(data)
        os.link(unfinished, path)
    except FileExistsError:
        return not _exists(path, data)
    finally:
        unfinished.unlink(missing_ok=True)
    return True


def _exists(path: str, data: bytes) -> bool:
    """Return whether there is a file with *data* at *path*. Raises ControllerError if it holds other data."""
    if not os.path.lexists(path):
        return False
    if not Path(path).is_file() or Path(path).read_bytes() != data:
        raise ControllerError(
            f"{path} exists and holds something else, so it is not overwritten; "
            "move it, or choose another name or --out"
        )
    return True
