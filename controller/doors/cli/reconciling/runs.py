"""Which accounts a `run` works on, with patience for one that starts or hands over."""

import time
from collections.abc import Iterable

import click

from controller.doors.stored import is_running
from controller.edges.store import SqlStore

ARRIVES = 10.0
"""Seconds in which a `run` becomes the writer that just started, or that let another command go first."""

MOVES = 20.0
"""Seconds in which another replica takes over from the `run` that worked on a partner."""


class Runs:
    """The accounts *upstreams*; on those that are *absent* no `run` works, and none was just about to."""

    def __init__(self, store: SqlStore, upstreams: Iterable[str]) -> None:
        self._store = store
        self._patience = dict.fromkeys(upstreams, time.monotonic() + ARRIVES)
        self.absent: set[str] = set()

    @property
    def upstreams(self) -> list[str]:
        return sorted(self._patience)

    @property
    def present(self) -> list[str]:
        return sorted(self._patience.keys() - self.absent)

    async def print_absent(self) -> None:
        """Tell at once where no `run` works, before it is waited for a little."""
        for upstream in self.upstreams:
            if not await is_running(self._store, upstream):
                click.echo(
                    f"No `gupshupctl run` works on {upstream} yet: {ARRIVES:g} s are left to it", err=True
                )

    async def look(self, *, patient: bool) -> None:
        """Note where no `run` works, at once or if one is *patient* after a while."""
        now = time.monotonic()
        for upstream, until in self._patience.items():
            if await is_running(self._store, upstream):
                self._patience[upstream] = now + MOVES
            elif now >= until or not patient:
                self.absent.add(upstream)


async def nobody(store: SqlStore, upstream: str) -> str:
    """Return that no `run` works on *upstream*, and what becomes of a request."""
    holder = await store.holder(upstream)
    who = f"{holder} is its writer, and takes no requests" if holder else "no process is its writer"
    return (
        f"no `gupshupctl run` works on {upstream} now ({who}). "
        "The request stays in the store: the next `run` picks it up."
    )
