"""The options of a verb that serves HTTP: its addresses, and its token."""

from collections.abc import Callable

from controller.doors.cli.options.mirrored import option, pack
from controller.doors.web import ListenOptions

_OPTIONS = (
    option(
        "--listen",
        metavar="HOST:PORT",
        default="127.0.0.1:8080",
        show_default=True,
        help="Address of the status page, its API, health and hooks. Port 0 takes a free port.",
    ),
    option("--hooks-listen", metavar="HOST:PORT", help="Address of the hooks alone, instead of --listen."),
    option(
        "--auth-token-file",
        metavar="FILE",
        help="A file with a token for all but health and hooks. Needed if other machines can connect.",
    ),
)


def listen_options(function: Callable[..., int]) -> Callable[..., int]:
    """Add `--listen`, `--hooks-listen` and `--auth-token-file`; they arrive as one `listen`."""
    return pack(function, "listen", ListenOptions, _OPTIONS)
