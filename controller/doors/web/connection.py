"""One TCP connection, with the patience that the server itself does not limit: a head, then an answer."""

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

from controller.doors.web.crowd import peer_of, who_leaves


class Connection(H11Protocol):
    """Dropped where a request's head takes longer than *head* seconds, or its whole answer than *answer*.

    The server's own keep-alive timer starts again with each byte, and nothing bounds a first request, or a
    reader that reads nothing. Where a listener has more than *most* connections, or more than *share* of one
    peer, idle ones are dropped for new ones.
    """

    head: ClassVar[float] = 5.0
    answer: ClassVar[float] = 30.0
    most: ClassVar[int] = 320
    share: ClassVar[int] = 160

    _deadline: asyncio.TimerHandle | None = None
    _cycle: object = None
    _since: float = 0.0

    @property
    def peer(self) -> str:
        return peer_of(self.client[0] if self.client else "")

    @property
    def idle(self) -> float | None:
        """Return since when no request goes on, None while one does."""
        goes_on = self.cycle is not None and not self.cycle.response_complete
        return None if goes_on else self._since

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._give(self.head)
        self._since = self.loop.time()
        crowd = [each for each in self.connections if isinstance(each, Connection)]
        leaves = who_leaves(self, crowd, most=self.most, share=self.share)
        if leaves is not None:
            leaves.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop()

    def handle_events(self) -> None:
        super().handle_events()
        if self.cycle is not self._cycle and not self.cycle.response_complete:
            self._cycle = self.cycle
            self._give(self.answer)

    def on_response_complete(self) -> None:
        self._give(self.head)
        self._since = self.loop.time()
        super().on_response_complete()

    def _give(self, seconds: float) -> None:
        self._stop()
        self._deadline = self.loop.call_later(seconds, self.transport.abort)

    def _stop(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
