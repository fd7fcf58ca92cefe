"""Election: whether a replica asks for the lease of a partner now, from what it observed of its peers.

A replica asks for a free lease as long as it leads fewer partners than its fair share, and for any lease that
stays free for some seconds. Nothing is handed over by force. The lease itself keeps two from writing: a step
that was wrong costs one statement that is refused.
"""

import math
from dataclasses import dataclass
from typing import TypeAlias

from controller.model.replica import Peers

HANDOVER_GRACE = 1.0
"""Seconds for which a released lease is left to whoever waits at the lease itself, an `apply` above all."""

FALLBACK_DELAY = 2.0
"""Seconds for which a lease is free before a replica that leads its fair share asks for it, too."""

STALE = 8.0
"""Seconds after which an observation of the peers says nothing any more."""

REJOIN_GRACE = 4.0
"""Seconds for which a replica that came, or that lost sight of its peers, asks only for leases of its own.

The peers may be coming, too: after a deployment, or once a database is back.
"""


@dataclass(frozen=True, slots=True)
class Acquire:
    """Ask for the lease now."""


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """Do nothing before *until* (epoch seconds). *blind*: the peers were not observed lately, or not yet."""

    until: float
    blind: bool = False


Step: TypeAlias = Acquire | WaitUntil


class Election:
    """The observations of one replica, and its next step for each partner that it is a candidate for."""

    def __init__(self) -> None:
        self._candidate_since: dict[str, float] = {}
        self._acquiring: set[str] = set()
        self._peers = Peers("", float("-inf"), frozenset())
        self._rejoined = float("-inf")

    @property
    def candidate_for(self) -> frozenset[str]:
        return frozenset(self._candidate_since)

    def enter(self, upstream: str, now: float) -> None:
        """Be a candidate for *upstream* from now on."""
        self._candidate_since[upstream] = now

    def leave(self, upstream: str) -> None:
        self._candidate_since.pop(upstream, None)
        self._acquiring.discard(upstream)

    def observe(self, peers: Peers) -> None:
        """Decide by *peers* from now on."""
        if peers.at - self._peers.at > STALE:
            self._rejoined = peers.at
        self._peers = peers
        self._acquiring.clear()

    def next_step(self, upstream: str, now: float) -> Step:
        """Return what to do about *upstream* now (epoch seconds)."""
        if now - self._peers.at > STALE or upstream not in self._peers.candidate_for:
            return WaitUntil(now + HANDOVER_GRACE, blind=True)
        ready = self._ready_at(upstream, now)
        if now < ready:
            return WaitUntil(ready)
        self._acquiring.add(upstream)
        return Acquire()

    def _ready_at(self, upstream: str, now: float) -> float:
        """Return the moment from which this replica may ask for the lease."""
        lease = self._peers.leases.get(upstream)
        if lease is not None and lease.holder == self._peers.me:
            return lease.until
        free = float("-inf") if lease is None else lease.until + (0.0 if lease.holder else HANDOVER_GRACE)
        free = max(free, self._rejoined + REJOIN_GRACE)
        if len(self._led(now) - {upstream}) < _fair_share(self._peers, now):
            return free
        return max(free, self._candidate_since.get(upstream, free)) + FALLBACK_DELAY

    def _led(self, now: float) -> set[str]:
        """Return the partners that this replica leads, or asked for since the last observation."""
        leases = self._peers.leases.items()
        mine = {name for name, lease in leases if lease.holder == self._peers.me and lease.until > now}
        return mine | self._acquiring


def _fair_share(peers: Peers, now: float) -> int:
    """Return how many partners each living replica leads where the load is even; rounded up."""
    living = [peers.candidate_for, *(peer.candidate_for for peer in peers.others if peer.until > now)]
    able = [names for names in living if names]
    return math.ceil(len(frozenset().union(*able)) / max(1, len(able)))
