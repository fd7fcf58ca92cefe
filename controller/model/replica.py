"""The processes that share a store, and who writes for what, as one of them saw it, on its clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Replica:
    """A process that never stops: the upstreams it could write for, and until when it counts as alive."""

    name: str
    stands: frozenset[str]
    until: float


@dataclass(frozen=True, slots=True)
class LeaseState:
    """Who writes, or wrote last, for an upstream, and when that ends or has ended.

    *holder* is a replica's name or another process's, "" where it let go.
    """

    holder: str
    until: float


@dataclass(frozen=True, slots=True)
class Peers:
    """What *me* saw at the moment *at*: the *others* that are alive, and who holds what."""

    me: str
    at: float
    stands: frozenset[str]
    others: tuple[Replica, ...] = ()
    held: Mapping[str, LeaseState] = field(default_factory=dict)
