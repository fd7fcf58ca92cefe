"""The HTTP interface: health, hooks, the status page and its API. A request only reads or triggers a read."""

from controller.doors.web.auth import Tokens, auth_tokens, hook_tokens
from controller.doors.web.hooks import Hooks
from controller.doors.web.server_app import front_app, hooks_app, serve_until_cancelled
from controller.doors.web.sockets import ListenOptions, Sockets, open_sockets

__all__ = [
    "Hooks",
    "ListenOptions",
    "Sockets",
    "Tokens",
    "auth_tokens",
    "front_app",
    "hook_tokens",
    "hooks_app",
    "open_sockets",
    "serve_until_cancelled",
]
