"""The doors over HTTP: health, hooks, the status page and its API. All of it only reads or hurries."""

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
