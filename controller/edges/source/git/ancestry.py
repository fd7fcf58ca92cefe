"""The ancestry of commits: two ids go in; whether one grew out of the other comes out, as far as asked."""

import shutil
from pathlib import Path

from controller.edges.source.git.command import Git
from controller.edges.source.git.fetch import Fetcher
from controller.edges.source.git.messages import advice
from controller.edges.source.git.mirror import Mirror
from controller.errors import SourceError

DEPTHS = (64, 4_096)
_TIP = "refs/gupshup/tip"


async def parents(git: Git, repository: Path, commit: str) -> frozenset[str]:
    """Return the parents that *commit* names, also if the copy does not hold them; none if unknown."""
    finished = await git.run(str(repository), ("cat-file", "commit", commit))
    head = finished.output.partition(b"\n\n")[0].decode("utf-8", "replace")
    lines = (line.split(" ") for line in head.splitlines())
    return frozenset(words[1] for words in lines if words[0] == "parent")


async def descends(git: Git, fetcher: Fetcher, folder: Path, new: str, old: str) -> bool:
    """Return whether *old* is among the newest DEPTHS commits that *new* grew out of.

    Looks in a copy of its own that holds commits and no files, where the remote can leave them out, and is
    removed. Raises SourceError if the history cannot be fetched.
    """
    copy = Mirror(folder).anew()
    try:
        for depth in DEPTHS:
            finished = await fetcher.fetch(copy, f"+{new}:{_TIP}", "--filter=tree:0", f"--depth={depth}")
            if finished.code:
                raise SourceError(
                    f"cannot fetch the history of {new}: git said: {finished.words}; {advice(finished.words)}"
                )
            seen = (await git.run(str(copy), ("rev-list", _TIP))).output.decode("ascii").split()
            if old in seen or len(seen) < depth:
                return old in seen
        return False
    finally:
        shutil.rmtree(copy, ignore_errors=True)
