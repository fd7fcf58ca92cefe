"""Checkout of a repository on this machine: paths go in, their manifests at an earlier commit come out."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from controller.edges.source.file_rules import escaped
from controller.edges.source.git.command import Finished, Git
from controller.edges.source.git.listing import blob_id
from controller.edges.source.git.messages import git_message
from controller.edges.source.git.read_commit import CommitReader, Damaged
from controller.errors import SourceError, Usage
from controller.model.problem import Problem
from controller.model.source import Source, SourceFile

_SHALLOW = (
    "this clone is shallow, so fetch the whole history: `fetch-depth: 0` for actions/checkout, "
    "`GIT_DEPTH: 0` for GitLab, or `git fetch --unshallow`"
)
_TIMEOUT = 120.0


class Baseline(NamedTuple):
    """The manifests as they were at *commit*, where a revision and HEAD have parted."""

    commit: str
    source: Source


class Checkout(NamedTuple):
    """The *top* folder of a working tree, and the *folder* with git's own files about it."""

    top: Path
    folder: Path


async def baseline(paths: Sequence[str], ref: str, now: Source, *, search: str) -> Baseline:
    """Return the manifests of *paths* at the merge base of *ref* and HEAD, in the repository that holds them.

    A path that did not exist then declares nothing. Files are named as in *now*, the same paths as they are.
    Nothing is fetched or written, and no program of the repository runs. *search* is PATH. Raises Usage for a
    malformed *ref*, SourceError if there is no such repository, commit or merge base.
    """
    if not ref.isprintable() or ref.startswith("-") or not ref.strip():
        raise Usage(f"--since takes a branch, a tag or a commit, as in --since origin/main; not {ref!r:.80}")
    checkout = _checkout_of(paths)
    history = _History(checkout, ref, search, {blob_id(file.data): file.data for file in now.files})
    try:
        async with asyncio.timeout(_TIMEOUT):
            commit = await history.merge_base()
            files, problems = await history.manifests(commit, paths)
    except TimeoutError as error:
        raise SourceError(f"--since {ref}: git did not end within {_TIMEOUT:g} s") from error
    except Damaged as error:
        raise SourceError(
            f"--since {escaped(ref)}: not every file of commit {commit} can be read here ({error}); clone "
            "the whole repository, without --filter"
        ) from error
    return Baseline(commit, Source(str(checkout.top), commit, files, problems, complete=now.complete))


def _checkout_of(paths: Sequence[str]) -> Checkout:
    found = {path: _around(Path(os.path.realpath(path))) for path in paths}
    for path, checkout in found.items():
        if checkout is None:
            raise SourceError(
                f"--since compares with an earlier commit, and {escaped(path)} is in no git repository; run "
                "it in a checkout, or leave --since out"
            )
    first, *others = {checkout for checkout in found.values() if checkout is not None}
    if others:
        raise SourceError("--since: the paths are in several git repositories; name paths of one of them")
    return first


def _around(path: Path) -> Checkout | None:
    """Return the innermost checkout that holds *path*. In a worktree or a submodule, `.git` is a file."""
    for top in (path, *path.parents):
        marker = top / ".git"
        if marker.is_dir():
            return Checkout(top, marker)
        with suppress(OSError, UnicodeDecodeError):
            key, _, folder = marker.read_text(encoding="utf-8").partition(": ")
            if key == "gitdir":
                return Checkout(top, (top / folder.strip()).resolve())
    return None


def _as_typed(path: str, root: str, name: str) -> str:
    """Return *name*, a file of the repository at *root* or below it, as it is found from the typed *path*."""
    below = name.removeprefix(root).lstrip("/")
    return os.path.join(path, below).removeprefix("./") if below else path  # noqa: PTH118  (as it was typed)


class _History:
    def __init__(self, checkout: Checkout, ref: str, search: str, known: Mapping[str, bytes]) -> None:
        self._checkout = checkout
        self._known = known
        self._shown = f"--since {escaped(ref)}"
        self._ref = ref
        self._git = Git(search, {}, {})

    async def merge_base(self) -> str:
        commit = await self._commit(self._ref)
        if commit is None:
            raise SourceError(f"{self._shown}: this repository has no such commit; {await self._remedy()}")
        head = await self._commit("HEAD")
        if head is None:
            raise SourceError(f"{self._shown}: nothing is committed here yet")
        finished = await self._run("merge-base", commit, head)
        if finished.code or not finished.output:
            why = (
                await self._remedy() if await self._is_shallow() else "their histories have nothing in common"
            )
            raise SourceError(f"{self._shown}: it has no common commit with HEAD; {why}")
        return finished.output.decode("ascii").split()[0]

    async def manifests(
        self, commit: str, paths: Sequence[str]
    ) -> tuple[tuple[SourceFile, ...], tuple[Problem, ...]]:
        files: dict[str, SourceFile] = {}
        problems: list[Problem] = []
        for path in paths:
            root = self._name(path)
            reader = CommitReader(self._git, self._checkout.folder, commit, root, self._known)
            found, wrong = await reader.manifests_if_any()
            for file in found:
                files.setdefault(file.path, replace(file, path=_as_typed(path, root, file.path)))
            problems += wrong
        return tuple(sorted(files.values(), key=lambda file: file.path)), tuple(problems)

    def _name(self, path: str) -> str:
        """Return *path* as the repository names it: from its root, "" for the root itself."""
        name = os.path.relpath(os.path.realpath(path), self._checkout.top)
        if not name.isprintable():
            raise SourceError(f"--since: {escaped(path)} holds characters that cannot be shown; rename it")
        return "" if name == "." else name

    async def _commit(self, name: str) -> str | None:
        finished = await self._run("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        if finished.code and "not a git repository" in finished.words:
            raise SourceError(f"{self._shown}: git says: {git_message(finished.words, ())}")
        return None if finished.code else finished.output.decode("ascii").strip()

    async def _remedy(self) -> str:
        if await self._is_shallow():
            return _SHALLOW
        remote, _, branch = self._ref.partition("/")
        what = f"{remote} {branch}" if branch else "origin"
        return f"check its name, or fetch it: `git fetch {escaped(what)}`"

    async def _is_shallow(self) -> bool:
        return (await self._run("rev-parse", "--is-shallow-repository")).output.strip() == b"true"

    async def _run(self, *arguments: str) -> Finished:
        return await self._git.run(str(self._checkout.folder), arguments)
