"""Branch of a repository as a source: fetched bare and shallow, read whole from one commit."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from controller.edges.source.git.ancestry import descends, parents
from controller.edges.source.git.command import Finished, Git
from controller.edges.source.git.fetch import Fetcher
from controller.edges.source.git.messages import advice
from controller.edges.source.git.mirror import Mirror, doubt, doubted, sweep
from controller.edges.source.git.read_commit import CommitReader, Damaged
from controller.edges.source.git.remote import Remote
from controller.edges.source.git.signature import signer
from controller.errors import SourceError
from controller.model.source import Source

_TIP = "refs/gupshup/tip"
_ID = re.compile("[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Commit:
    """The tip of a branch. *signer* signed it; None if no signature is required."""

    id: str
    signer: str | None = None


class GitSource:
    """One branch of a remote, with a copy of its tip in *folder*, which is ours alone.

    *environ* holds PATH and the variables that references name. Each fetch reads it, so that a token may
    change at any time. *timeout* is for each call of a method, in seconds. Concurrent calls wait for each
    other.
    """

    def __init__(
        self, remote: Remote, folder: Path, environ: Mapping[str, str], *, timeout: float = 120.0
    ) -> None:
        self._remote = remote
        self._mirror = Mirror(folder)
        self._history = folder / "history"
        self._fetcher = Fetcher(remote, environ)
        self._environ = environ
        self._timeout = timeout
        self._lock = asyncio.Lock()

    async def fetch(self) -> Commit:
        """Return the tip of the branch as it is now, its signature checked if one is required.

        Raises SourceError, without any secret, if the tip cannot be fetched or lacks a required signature.
        """
        async with self._alone(f"fetch {self._remote}"):
            repository = await self._fetched()
            finished = await self._git.run(str(repository), ("rev-parse", "--verify", f"{_TIP}^{{commit}}"))
            commit = finished.output.decode("ascii", "replace").strip()
            if finished.code or not _ID.fullmatch(commit):
                doubt(repository)
                raise SourceError(
                    f"cannot fetch {self._remote}: git fetched no commit that can be read; it is tried again"
                )
            return Commit(commit, await self._signer(repository, commit))

    async def read(self, commit: Commit) -> Source:
        """Return every manifest of *commit* below the folder. A file that cannot be read is a problem in it.

        Raises SourceError if the commit is not in the copy (a later fetch replaced it), the folder is not
        in the commit, or the copy is damaged. The next fetch makes a damaged copy anew.
        """
        async with self._alone(f"read {self._remote}"):
            repository = self._existing(commit.id)
            try:
                files, problems = await CommitReader(
                    self._git, repository, commit.id, self._remote.path
                ).manifests()
            except Damaged:
                doubt(repository)
                raise
        return Source(self._remote.identity, commit.id, tuple(files), tuple(problems))

    async def advanced(self, old: str, new: str) -> bool:
        """Return whether the revision *new* descends from *old*. False after a force-push, or if unknown.

        The search goes back over thousands of commits, not further. Raises SourceError if the history has to
        be fetched and cannot be.
        """
        if old == new or not (_ID.fullmatch(old) and _ID.fullmatch(new)):
            return old == new
        async with self._alone(f"fetch the history of {self._remote}"):
            repository = self._mirror.existing()
            if repository and old in await parents(self._git, repository, new):
                return True
            return await descends(self._git, self._fetcher, self._history, new, old)

    async def _signer(self, repository: Path, commit: str) -> str | None:
        if self._remote.signers is None:
            return None
        return await signer(repository, commit, self._remote.signers, self._search)

    @property
    def _search(self) -> str:
        return self._environ.get("PATH") or os.defpath

    @property
    def _git(self) -> Git:
        return Git(self._search, {}, {})

    @asynccontextmanager
    async def _alone(self, what: str) -> AsyncIterator[None]:
        async with self._lock:
            with self._mirror.held():
                try:
                    async with asyncio.timeout(self._timeout):
                        yield
                except TimeoutError as error:
                    raise SourceError(
                        f"cannot {what}: not complete after {self._timeout:g} s; check the network"
                    ) from error
                except OSError as error:
                    raise SourceError(f"cannot {what}: {error.strerror}; check the machine") from error

    def _existing(self, commit: str) -> Path:
        repository = self._mirror.existing()
        if repository is None:
            raise SourceError(
                f"cannot read commit {commit} of {self._remote}: it was not fetched; fetch first"
            )
        return repository

    async def _fetched(self) -> Path:
        """Return the copy with the tip in it. A copy that turns out to be damaged is made anew once."""
        repository = self._mirror.ready()
        finished = await self._fetch_into(repository)
        if finished.code and not await self._is_whole(repository):
            repository = self._mirror.anew()
            finished = await self._fetch_into(repository)
        if finished.code:
            raise SourceError(
                f"cannot fetch {self._remote}: git said: {finished.words}; {advice(finished.words)}"
            )
        return repository

    async def _fetch_into(self, repository: Path) -> Finished:
        with doubted(repository):
            finished = await self._fetcher.fetch(repository, f"+{self._remote.ref}:{_TIP}", "--depth=1")
        if finished.code:
            sweep(repository)
        return finished

    async def _is_whole(self, repository: Path) -> bool:
        return (await self._git.run(str(repository), ("fsck", "--connectivity-only"))).code == 0
