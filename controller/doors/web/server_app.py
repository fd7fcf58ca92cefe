"""The two web applications: the front one with health, page and API, and one with nothing but hooks."""

from collections.abc import Iterable, Sequence
from itertools import chain

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from controller.doors.web.api import Api
from controller.doors.web.auth import Tokens, refusal, require_token
from controller.doors.web.health import Health
from controller.doors.web.hooks import Hooks
from controller.doors.web.page import Page
from controller.doors.web.request_limit import RequestLimit
from controller.doors.web.security_headers import SecurityHeaders
from controller.doors.web.server import serve
from controller.doors.web.sockets import Sockets
from controller.edges import log
from controller.edges.log_throttle import LogThrottle
from controller.edges.store import SqlStore
from controller.errors import ControllerError
from controller.loop.run.control import LoopControl

STILL = 120.0
AT_ONCE = 128
"""Concurrent requests of one group of routes, half of them of one peer at most. Further ones get a 503."""

HEALTH_AT_ONCE = 32


def front_app(
    control: LoopControl,
    store: SqlStore,
    *,
    token: Tokens | None,
    hooks: Hooks | None = None,
    more: Iterable[BaseRoute] = (),
    still: float = STILL,
) -> ASGIApp:
    """Return the app with health, the page and its API, and *hooks* if they have no listener of their own.

    All but health and hooks require *token*, also *more* (routes and mounts). *still* is as in Health.
    """
    protected = require_token(
        [*Page(control, store).routes(), *Api(control, store).routes(), *more],
        token,
        LogThrottle(control.now),
    )
    health = (
        _limit(control, HEALTH_AT_ONCE).around([route]) for route in Health(control, store, still).routes()
    )
    hooked = _limit(control).around(hooks.routes()) if hooks else ()
    return _app([*chain.from_iterable(health), *hooked, *_limit(control).around(protected)])


def hooks_app(hooks: Hooks, control: LoopControl) -> ASGIApp:
    """Return the app with nothing but hooks, which the internet may reach."""
    return _app(_limit(control).around(hooks.routes()))


def _limit(control: LoopControl, most: int = AT_ONCE) -> RequestLimit:
    return RequestLimit(most, most // 2, LogThrottle(control.now))


async def serve_until_cancelled(
    opened: Sockets,
    control: LoopControl,
    store: SqlStore,
    hooks: Hooks,
    *,
    more: Iterable[BaseRoute] = (),
    still: float = STILL,
) -> None:
    """Serve on the sockets of *opened* until cancelled. Then end within two seconds, with sockets closed."""
    alone = opened.hooks_at is not None
    front = front_app(
        control, store, token=opened.token, hooks=None if alone else hooks, more=more, still=still
    )
    doors = [(opened.front_at, front)]
    if opened.hooks_at is not None:
        doors.append((opened.hooks_at, hooks_app(hooks, control)))
    await serve(doors, hooks.hints.run())


def _app(routes: Sequence[BaseRoute]) -> ASGIApp:
    handlers = {HTTPException: _on_http_error, ControllerError: _on_controller_error, Exception: _on_bug}
    app = Starlette(routes=routes, exception_handlers=handlers)  # type: ignore[arg-type]  # a mapping of narrower handlers
    app.router.redirect_slashes = False
    return SecurityHeaders(app)


async def _on_http_error(request: Request, error: HTTPException) -> Response:
    return refusal(request.url.path, error.detail, error.status_code, error.headers)


async def _on_controller_error(request: Request, error: ControllerError) -> Response:
    log.logger().warning("request failed", error=str(error))
    return refusal(request.url.path, "the store cannot be read now", 503)


async def _on_bug(request: Request, error: Exception) -> Response:
    log.logger().error("request broke: this is a bug", exc_info=error)
    return refusal(request.url.path, "this is a bug; the log has details", 500)
