"""Gupshup's Partner API, the only package that knows its URLs, JSON keys and status codes.

`reader` and `writer` are the entry points. Whatever the network does, callers get our values and exceptions.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from controller.edges.gupshup.forms import SubscriptionForm
from controller.edges.gupshup.network import Network
from controller.edges.gupshup.ports import CallLimiter, CallPermit
from controller.edges.gupshup.reader import GupshupReader
from controller.edges.gupshup.routes import app_id, subscription_id
from controller.edges.gupshup.session import Session
from controller.edges.gupshup.signin import Reveal, SignIn
from controller.edges.gupshup.transport import Holds, Transport
from controller.edges.gupshup.writer import GupshupWriter
from controller.model.clock import Clock
from controller.model.manifest import Partner

__all__ = [
    "CallLimiter",
    "CallPermit",
    "GupshupReader",
    "GupshupWriter",
    "Network",
    "Reveal",
    "SubscriptionForm",
    "app_id",
    "reader",
    "subscription_id",
    "writer",
]

_DIRECT = Network()


def _always_held() -> bool:
    return True


@asynccontextmanager
async def reader(
    partner: Partner, *, reveal: Reveal, limiter: CallLimiter, clock: Clock, network: Network = _DIRECT
) -> AsyncIterator[GupshupReader]:
    """Open a client for *partner* whose transport refuses to write."""
    async with Transport(
        partner.url, network=network, limiter=limiter, clock=clock, may_write=None
    ) as transport:
        yield GupshupReader(Session(transport, SignIn(transport, partner, reveal, clock), clock))


@asynccontextmanager
async def writer(
    partner: Partner,
    *,
    reveal: Reveal,
    limiter: CallLimiter,
    clock: Clock,
    network: Network = _DIRECT,
    holds: Holds = _always_held,
) -> AsyncIterator[GupshupWriter]:
    """Open a client for *partner* that also writes.

    *holds* is called right before the bytes of each write go. If it returns False, the write raises Busy.
    """
    async with Transport(
        partner.url, network=network, limiter=limiter, clock=clock, may_write=holds
    ) as transport:
        yield GupshupWriter(Session(transport, SignIn(transport, partner, reveal, clock), clock))
