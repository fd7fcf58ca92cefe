"""The token cache, in memory only. One task fetches; a token is kept until it ends or is refused."""

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
    """A token that was fetched. *until* is epoch seconds; *owner* is the partner's id, "" if unknown.

    *universal*: it is a Universal Token, which opens the routes of apps, too.
    """

    token: Secret
    until: float
    owner: str = ""
    universal: bool = False


Fetch = Callable[[Secret | None], Awaitable[IssuedToken]]
"""Fetches a token, another one than the given one, which was refused."""


class TokenCache:
    """Keeps one token.

    A refused token is dropped at most once a minute. After two tokens that were refused, and none accepted
    in between, at most once an hour: if Gupshup refuses every token, few sign-ins follow.
    """

    def __init__(
        self, fetch: Fetch, clock: Clock, on_accepted: Callable[[Secret], None] = lambda _: None
    ) -> None:
        self._fetch = fetch
        self._on_accepted = on_accepted
        self._clock = clock
        self._lock = asyncio.Lock()
        self._held: IssuedToken | None = None
        self._dropped: Secret | None = None
        self._dropped_at = -math.inf
        self._refusals = 0

    async def get(self) -> IssuedToken:
        """Return the token, fetched anew if there is none or it has ended."""
        async with self._lock:
            if self._held is None or self._clock.now() >= self._held.until:
                self._held = await self._fetch(self._dropped)
                self._dropped = None
            return self._held

    def refused(self, token: Secret) -> None:
        """Drop *token* if it is still the cached one, and if the last one was not dropped just now."""
        now = self._clock.now()
        gap = _GAP if self._refusals < _QUICK else _LONG_GAP
        if self._held is None or self._held.token != token or 0 <= now - self._dropped_at < gap:
            return
        self._held, self._dropped = None, token
        self._dropped_at = now
        self._refusals += 1

    def accepted(self, token: Secret) -> None:
        """Note that *token* is good."""
        self._on_accepted(token)
        if self._held is not None and self._held.token == token:
            self._refusals = 0

    async def renew(self, token: Secret) -> Secret | None:
        """Return another token than the refused *token*; None if none is available now."""
        self.refused(token)
        issued = await self.get()
        return None if issued.token == token else issued.token
