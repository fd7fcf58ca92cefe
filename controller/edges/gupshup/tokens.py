"""The cache of tokens, in memory only: one task fetches, a token is kept until it ends, or is refused."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from controller.model.clock import Clock
from controller.model.secret import Secret

_GAP = 60.0
_LONG_GAP = 3600.0
_QUICK = 2


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token as it was fetched; *until* is epoch seconds, *owner* the partner's id, if the answer had it."""

    token: Secret
    until: float
    owner: str = ""


class TokenCache:
    """Keeps one token.

    A refused token is dropped, but no faster than once a minute and, after two that were refused without
    one accepted in between, once an hour: a Gupshup that refuses every token gets no storm of sign-ins.
    """

    def __init__(self, fetch: Callable[[], Awaitable[IssuedToken]], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = asyncio.Lock()
        self._held: IssuedToken | None = None
        self._dropped_at = -math.inf
        self._refusals = 0

    async def get(self) -> IssuedToken:
        """Return the token, fetched anew if there is none or it has ended."""
        async with self._lock:
            if self._held is None or self._clock.now() >= self._held.until:
                self._held = await self._fetch()
            return self._held

    def refused(self, token: Secret) -> None:
        """Drop *token* unless it is no longer the one that is kept, or the last was dropped just now."""
        now = self._clock.now()
        gap = _GAP if self._refusals < _QUICK else _LONG_GAP
        if self._held is None or self._held.token != token or 0 <= now - self._dropped_at < gap:
            return
        self._held = None
        self._dropped_at = now
        self._refusals += 1

    def accepted(self, token: Secret) -> None:
        """Take note that *token* is good."""
        if self._held is not None and self._held.token == token:
            self._refusals = 0

    async def renew(self, token: Secret) -> Secret | None:
        """Return another token than the refused *token*; None if there is none to be had now."""
        self.refused(token)
        issued = await self.get()
        return None if issued.token == token else issued.token
