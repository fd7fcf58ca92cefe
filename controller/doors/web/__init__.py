"""What is reached over HTTP: health, hooks, the status page and its API; all of it only reads or hurries."""

from controller.doors.web.assembly import front, hooks_only, keep_open
from controller.doors.web.hooks import Hooks
from controller.doors.web.keys import Keys, hook_keys, token_keys
from controller.doors.web.listening import Opened, Places, open_places

__all__ = [
    "Hooks",
    "Keys",
    "Opened",
    "Places",
    "front",
    "hook_keys",
    "hooks_only",
    "keep_open",
    "open_places",
    "token_keys",
]
