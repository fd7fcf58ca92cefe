"""The options of a verb that listens for HTTP; they arrive as one `places`."""

from collections.abc import Callable
from functools import wraps

from controller.doors.cli.options import option


def listens(function: Callable[..., int]) -> Callable[..., int]:
    """Add `--listen`, `--hooks-listen` and `--auth-token-file`; nothing is opened yet."""

    @wraps(function)
    def packed(
        *, listen: str, hooks_listen: str | None, auth_token_file: str | None, **others: object
    ) -> int:
        from controller.doors.web import ListenOptions  # noqa: PLC0415  (what is heavy waits for its verb)

        return function(places=ListenOptions(listen, hooks_listen, auth_token_file), **others)

    added = (
        option(
            "--listen",
            metavar="HOST:PORT",
            default="127.0.0.1:8080",
            show_default=True,
            help="Where to serve the status page, its API, health and hooks; port 0 takes a free one.",
        ),
        option("--hooks-listen", metavar="HOST:PORT", help="Where to take hooks instead, and nothing else."),
        option(
            "--auth-token-file",
            metavar="FILE",
            help="A file with a token that all but health and hooks ask for; needed off this machine.",
        ),
    )
    for add in reversed(added):
        packed = add(packed)
    return packed
