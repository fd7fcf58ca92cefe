"""The limit of connections to one listener: the connection that is dropped for a new one.

An idle connection costs its peer nothing, so an idle one is dropped for a new one, first of the peer that has
most of them.
"""

from collections import Counter
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address
from typing import Protocol, TypeVar

_NETWORK = 64
"""Bits of an IPv6 address that identify a peer. The peer itself chooses the rest."""


class HeldConnection(Protocol):
    """One connection. *peer* is as in `peer_of`, *idle* its begin (seconds), None during a request."""

    @property
    def peer(self) -> str: ...

    @property
    def idle(self) -> float | None: ...


V = TypeVar("V", bound=HeldConnection)


def peer_of(host: str) -> str:
    """Return the peer of an address. For IPv6, a peer is the network that one host gets."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if not isinstance(address, IPv6Address) or address.ipv4_mapped is not None:
        return str(getattr(address, "ipv4_mapped", None) or address)
    return str(IPv6Address(int(address) >> (128 - _NETWORK) << (128 - _NETWORK)))


def connection_to_drop(comer: V, crowd: Iterable[V], *, most: int, share: int) -> V | None:
    """Return the connection of *crowd*, which includes *comer*, to drop for *comer*; None if all may stay.

    For a peer that has *share* already, its own longest idle connection is dropped. Beyond *most*, the
    longest idle one of the peer with the most is dropped; *comer*, if none is idle.
    """
    others = [other for other in crowd if other is not comer]
    count = Counter(other.peer for other in others)
    if count[comer.peer] >= share and (own := _longest_idle(others, comer.peer)):
        return own
    if len(others) < most:
        return None
    peers = sorted(count, key=lambda peer: (-count[peer], peer))
    return next((longest for peer in peers if (longest := _longest_idle(others, peer))), comer)


def _longest_idle(crowd: Iterable[V], peer: str) -> V | None:
    idle = [(held.idle, held) for held in crowd if held.peer == peer and held.idle is not None]
    return min(idle, key=lambda pair: pair[0])[1] if idle else None
