"""Changes below folders, told as they happen; a hint to read, and nothing more."""

import asyncio
from collections.abc import Callable, Sequence

from watchfiles import awatch

QUIET_MS = 100
"""Milliseconds without a change before one is told: an editor writes a file in several steps."""


async def changes(paths: Sequence[str], drop: Callable[[], None], stopping: asyncio.Event) -> None:
    """Call *drop* after each change below *paths*, until *stopping*. OSError where none can be told."""
    async for _ in awatch(*paths, stop_event=stopping, step=QUIET_MS, debounce=1_600, recursive=True):
        drop()
