"""The progress of a wait, on stderr: lines that move on a terminal, a line for each change elsewhere."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeAlias

import click

from controller.core.status.state import ResourceState, state_of
from controller.model.plan import Item
from controller.model.status import Status
from controller.model.text import escape

OnWait: TypeAlias = Callable[[Sequence[Status], Sequence[Status]], None]
"""Called at each read of the store with what was not observed again yet, and with what still moves."""

MOST_NAMES = 5

_SIGNS = {
    ResourceState.STALLED: ("!", "stalled"),
    ResourceState.HELD: ("⏸", "held"),
    ResourceState.RECONCILING: ("…", "waiting"),
    ResourceState.UNKNOWN: ("?", "unknown"),
    ResourceState.UNMANAGED: ("?", "unmanaged"),
    ResourceState.READY: ("✓", "ready"),
    ResourceState.RETIRED: ("✓", "retired"),
}


@contextmanager
def wait_display(*, live: bool) -> Iterator[OnWait]:
    """Yield the callback of a wait: on a terminal (*live*) it rewrites a few lines."""
    if not live:
        yield WaitLines()
        return
    from rich.console import Console  # noqa: PLC0415  (slow to import, and only a terminal needs it)
    from rich.live import Live  # noqa: PLC0415  (likewise)
    from rich.text import Text  # noqa: PLC0415  (likewise)

    began = time.monotonic()
    with Live(console=Console(stderr=True), transient=True, auto_refresh=False) as screen:

        def show(unseen: Sequence[Status], moves: Sequence[Status]) -> None:
            text = wait_text(unseen, moves, time.monotonic() - began)
            screen.update(Text(text, no_wrap=True, overflow="ellipsis"), refresh=True)

        yield show


def wait_text(unseen: Sequence[Status], moves: Sequence[Status], seconds: float) -> str:
    """Return what is waited for, as a few lines."""
    if unseen:
        return f"{seconds:.0f} s: waiting until `run` looks at {wait_words(unseen)}"
    shown = "\n".join(_line(status) for status in moves[:MOST_NAMES])
    more = f"\n  and {len(moves) - MOST_NAMES} more" if len(moves) > MOST_NAMES else ""
    return f"{seconds:.0f} s: waiting for {len(moves)}\n{shown}{more}"


class WaitLines:
    """Prints each change once: first what is waited for, then what became of it."""

    def __init__(self) -> None:
        self._unseen = False
        self._printed: dict[Item, str] = {}

    def __call__(self, unseen: Sequence[Status], moves: Sequence[Status]) -> None:
        if unseen:
            if not self._unseen:
                click.echo(f"Waiting until `run` looks at {wait_words(unseen)}", err=True)
            self._unseen = True
            return
        now = {status.item: _line(status) for status in moves}
        for item, line in now.items():
            if self._printed.get(item) != line:
                click.echo(line, err=True)
        for item in self._printed.keys() - now.keys():
            click.echo(f"  · settled      {item}", err=True)
        self._printed = now


def wait_words(statuses: Sequence[Status]) -> str:
    """Return the names of *statuses*, as many as a line holds."""
    names = ", ".join(str(status.item) for status in statuses[:MOST_NAMES])
    return names + (f" and {len(statuses) - MOST_NAMES} more" if len(statuses) > MOST_NAMES else "")


def _line(status: Status) -> str:
    state, condition = state_of(status)
    sign, word = _SIGNS[state]
    why = "" if condition is None else f"  {condition.reason} {condition.message}".rstrip()
    return escape(f"  {sign} {word:<12} {status.item}{why}")
