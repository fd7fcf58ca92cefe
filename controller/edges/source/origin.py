"""A source that is read again and again: a directory, or a branch. What has not changed is not read twice."""

import asyncio
from collections.abc import Sequence

from controller.edges.source import directory
from controller.edges.source.git import Commit, GitSource
from controller.errors import Usage
from controller.model.source import Source


class Directory:
    """Folders of this machine. They have no history, so that whatever they hold has grown out of before."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = tuple(paths)
        self.identity = directory.identity(paths)

    async def read(self, known: str) -> Source | None:
        source = await asyncio.to_thread(directory.read, self._paths)
        if not source.complete:
            raise Usage(f"{self.identity} is not a folder: a process that never stops keeps whole folders")
        same = source.revision == known and not source.problems
        return None if same else source

    async def advanced(self, _old: str, _new: str) -> bool:
        return True


class Branch:
    """A branch of a repository, whole from one commit."""

    def __init__(self, source: GitSource, identity: str) -> None:
        self._source = source
        self.identity = identity

    async def read(self, known: str) -> Source | None:
        commit: Commit = await self._source.fetch()
        return None if commit.id == known else await self._source.read(commit)

    async def advanced(self, old: str, new: str) -> bool:
        return await self._source.advanced(old, new)
