"""The two applications: the front door with all that is told, and one that takes hooks alone."""

from collections.abc import Iterable, Sequence
from itertools import chain

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from controller.doors.web.alarm import Alarm
from controller.doors.web.api import Api
from controller.doors.web.guard import guarded
from controller.doors.web.health import Health
from controller.doors.web.hooks import Hooks
from controller.doors.web.keys import Keys
from controller.doors.web.listening import Opened
from controller.doors.web.page import Page
from controller.doors.web.refusal import refusal
from controller.doors.web.room import Room
from controller.doors.web.serving import serve
from controller.doors.web.veil import Veil
from controller.edges import log
from controller.edges.store import SqlStore
from controller.errors import ControllerError
from controller.loop.run.control import LoopControl

STILL = 120.0
AT_ONCE = 128
"""Requests that one kind of routes answers at once, half of them of one peer; 503 to whoever comes beyond."""

HEALTH_AT_ONCE = 32


def front(
    board: LoopControl,
    store: SqlStore,
    *,
    token: Keys | None,
    hooks: Hooks | None = None,
    more: Iterable[BaseRoute] = (),
    still: float = STILL,
) -> ASGIApp:
    """Return health, the page and its API, and *hooks* where they have no listener of their own.

    *token* is needed for all but health and hooks, for *more* (routes and mounts) too. *still*: see Health.
    """
    refused = Alarm("request refused: no token, or a wrong one", board.now)
    told = guarded([*Page(board, store).routes(), *Api(board, store).routes(), *more], token, refused)
    health = (_room(board, HEALTH_AT_ONCE).around([each]) for each in Health(board, store, still).routes())
    hooked = _room(board).around(hooks.routes()) if hooks else ()
    return _app([*chain.from_iterable(health), *hooked, *_room(board).around(told)])


def hooks_only(hooks: Hooks, board: LoopControl) -> ASGIApp:
    """Return the hooks and nothing else: what may stand where the internet reaches it."""
    return _app(_room(board).around(hooks.routes()))


def _room(board: LoopControl, most: int = AT_ONCE) -> Room:
    return Room(most, most // 2, Alarm("request refused: too many at once", board.now))


async def keep_open(
    opened: Opened,
    board: LoopControl,
    store: SqlStore,
    hooks: Hooks,
    *,
    more: Iterable[BaseRoute] = (),
    still: float = STILL,
) -> None:
    """Serve what *opened* has bound, until cancelled; then end within two seconds, sockets closed."""
    alone = opened.hooks_at is not None
    told = front(board, store, token=opened.token, hooks=None if alone else hooks, more=more, still=still)
    doors = [(opened.front_at, told)]
    if opened.hooks_at is not None:
        doors.append((opened.hooks_at, hooks_only(hooks, board)))
    await serve(doors, hooks.inbox.carry())


def _app(routes: Sequence[BaseRoute]) -> ASGIApp:
    handlers = {HTTPException: _turned_away, ControllerError: _failed, Exception: _broke}
    app = Starlette(routes=routes, exception_handlers=handlers)  # type: ignore[arg-type]  # a mapping of narrower handlers
    app.router.redirect_slashes = False
    return Veil(app)


async def _turned_away(request: Request, error: HTTPException) -> Response:
    return refusal(request.url.path, error.detail, error.status_code, error.headers)


async def _failed(request: Request, error: ControllerError) -> Response:
    log.logger().warning("request failed", error=str(error))
    return refusal(request.url.path, "what is kept cannot be read now", 503)


async def _broke(request: Request, error: Exception) -> Response:
    log.logger().error("request broke: this is a bug", exc_info=error)
    return refusal(request.url.path, "this is a bug; the log tells more", 500)
