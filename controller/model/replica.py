"""Replicas: the processes that share a store, and the leases, as one of them observed them, on its clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Replica:
    """A process that never stops: the upstreams it could write for, and until when it counts as alive."""

    name: str
    candidate_for: frozenset[str]
    until: float


@dataclass(frozen=True, slots=True)
class LeaseState:
    """The lease of an upstream: who writes, or wrote last, and when that ends or ended.

    *holder* is a replica's name or another process's, "" if it was released.
    """

    holder: str
    until: float


@dataclass(frozen=True, slots=True)
class Peers:
    """The observation of the replica *me* at the moment *at*: the *others* that are alive, and the leases."""

    me: str
    at: float
    candidate_for: frozenset[str]
    others: tuple[Replica, ...] = ()
    leases: Mapping[str, LeaseState] = field(default_factory=dict)
