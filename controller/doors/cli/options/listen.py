"""The options of a verb that serves HTTP: where it listens, and its token."""

from collections.abc import Callable
from functools import wraps

from controller.doors.cli.options.mirrored import option
from controller.doors.web import ListenOptions


def listen_options(function: Callable[..., int]) -> Callable[..., int]:
    """Add `--listen`, `--hooks-listen` and `--auth-token-file`; they arrive as one `listen`."""

    @wraps(function)
    def packed(
        *, listen: str, hooks_listen: str | None, auth_token_file: str | None, **others: object
    ) -> int:
        return function(listen=ListenOptions(listen, hooks_listen, auth_token_file), **others)

    added = (
        option(
            "--listen",
            metavar="HOST:PORT",
            default="127.0.0.1:8080",
            show_default=True,
            help="Address of the status page, its API, health and hooks. Port 0 takes a free port.",
        ),
        option(
            "--hooks-listen", metavar="HOST:PORT", help="Address of the hooks alone, instead of --listen."
        ),
        option(
            "--auth-token-file",
            metavar="FILE",
            help="A file with a token for all but health and hooks. Needed if other machines can connect.",
        ),
    )
    for add in reversed(added):
        packed = add(packed)
    return packed
