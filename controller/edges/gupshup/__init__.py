"""Gupshup's Partner API, the only package that knows its URLs, JSON keys and status codes.

`reader` and `writer` are the entry points. Whatever the network does, callers get our values and exceptions.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from controller.edges.gupshup.auth.signin import Reveal, SignIn
from controller.edges.gupshup.auth.token_office import MintedToken, TokenOffice
from controller.edges.gupshup.auth.tokens import IssuedToken
from controller.edges.gupshup.forms import SubscriptionForm
from controller.edges.gupshup.network import Network
from controller.edges.gupshup.ports import AppRoutes, CallLimiter, CallPermit, TokenSource
from controller.edges.gupshup.reader import GupshupReader
from controller.edges.gupshup.routes import app_id, subscription_id
from controller.edges.gupshup.session import Session
from controller.edges.gupshup.transport import Holds, Transport
from controller.edges.gupshup.writer import GupshupWriter
from controller.model.clock import Clock
from controller.model.manifest import Partner

__all__ = [
    "AppRoutes",
    "CallLimiter",
    "CallPermit",
    "GupshupReader",
    "GupshupWriter",
    "IssuedToken",
    "MintedToken",
    "Network",
    "Reveal",
    "SignIn",
    "SourceOfTokens",
    "SubscriptionForm",
    "TokenOffice",
    "TokenSource",
    "app_id",
    "reach",
    "reader",
    "subscription_id",
    "writer",
]

_DIRECT = Network()

SourceOfTokens = Callable[[SignIn, TokenOffice], TokenSource]
"""Makes the source of the partner's token, of the login of old and the office of Universal Tokens."""


def _sign_in_only(sign_in: SignIn, _: TokenOffice) -> TokenSource:
    return sign_in


def _always_held() -> bool:
    return True


async def reach(
    partner: Partner, *, limiter: CallLimiter, clock: Clock, network: Network = _DIRECT
) -> float | None:
    """Send one call without credentials, and return the seconds by which Gupshup's clock is ahead of ours.

    None if the answer has no date. Raises Busy if no answer comes.
    """
    async with Transport(
        partner.url, network=network, limiter=limiter, clock=clock, may_write=None
    ) as transport:
        office = TokenOffice(transport, clock)
        await office.compare_clocks()
        return office.ahead


@asynccontextmanager
async def reader(
    partner: Partner,
    *,
    reveal: Reveal,
    limiter: CallLimiter,
    clock: Clock,
    network: Network = _DIRECT,
    tokens: SourceOfTokens = _sign_in_only,
) -> AsyncIterator[GupshupReader]:
    """Open a client for *partner* whose transport refuses to write."""
    async with (
        Transport(partner.url, network=network, limiter=limiter, clock=clock, may_write=None) as transport,
        _session(transport, SignIn(transport, partner, reveal, clock), clock, tokens) as session,
    ):
        yield GupshupReader(session)


@asynccontextmanager
async def writer(  # noqa: PLR0913  (each by keyword; all but the partner are ports)
    partner: Partner,
    *,
    reveal: Reveal,
    limiter: CallLimiter,
    clock: Clock,
    network: Network = _DIRECT,
    holds: Holds = _always_held,
    tokens: SourceOfTokens = _sign_in_only,
) -> AsyncIterator[GupshupWriter]:
    """Open a client for *partner* that also writes.

    *holds* is called right before the bytes of each write go. If it returns False, the write raises Busy.
    """
    async with (
        Transport(partner.url, network=network, limiter=limiter, clock=clock, may_write=holds) as transport,
        _session(transport, SignIn(transport, partner, reveal, clock), clock, tokens) as session,
    ):
        yield GupshupWriter(session)


@asynccontextmanager
async def _session(
    transport: Transport, sign_in: SignIn, clock: Clock, tokens: SourceOfTokens
) -> AsyncIterator[Session]:
    source = tokens(sign_in, TokenOffice(transport, clock))
    try:
        yield Session(transport, source, clock)
    finally:
        await source.close()
