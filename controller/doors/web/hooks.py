"""The two hooks: Gupshup's events, and a push to the source. Both answer at once and only trigger a read."""

import asyncio
from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from controller.core.schedule.throttle import Throttle
from controller.core.webhook_event import LONGEST, EventKind, read
from controller.doors.web.auth import Tokens
from controller.doors.web.debounce import Debounce
from controller.doors.web.hint_queue import HintQueue
from controller.edges.log_throttle import LogThrottle
from controller.loop.run.control import LoopControl

DEADLINE = 5.0
_REFUSED = "hook refused: wrong secret"
LONGEST_PUSH = 25 * 1024 * 1024
"""The longest body that git hosts send. It is read and not kept, so that the sender gets the answer."""


class Hooks:
    """Receives events for *control*. Without *keys*, Gupshup's hook does not exist.

    *on_request* is called with the hook's name and the result of each request: `hint`, `probe`, `other`,
    `unreadable`, `refused` (a wrong secret), `too-large`, `timeout`, `gone` (the sender left), `git`.
    """

    def __init__(
        self,
        control: LoopControl,
        keys: Tokens | None,
        *,
        throttle: Throttle | None = None,
        deadline: float = DEADLINE,
        on_request: Callable[[str, str], None] = lambda _hook, _result: None,
    ) -> None:
        self.hints = HintQueue(control, throttle or Throttle())
        self._keys = keys
        self._deadline = deadline
        self._source_changed = Debounce(control.source_changed)
        self._on_request = on_request
        self._throttle = LogThrottle(control.now)

    def routes(self) -> list[Route]:
        routes = [Route("/hooks/git", self.git, methods=["POST"])]
        if self._keys is not None:
            routes.append(Route("/hooks/gupshup/{secret}", self.gupshup, methods=["POST"]))
        return routes

    async def gupshup(self, request: Request) -> Response:
        """Answer 200 without a body, whatever the event says, and whether or not its app is known."""
        if self._keys is None or not self._keys.match(request.path_params["secret"]):
            self._on_request("gupshup", "refused")
            self._throttle.warn(_REFUSED)
            raise HTTPException(404)
        event = read(await self._body("gupshup", request, LONGEST, keep=True))
        self._on_request("gupshup", event.heard)
        if event.heard is EventKind.HINT:
            self.hints.put(event.names)
        return Response()

    async def git(self, request: Request) -> Response:
        """Answer 202: the source is read soon. Nothing of the body is used."""
        await self._body("git", request, LONGEST_PUSH, keep=False)
        self._on_request("git", "git")
        self._source_changed.request()
        return Response(status_code=202)

    async def _body(self, hook: str, request: Request, most: int, *, keep: bool) -> bytes:
        """Return the body. 413 if it is longer than *most*, 408 if it takes too long."""
        try:
            async with asyncio.timeout(self._deadline):
                return await _read(request, most, keep=keep)
        except TimeoutError:
            self._on_request(hook, "timeout")
            raise HTTPException(408) from None
        except ClientDisconnect:
            self._on_request(hook, "gone")
            raise HTTPException(400) from None
        except OverflowError:
            self._on_request(hook, "too-large")
            raise HTTPException(413) from None


async def _read(request: Request, most: int, *, keep: bool) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and (len(declared) > len(str(most)) or int(declared) > most):
        raise OverflowError
    kept, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise OverflowError
        kept += chunk if keep else b""
    return bytes(kept)
