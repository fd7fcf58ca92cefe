"""Work queue: names by when they are due, each at most once, with a moment and a lane. Never a payload.

No clock here: *now* comes in, moments are epoch seconds.
"""

import heapq
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple, TypeVar

from controller.model.passes import WHOLE_PARTNER, Lane

STARVATION_LIMIT = 4
"""Times in a row that a lane lets more urgent ones go first. Then the lane has its turn in any case."""


_WHOLE, _ALONE, _MANY = range(3)


_T = TypeVar("_T")


class _Due(NamedTuple):
    at: float
    lane: Lane
    rank: int


class WorkQueue:
    """Names by when they are due. The earliest time and the most urgent lane win; a delay beats both."""

    def __init__(self) -> None:
        self._due: dict[str, _Due] = {}
        self._holds: dict[str, float] = {}
        self._later: list[tuple[float, str]] = []
        self._ready: dict[Lane, list[tuple[int, float, str]]] = {lane: [] for lane in Lane}
        self._passed_over: Counter[Lane] = Counter()

    def add(self, name: str, at: float, lane: Lane, *, alone: bool = False) -> bool:
        """Make *name* due at *at*, or earlier if it was due earlier. Return whether anything changed.

        A name added *alone* goes before those of its lane that came as one of many.
        """
        rank = _WHOLE if name == WHOLE_PARTNER else _ALONE if alone else _MANY
        known = self._due.get(name)
        if known is not None:
            at, lane, rank = min(at, known.at), min(lane, known.lane), min(rank, known.rank)
        return self._put(name, _Due(max(at, self._holds.get(name, at)), lane, rank))

    def delay_until(self, name: str, until: float) -> None:
        """Keep *name* from being due before *until*, whatever is added. A longer delay stays."""
        until = max(until, self._holds.get(name, until))
        self._holds[name] = until
        known = self._due.get(name)
        if known is not None and known.at < until:
            self._put(name, known._replace(at=until))

    def clear_delay(self, name: str) -> None:
        """End the delay of *name*."""
        self._holds.pop(name, None)

    def take(self, now: float, most: Lane = Lane.DRIFT) -> tuple[str, Lane] | None:
        """Take what is due: the most urgent lane, there the whole, names added alone, then the longest due.

        Lanes past *most* are left. A lane that was passed over too often has its turn first.
        """
        self._ripen(now)
        waiting = [lane for lane in Lane if lane <= most and self._any(lane)]
        if not waiting:
            return None
        lane = next((each for each in waiting if self._passed_over[each] >= STARVATION_LIMIT), waiting[0])
        self._passed_over.update(waiting)
        self._passed_over[lane] = 0
        *_, name = heapq.heappop(self._ready[lane])
        del self._due[name]
        self._holds.pop(name, None)
        return name, lane

    def next_at(self, now: float) -> float | None:
        """Return when the next name is due, *now* if one is due, None without any name."""
        self._ripen(now)
        if any(self._any(lane) for lane in Lane):
            return now
        return self._later[0][0] if self._later else None

    def keep(self, names: frozenset[str]) -> None:
        """Forget every name but *names*."""
        for name in self._due.keys() - names:
            del self._due[name]
        for name in self._holds.keys() - names:
            del self._holds[name]

    def rename(self, names: Mapping[str, str]) -> None:
        """Keep what is due, and what is delayed, under the new name of each of *names*."""
        move(self._holds, names)
        for name, due in move(self._due, names).items():
            self._push(name, due)

    def depth(self, now: float) -> Counter[Lane]:
        """Count what is due by now, by lane."""
        return Counter(due.lane for due in self._due.values() if due.at <= now)

    def _put(self, name: str, due: _Due) -> bool:
        if self._due.get(name) == due:
            return False
        self._push(name, due)
        return True

    def _push(self, name: str, due: _Due) -> None:
        self._due[name] = due
        heapq.heappush(self._later, (due.at, name))
        if len(self._later) + sum(map(len, self._ready.values())) > 4 * len(self._due) + 64:
            self._later = sorted((due.at, each) for each, due in self._due.items())
            self._ready = {lane: [] for lane in Lane}

    def _any(self, lane: Lane) -> bool:
        """Return whether anything of *lane* is due. Drop what was replaced or forgotten since."""
        ready = self._ready[lane]
        while ready:
            rank, at, name = ready[0]
            if self._due.get(name) == (at, lane, rank):
                return True
            heapq.heappop(ready)
        return False

    def _ripen(self, now: float) -> None:
        """Move what is due by *now* to the ready ones. Drop what was replaced since."""
        while self._later:
            at, name = self._later[0]
            known = self._due.get(name)
            current = known is not None and known.at == at
            if current and at > now:
                return
            heapq.heappop(self._later)
            if known is not None and current:
                heapq.heappush(self._ready[known.lane], (known.rank, at, name))


def move(table: dict[str, _T], names: Mapping[str, str]) -> dict[str, _T]:
    """Move each row of *table* to the new name of *names*; return what was moved. Names may be swapped."""
    moved = {names[name]: table.pop(name) for name in names.keys() & table.keys()}
    for name in names.values():
        table.pop(name, None)
    table.update(moved)
    return moved
