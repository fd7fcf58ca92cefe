"""Changes below folders, as they happen. A change is only a hint to read."""

import asyncio
from collections.abc import Callable, Sequence

from watchfiles import awatch

QUIET_MS = 100
"""Milliseconds without a change before one is reported: an editor writes a file in several steps."""


async def changes(paths: Sequence[str], drop: Callable[[], None], stopping: asyncio.Event) -> None:
    """Call *drop* after each change below *paths*, until *stopping*. OSError if *paths* cannot be watched."""
    async for _ in awatch(*paths, stop_event=stopping, step=QUIET_MS, debounce=1_600, recursive=True):
        drop()
