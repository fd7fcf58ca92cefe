"""The local copy of what was fetched: a bare repository, made anew whenever it may be damaged."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from controller.errors import SourceError

_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"
_HEAD = "ref: refs/heads/none\n"
_PREFIX = "gupshupctl-mirror-"
_DOUBT = "in-doubt"
_MOST_PACKS = 50


class Mirror:
    """A folder of ours with one bare repository in it, under a name that is never used twice.

    A git process that outlives its parent may go on writing into an abandoned repository, which is never read
    again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes out of the folder. Raises SourceError if another one holds it."""
        handle = self._lock()
        try:
            yield
        finally:
            os.close(handle)

    def _lock(self) -> int:
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise SourceError(
                f"the folder {self._folder} for a copy of the repository cannot be used: {error.strerror}; "
                "check its owner and mode"
            ) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            raise SourceError(
                f"another process uses {self._folder}; give each process its own folder, or end the other one"
            ) from error
        return handle

    def existing(self) -> Path | None:
        """Return the repository, None if there is none that can be trusted."""
        copies = sorted(self._folder.glob(f"{_PREFIX}*"))
        return copies[0] if len(copies) == 1 and _is_sound(copies[0]) else None

    def ready(self) -> Path:
        """Return a repository to fetch into, made anew if there is none that can be trusted."""
        return self.existing() or self.anew()

    def anew(self) -> Path:
        """Remove the old copies and return an empty repository. Raises SourceError if the disk refuses."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for old in self._folder.glob(f"{_PREFIX}*"):
                shutil.rmtree(old, ignore_errors=True)
            made = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=self._folder))
            for folder in ("objects/pack", "objects/info", "refs/heads"):
                (made / folder).mkdir(parents=True)
            (made / "HEAD").write_text(_HEAD, encoding="ascii")
            (made / "config").write_text(_CONFIG, encoding="ascii")
        except OSError as error:
            raise SourceError(
                f"no copy of the repository can be made in {self._folder}: {error.strerror}; check the disk"
            ) from error
        return made


@contextmanager
def doubted(repository: Path) -> Iterator[None]:
    """Mark *repository* while it is written. A mark that remains shows that a kill interrupted the write."""
    (repository / _DOUBT).touch()
    yield
    (repository / _DOUBT).unlink(missing_ok=True)


def doubt(repository: Path) -> None:
    """Mark *repository* as damaged, so that the next fetch makes it anew."""
    (repository / _DOUBT).touch()


def sweep(repository: Path) -> None:
    """Remove the incomplete files of a failed fetch."""
    for left in repository.glob("objects/**/tmp_*"):
        left.unlink(missing_ok=True)


def _is_sound(repository: Path) -> bool:
    """Return whether it has our settings and no others, no trace of a kill, and not too many packs."""
    try:
        ours = (repository / "config").read_text(encoding="utf-8") == _CONFIG
        packs = sum(1 for _ in repository.glob("objects/pack/*.pack"))
        left = (repository / _DOUBT).exists() or any(repository.glob("**/*.lock"))
    except (OSError, ValueError):
        return False
    return ours and not left and packs <= _MOST_PACKS
