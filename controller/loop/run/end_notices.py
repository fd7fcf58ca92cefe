"""Notices ahead of the end of credentials: each once, whichever process of a store sends it."""

from collections.abc import AsyncIterator, Iterable
from typing import Protocol

from controller.core.account.ends import days_ahead
from controller.core.render.end_notice import end_notice
from controller.model.account import CredentialEnd
from controller.model.notice import Notice
from controller.model.passes import PartnerState


class EndClaims(Protocol):
    """The notified ends in the store (`edges.store.tables.told_ends.ToldEnds`), as used here."""

    async def claim(self, upstream: str, end: CredentialEnd, days: int) -> bool: ...


class EndNotices:
    """Only a partner's leader claims, so a process without leases has to count as one."""

    def __init__(self, claims: EndClaims) -> None:
        self._claims = claims
        self._claimed: dict[tuple[str, CredentialEnd], int] = {}

    async def due(self, partners: Iterable[PartnerState], now: float) -> AsyncIterator[Notice]:
        """Yield the notices that no process has sent yet. Raises StoreError."""
        for partner in partners:
            if partner.is_leader and partner.upstream:
                for end in partner.ends:
                    if await self._claim(partner.upstream, end, now):
                        yield end_notice(partner.name, end, now)

    async def _claim(self, upstream: str, end: CredentialEnd, now: float) -> bool:
        """Return whether to notify *end* now. The store is asked once for each number of days."""
        days = days_ahead(end, now)
        if days is None or self._claimed.get((upstream, end)) == days:
            return False
        is_first = await self._claims.claim(upstream, end, days)
        self._claimed[upstream, end] = days
        return is_first
