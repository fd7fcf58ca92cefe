"""The limit of requests at once: a crowd does not fill the room that belongs to others."""

from collections import Counter
from collections.abc import Iterable

from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from controller.doors.web.auth import refusal
from controller.doors.web.connection_limit import peer_of
from controller.edges.log_throttle import LogThrottle

_REFUSED = "request refused: too many at once"
_FULL = "too many requests at once; come back in a moment"


class RequestLimit:
    """Lets in *most* requests at once, and *share* of one peer; whoever comes beyond is answered 503."""

    def __init__(self, most: int, share: int, throttle: LogThrottle) -> None:
        self._most = most
        self._share = share
        self._throttle = throttle
        self._inside = Counter[str]()

    def around(self, routes: Iterable[Route | Mount]) -> "list[Route | Mount]":
        """Return *routes*, which have this room together."""
        found = list(routes)
        for route in found:
            route.app = self._door(route.app)
        return found

    def _door(self, app: ASGIApp) -> ASGIApp:
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
                self._inside += Counter()  # forgets who has left

        return enter
