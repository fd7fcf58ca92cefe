"""The rest of folders: how files lie on the disk goes in, what is still being written comes out.

What a link leads to is whole before the link leads there (a ConfigMap, git-sync), so that a swap needs no
rest. What is written in place does.
"""

import os
from collections.abc import Callable, Collection, Mapping

from controller.model.source import Source, Stamp

QUIET = 2.0
"""Seconds without a change after which a folder is believed to be written."""


def mark(status: os.stat_result) -> tuple[int, ...]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


class Settling:
    """Watches one source from read to read. *now* gives seconds that never step."""

    def __init__(self, now: Callable[[], float], quiet: float) -> None:
        self._now = now
        self._quiet = quiet
        self._print: object = None
        self._stamps: Mapping[str, Stamp] = {}
        self._since = now()
        self._changed = ""

    def unsettled(self, source: Source) -> str | None:
        """Return a file of *source* that changed too lately ("": nobody looked before), None if all rest."""
        now, stamps = self._now(), {stamp.path: stamp for stamp in source.stamps}
        found = (source.revision, source.problems, stamps)
        if found != self._print:
            names = _changes(self._stamps, stamps)
            swapped = self._print is not None and _swapped(self._stamps, stamps, names)
            self._since = now - self._quiet if swapped else now
            self._changed = min(names, default="") if self._print is not None else ""
            self._print, self._stamps = found, stamps
        return self._changed if now - self._since < self._quiet else None


def _changes(before: Mapping[str, Stamp], now: Mapping[str, Stamp]) -> frozenset[str]:
    return frozenset(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))


def _swapped(before: Mapping[str, Stamp], now: Mapping[str, Stamp], names: Collection[str]) -> bool:
    """Return whether links that lead elsewhere are all that changed."""
    both = (name for name in names if name in before and name in now)
    steps = {_step(before[name].real, now[name].real) for name in both if before[name].real != now[name].real}
    left, came = {old for old, _ in steps}, {new for _, new in steps}
    gone = all(_below(before[name].real, left) for name in names if name in before)
    return bool(steps) and gone and all(_below(now[name].real, came) for name in names if name in now)


def _step(old: str, new: str) -> tuple[str, str]:
    """Return the two places that a link led to: what both paths end in is the same below it."""
    one, other = old.split("/"), new.split("/")
    while one and other and one[-1] == other[-1]:
        one.pop()
        other.pop()
    return "/".join(one), "/".join(other)


def _below(path: str, folders: Collection[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)
