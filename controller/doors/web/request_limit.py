"""The limit of concurrent requests, in total and for each peer, so that no peer takes all places."""

from collections import Counter
from collections.abc import Iterable

from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from controller.doors.web.auth import refusal
from controller.doors.web.connection_limit import peer_of
from controller.edges.log_throttle import LogThrottle

_REFUSED = "request refused: too many at once"
_FULL = "too many requests at once; try again in a moment"


class RequestLimit:
    """Accepts *most* requests at once, and *share* of one peer. Further requests are answered with 503."""

    def __init__(self, most: int, share: int, throttle: LogThrottle) -> None:
        self._most = most
        self._share = share
        self._throttle = throttle
        self._inside = Counter[str]()

    def around(self, routes: Iterable[Route | Mount]) -> "list[Route | Mount]":
        """Return *routes*, which share this limit."""
        limited = list(routes)
        for route in limited:
            route.app = self._limited(route.app)
        return limited

    def _limited(self, app: ASGIApp) -> ASGIApp:
        async def enter(scope: Scope, receive: Receive, send: Send) -> None:
            peer = peer_of((scope.get("client") or ("",))[0])
            if self._inside.total() >= self._most or self._inside[peer] >= self._share:
                self._throttle.warn(_REFUSED)
                await refusal(scope["path"], _FULL, 503, {"Retry-After": "1"})(scope, receive, send)
                return
            self._inside[peer] += 1
            try:
                await app(scope, receive, send)
            finally:
                self._inside[peer] -= 1
                self._inside += Counter()  # drops peers without a request

        return enter
