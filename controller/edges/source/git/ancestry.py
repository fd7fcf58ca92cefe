"""Ancestry of commits: whether one commit descends from another, within a limited number of commits."""

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
    """Return the parents that *commit* names, also if the copy lacks them. Empty if *commit* is unknown."""
    finished = await git.run(str(repository), ("cat-file", "commit", commit))
    head = finished.output.partition(b"\n\n")[0].decode("utf-8", "replace")
    lines = (line.split(" ") for line in head.splitlines())
    return frozenset(words[1] for words in lines if words[0] == "parent")


async def descends(git: Git, fetcher: Fetcher, folder: Path, new: str, old: str) -> bool:
    """Return whether *old* is among the newest commits that *new* descends from, up to the last of DEPTHS.

    The history is fetched into a copy of its own, which is removed at the end. The copy holds no files if the
    remote can leave them out. Raises SourceError if the history cannot be fetched.
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
