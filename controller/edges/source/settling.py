"""Settling of folders: file stamps go in, a file that may still be written comes out.

The target of a link is whole before the link leads to it (a ConfigMap, git-sync), so a swapped link needs no
wait. A file that is written in place needs one.
"""

import os
from collections.abc import Callable, Collection, Mapping

from controller.model.source import Source, Stamp

QUIET = 2.0
"""Seconds without a change after which a folder counts as written."""


def mark(status: os.stat_result) -> tuple[int, ...]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


class Settling:
    """Compares each read of one source with the last. *now* returns seconds that never step."""

    def __init__(self, now: Callable[[], float], quiet: float) -> None:
        self._now = now
        self._quiet = quiet
        self._print: object = None
        self._stamps: Mapping[str, Stamp] = {}
        self._since = now()
        self._changed = ""

    def unsettled(self, source: Source) -> str | None:
        """Return a file of *source* that changed too recently, or None. "" soon after the first read."""
        now, stamps = self._now(), {stamp.path: stamp for stamp in source.stamps}
        current = (source.revision, source.problems, stamps)
        if current != self._print:
            names = _changes(self._stamps, stamps)
            swapped = self._print is not None and _swapped(self._stamps, stamps, names)
            self._since = now - self._quiet if swapped else now
            self._changed = min(names, default="") if self._print is not None else ""
            self._print, self._stamps = current, stamps
        return self._changed if now - self._since < self._quiet else None


def _changes(before: Mapping[str, Stamp], now: Mapping[str, Stamp]) -> frozenset[str]:
    return frozenset(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))


def _swapped(before: Mapping[str, Stamp], now: Mapping[str, Stamp], names: Collection[str]) -> bool:
    """Return whether nothing changed but links, which lead to other places now."""
    both = (name for name in names if name in before and name in now)
    steps = {_step(before[name].real, now[name].real) for name in both if before[name].real != now[name].real}
    left, came = {old for old, _ in steps}, {new for _, new in steps}
    gone = all(_below(before[name].real, left) for name in names if name in before)
    return bool(steps) and gone and all(_below(now[name].real, came) for name in names if name in now)


def _step(old: str, new: str) -> tuple[str, str]:
    """Return the old and the new place that a link led to, without the ending that both paths share."""
    one, other = old.split("/"), new.split("/")
    while one and other and one[-1] == other[-1]:
        one.pop()
        other.pop()
    return "/".join(one), "/".join(other)


def _below(path: str, folders: Collection[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)
