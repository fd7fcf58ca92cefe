"""A journal: a file of JSON objects, a line each, which is read again after a kill. Git does not see it."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from errno import ENOSPC
from pathlib import Path
from typing import Any

from controller.errors import ControllerError


class JournalFile:
    """The journal at *path*: what it held when it was opened, and what is added to it.

    Its folder is for it alone, is made for the first line, and ignores itself.
    """

    def __init__(self, path: Path) -> None:
        """Read the journal. A line that a kill cut off is dropped. Raises ControllerError if it is none."""
        self.path = path
        data = path.read_bytes() if path.exists() else b""
        whole = data[: data.rfind(b"\n") + 1]
        self.entries = [self._object(line) for line in whole.splitlines()]
        if whole != data:
            os.truncate(path, len(whole))

    def append(self, entry: Mapping[str, Any]) -> None:
        """Add one line: whole, or not at all. Raises ControllerError if it cannot be written."""
        with self._told():
            if not self.path.exists():
                self._begin()
            _write(self.path, entry)

    def keep(self, entry: Mapping[str, Any]) -> None:
        """Put one line in the place of all others, or leave all as they are and raise ControllerError."""
        draft = self.path.with_suffix(".new")
        with self._told():
            draft.unlink(missing_ok=True)
            _write(draft, entry)
            draft.replace(self.path)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ControllerError(
                f"{self.path}, which keeps what was read, cannot be written: {error.strerror}; when that is "
                "mended, run the same command again to go on"
            ) from error

    def _begin(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._ignore.write_text("*\n", "ascii")

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
        self._ignore.unlink(missing_ok=True)
        with suppress(OSError):  # it holds something else, or was never made
            self.path.parent.rmdir()

    @property
    def _ignore(self) -> Path:
        return self.path.with_name(".gitignore")

    def damaged(self) -> ControllerError:
        """Return the error for a journal that somebody else wrote, or changed."""
        return ControllerError(
            f"{self.path} is no journal of an import; remove it, and the import begins anew"
        )

    def _object(self, line: bytes) -> Mapping[str, Any]:
        try:
            found = json.loads(line)
        except ValueError:
            raise self.damaged() from None
        if not isinstance(found, dict):
            raise self.damaged()
        return found


def _write(path: Path, entry: Mapping[str, Any]) -> None:
    line = f"{json.dumps(entry, ensure_ascii=False, separators=(',', ':'))}\n".encode()
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        before = os.fstat(handle).st_size
        if os.write(handle, line) < len(line):  # the disk is full
            os.ftruncate(handle, before)
            raise OSError(ENOSPC, os.strerror(ENOSPC))
    finally:
        os.close(handle)
