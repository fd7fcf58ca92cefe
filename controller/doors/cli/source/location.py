"""The place of the manifests of `run`: folders that are watched, or a branch of a git repository."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from controller.doors.cli.source.load import decode_source
from controller.edges import log, settings
from controller.edges.source.changes import changes
from controller.edges.source.git import GitSource, Remote
from controller.edges.source.settling import QUIET
from controller.edges.source.sources import BranchSource, FolderSource
from controller.model.clock import Clock
from controller.model.source import Decoded, Source


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch of a repository. Its local *copy* is in a temporary folder if none is named."""

    remote: Remote
    copy: str | None


SourceLocation: TypeAlias = tuple[str, ...] | Branch
"""Folders, or a branch."""


@asynccontextmanager
async def open_source(
    location: SourceLocation, clock: Clock, quiet: float = QUIET
) -> AsyncIterator[FolderSource | BranchSource]:
    """Yield the source. A folder is read once nothing in it has changed for *quiet* seconds."""
    if not isinstance(location, Branch):
        yield FolderSource(location, clock.now, quiet)
        return
    with tempfile.TemporaryDirectory(prefix="gupshupctl-git-") as temporary:
        folder = Path(location.copy or temporary)
        yield BranchSource(GitSource(location.remote, folder, os.environ), location.remote.identity)


async def decode_in_thread(source: Source) -> Decoded:
    """Decode in another thread: ten thousand manifests take a second."""
    return await asyncio.to_thread(decode_source, source, settings.rules(os.environ))


async def watch_source(
    location: SourceLocation, on_change: Callable[[], None], stopping: asyncio.Event
) -> None:
    """Call *on_change* after each change in a folder. A branch is only read at each interval."""
    if isinstance(location, Branch):
        return
    try:
        await changes(location, on_change, stopping)
    except OSError as error:
        log.logger().warning("file watching unavailable", why=str(error), instead="read at each interval")
