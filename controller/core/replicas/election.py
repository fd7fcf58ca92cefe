"""Whether it is this replica's turn to write for a partner: from what it saw of the others, and when.

Nothing here keeps two from writing: the lease does. A wrong turn costs one statement that is refused.
"""

from dataclasses import dataclass
from typing import TypeAlias

from controller.core.replicas.assignment import spread
from controller.model.replica import Peers

HAND_OVER = 1.0
"""Seconds for which what was let go is left to whoever waits at the lease itself."""

LATER = 2.0
"""Seconds that the others give the chosen one, before any of them takes its place."""

CALM = 10.0
"""Seconds for which nobody came or went, before a partner is asked for that another one tends."""

ASK_AGAIN = 15.0

STALE = 8.0
"""Seconds after which what was seen says nothing any more."""

BACK = 4.0
"""Seconds for which whoever saw nothing for a while takes only what was its own: others come back, too."""


@dataclass(frozen=True, slots=True)
class Acquire:
    """Ask for the lease now."""


@dataclass(frozen=True, slots=True)
class RequestHandover:
    """Ask the holder to give way, then for the lease."""


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """Nothing to do before *until*. *blind*: nothing was seen of the others for a while, or not yet."""

    until: float
    blind: bool = False


Turn: TypeAlias = Acquire | RequestHandover | WaitUntil


class Turns:
    """What one replica saw, and what follows from it for each partner that it stands for."""

    def __init__(self) -> None:
        self._stood: dict[str, float] = {}
        self._asked: dict[str, float] = {}
        self._roster = Peers("", float("-inf"), frozenset())
        self._calm = self._back = float("-inf")
        self._shares: dict[str, str] = {}
        self._alive: dict[str, frozenset[str]] = {}

    @property
    def stands(self) -> frozenset[str]:
        return frozenset(self._stood)

    def stand(self, upstream: str, now: float) -> None:
        """Be ready to write for *upstream* from now on."""
        self._stood[upstream] = now

    def leave(self, upstream: str) -> None:
        self._stood.pop(upstream, None)
        self._asked.pop(upstream, None)

    def saw(self, roster: Peers) -> None:
        """Go by *roster* from now on."""
        if self._roster.me and roster.at - self._roster.at > STALE:
            self._back = self._calm = roster.at
        self._roster = roster
        alive = _alive(roster, roster.at)
        if alive != self._alive:
            self._calm = roster.at
        self._reckon(alive)

    def turn(self, upstream: str, now: float) -> Turn:
        """Return what to do about *upstream* now."""
        if now - self._roster.at > STALE or upstream not in self._roster.stands:
            return WaitUntil(now + HAND_OVER, blind=True)
        alive = _alive(self._roster, now)
        if alive != self._alive:
            self._calm = now
            self._reckon(alive)
        mine = self._shares.get(upstream) == self._roster.me
        ready = self._ready(upstream, mine=mine)
        if now >= ready:
            return Acquire()
        if mine and self._may_ask(upstream, now):
            self._asked[upstream] = now
            return RequestHandover()
        return WaitUntil(ready)

    def _reckon(self, alive: dict[str, frozenset[str]]) -> None:
        self._alive = alive
        held = {upstream: held.holder for upstream, held in self._roster.held.items()}
        self._shares = spread(alive, held)

    def _ready(self, upstream: str, *, mine: bool) -> float:
        """Return the moment from which the lease may be asked for."""
        held = self._roster.held.get(upstream)
        if held is not None and held.holder == self._roster.me:
            return held.until
        free = float("-inf") if held is None else held.until + (0.0 if held.holder else HAND_OVER)
        free = max(free, self._back + BACK)
        return free if mine else max(free, self._stood.get(upstream, free)) + LATER

    def _may_ask(self, upstream: str, now: float) -> bool:
        """Say whether a replica has it that is to give it up: others than replicas cannot hear."""
        held = self._roster.held.get(upstream)
        has = held is not None and held.holder in self._alive and held.holder != self._roster.me
        asked = self._asked.get(upstream, float("-inf"))
        return has and now - self._calm >= CALM and now - asked >= ASK_AGAIN


def _alive(roster: Peers, now: float) -> dict[str, frozenset[str]]:
    """Return what each living replica stands for; whoever looks is alive."""
    others = {each.name: each.stands for each in roster.others if each.until > now}
    return {**others, roster.me: roster.stands}
