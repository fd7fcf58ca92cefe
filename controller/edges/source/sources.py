"""Sources that are read again and again: folders, or a branch. An unchanged revision is not read twice."""

import asyncio
from collections.abc import Callable, Sequence

from controller.edges.source import directory
from controller.edges.source.file_rules import escaped
from controller.edges.source.git import Commit, GitSource
from controller.edges.source.settling import QUIET, Settling
from controller.errors import Unsettled, Usage
from controller.model.source import Source


class FolderSource:
    """Folders of this machine. Folders have no history, so every content counts as an advance.

    A change is accepted once nothing has changed for *quiet* seconds. *now* returns seconds that never step.
    """

    def __init__(self, paths: Sequence[str], now: Callable[[], float], quiet: float = QUIET) -> None:
        self._paths = tuple(paths)
        self._quiet = quiet
        self._settling = Settling(now, quiet)
        self._last: Source | None = None
        self.identity = directory.identity(paths)

    async def read(self, known: str) -> Source | None:
        source = await asyncio.to_thread(directory.read, self._paths)
        if not source.complete:
            raise Usage(f"{self.identity} is not a folder: a process that never stops needs whole folders")
        changed = self._settling.unsettled(source)
        if source.revision == known and not source.problems and self._same_places(source):
            return None
        if changed is not None:
            last = f" {escaped(changed)} changed last." if changed else ""
            raise Unsettled(f"it is accepted once nothing in it has changed for {self._quiet:g} s.{last}")
        self._last = source
        return source

    def _same_places(self, source: Source) -> bool:
        """Return whether the files of *source* are where they were at the last read, if there was one."""
        return self._last is None or source.files == self._last.files

    def still(self) -> None:
        """Raise SourceError if a file changed since the last read."""
        if self._last is not None:
            directory.refuse_changed(self._paths, self._last)

    async def advanced(self, _old: str, _new: str) -> bool:
        return True


class BranchSource:
    """A branch of a repository, whole from one commit."""

    def __init__(self, source: GitSource, identity: str) -> None:
        self._source = source
        self.identity = identity

    async def read(self, known: str) -> Source | None:
        commit: Commit = await self._source.fetch()
        return None if commit.id == known else await self._source.read(commit)

    def still(self) -> None:
        """Do nothing: a commit never changes."""

    async def advanced(self, old: str, new: str) -> bool:
        return await self._source.advanced(old, new)
