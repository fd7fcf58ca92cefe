"""Reader of one commit in the local copy: an id goes in, the manifests below a folder come out."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import fsdecode
from pathlib import Path
from types import MappingProxyType
from typing import Never

from controller.edges.source.file_rules import (
    LinkTarget,
    follow_link,
    lfs_pointer,
    too_large,
    unusable_name,
)
from controller.edges.source.git.command import Git
from controller.edges.source.git.listing import EntryType, TreeEntry, blobs, entries
from controller.edges.source.git.messages import git_message
from controller.edges.source.git.select import SelectedFiles, in_repository, select
from controller.errors import SourceError
from controller.model.problem import Problem
from controller.model.source import SourceFile

_MOST_LISTED = 32 * 1024 * 1024
_LONGEST_LINK = 4_096
_MOST_STRAYS = 20


class Damaged(SourceError):
    """The local copy lacks something, or holds something wrong."""


class CommitReader:
    """One commit of a repository, and the folder in it that is read.

    *known* are contents by their ids in git, which need not be read again.
    """

    def __init__(
        self,
        git: Git,
        repository: Path,
        commit: str,
        root: str,
        known: Mapping[str, bytes] = MappingProxyType({}),
    ) -> None:
        self._git = git
        self._repository = str(repository)
        self._commit = commit
        self._root = root
        self._known = known

    async def manifests(self) -> tuple[list[SourceFile], list[Problem]]:
        """Return every manifest and every problem. Raises SourceError if there is no such folder."""
        listed = await self._entries()
        selected = select(self._root, listed, await self._links(listed))
        contents = await self._contents([file.entry.id for file in selected.files])
        problems = [*selected.problems, *await self._strays(selected)]
        files = []
        for file in selected.files:
            data = contents[file.entry.id]
            if problem := lfs_pointer(file.shown, data):
                problems.append(problem)
            else:
                files.append(SourceFile(file.shown, data))
        return sorted(files, key=lambda file: file.path), problems

    async def manifests_if_any(self) -> tuple[list[SourceFile], list[Problem]]:
        """Return what `manifests` does, also of a single file; nothing if the commit has no such path."""
        answer = await self._cat_file("--batch-check", f"{self._commit}:{self._root}\n")
        object_id, _, kind = answer.decode("utf-8", "replace").strip().partition(" ")
        if answer.endswith(b" missing\n") or not kind.startswith(("tree ", "blob ")):
            return [], []
        if kind.startswith("tree "):
            return await self.manifests()
        if problem := too_large(self._root, int(kind.removeprefix("blob "))):
            return [], [problem]
        data = (await self._contents([object_id]))[object_id]
        problem = lfs_pointer(self._root, data)
        return ([], [problem]) if problem else ([SourceFile(self._root, data)], [])

    async def _entries(self) -> list[TreeEntry]:
        tree = f"{self._commit}:{self._root}"
        finished = await self._git.run(
            self._repository, ("ls-tree", "-r", "-l", "-z", "--full-tree", tree), most=_MOST_LISTED
        )
        if finished.code:
            await self._explain(tree)
        with self._checked():
            return list(entries(finished.output))

    async def _explain(self, tree: str) -> Never:
        """Raise the reason for the failed listing: no such commit, no such folder, or a damaged copy."""
        commit, folder = (await self._cat_file("--batch-check", f"{self._commit}\n{tree}\n")).splitlines()
        if b" commit " not in commit:
            raise Damaged(f"commit {self._commit} is not in the local copy of the repository; fetch it again")
        if b" tree " in folder:
            raise self._damaged("a folder cannot be read")
        what = "no folder" if folder.endswith(b" missing") else "something that is no folder"
        raise SourceError(f"commit {self._commit} has {what} at {self._root}; check the path", self._commit)

    async def _links(self, listed: Sequence[TreeEntry]) -> dict[str, str]:
        links = [entry for entry in listed if entry.type is EntryType.LINK and entry.size <= _LONGEST_LINK]
        texts = await self._contents([link.id for link in links])
        return {link.name: fsdecode(texts[link.id]) for link in links}

    async def _contents(self, ids: Sequence[str]) -> Mapping[str, bytes]:
        wanted = [object_id for object_id in dict.fromkeys(ids) if object_id not in self._known]
        if not wanted:
            return self._known
        answer = await self._cat_file("--batch", "".join(f"{object_id}\n" for object_id in wanted))
        with self._checked():
            return {**self._known, **blobs(wanted, answer)}

    async def _strays(self, selected: SelectedFiles) -> list[Problem]:
        """Return the problems of links out of the folder. A link to a file is none, one to a folder is."""
        names = [in_repository(self._root, name) for name in selected.strays]
        followed = [await self._stray(name) for name in names[:_MOST_STRAYS]]
        followed += [follow_link(name, LinkTarget.OUTSIDE) for name in names[_MOST_STRAYS:]]
        return [problem for problem in followed if isinstance(problem, Problem)]

    async def _stray(self, name: str) -> Problem | bool:
        if problem := unusable_name(name):
            return problem
        answer = await self._cat_file("--batch-check", f"{self._commit}:{name}\n", "--follow-symlinks")
        is_file = answer.split(b" ")[1:2] == [b"blob"]
        return follow_link(name, LinkTarget.FILE_OUTSIDE if is_file else LinkTarget.OUTSIDE)

    async def _cat_file(self, mode: str, names: str, *options: str) -> bytes:
        arguments = ("cat-file", mode, *options)
        finished = await self._git.run(self._repository, arguments, feed=names.encode())
        if finished.code:
            raise self._damaged(git_message(finished.words, ()))
        return finished.output

    @contextmanager
    def _checked(self) -> Iterator[None]:
        try:
            yield
        except ValueError as error:
            raise self._damaged(str(error)) from error

    def _damaged(self, why: str) -> Damaged:
        return Damaged(
            f"the local copy of the repository cannot be read at commit {self._commit}: {why}; "
            "the next fetch makes it anew"
        )
