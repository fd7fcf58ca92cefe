"""The limit of connections to one listener: which of them is dropped so that a new one may come in.

A connection that says nothing costs its owner nothing, so that it gives way to one that may have something to
say; and whoever has most of them, before others.
"""

from collections import Counter
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address
from typing import Protocol, TypeVar

_NETWORK = 64
"""Bits of an IPv6 address that name a peer: the rest is the peer's own to choose."""


class HeldConnection(Protocol):
    """One connection: *peer* as in `peer_of`; *idle* since when (seconds), None while a request goes on."""

    @property
    def peer(self) -> str: ...

    @property
    def idle(self) -> float | None: ...


V = TypeVar("V", bound=HeldConnection)


def peer_of(host: str) -> str:
    """Return who is behind an address: for IPv6 the network that one host is given, not one of its names."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if not isinstance(address, IPv6Address) or address.ipv4_mapped is not None:
        return str(getattr(address, "ipv4_mapped", None) or address)
    return str(IPv6Address(int(address) >> (128 - _NETWORK) << (128 - _NETWORK)))


def connection_to_drop(comer: V, crowd: Iterable[V], *, most: int, share: int) -> V | None:
    """Return who has to go now that *comer* is in, of *crowd* (with *comer* in it); None where all may stay.

    A peer with more than *share* makes room for itself. Past *most*, it is the longest idle one of the peer
    with the most; where nobody is idle, it is *comer*.
    """
    others = [each for each in crowd if each is not comer]
    count = Counter(each.peer for each in others)
    if count[comer.peer] >= share and (own := _longest_idle(others, comer.peer)):
        return own
    if len(others) < most:
        return None
    peers = sorted(count, key=lambda peer: (-count[peer], peer))
    return next((found for peer in peers if (found := _longest_idle(others, peer))), comer)


def _longest_idle(crowd: Iterable[V], peer: str) -> V | None:
    idle = [(each.idle, each) for each in crowd if each.peer == peer and each.idle is not None]
    return min(idle, key=lambda found: found[0])[1] if idle else None
