"""Listening sockets: HOST:PORT goes in, a bound socket comes out, or an error that says why not."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from controller.doors.web.auth import Tokens, auth_tokens, hook_tokens
from controller.errors import Usage

_HIGHEST_PORT = 65_535
_BACKLOG = 512


@dataclass(frozen=True, slots=True)
class ListenOptions:
    """The values of `--listen`, `--hooks-listen` and `--auth-token-file`."""

    listen: str = "127.0.0.1:8080"
    hooks_listen: str | None = None
    auth_token_file: str | None = None


@dataclass(frozen=True, slots=True)
class Sockets:
    """Bound sockets and their secrets. *hooks_at* is None if hooks have no socket of their own."""

    front_at: socket.socket
    hooks_at: socket.socket | None
    token: Tokens | None
    hook: Tokens | None

    @property
    def addresses(self) -> tuple[str, ...]:
        """Return the base URLs, that of the page first. For port 0, the port that was chosen is shown."""
        return tuple(_address(at) for at in (self.front_at, self.hooks_at) if at is not None)

    def close(self) -> None:
        """Close the sockets, if nothing was served on them."""
        for at in (self.front_at, self.hooks_at):
            if at is not None:
                at.close()


def open_sockets(options: ListenOptions, environ: Mapping[str, str]) -> Sockets:
    """Bind the sockets and read the secrets once, so that a mistake shows before anything runs.

    Raises Usage for an address that is malformed, taken or reached from other machines without a token, and
    for weak secrets; Denied for secrets that cannot be read.
    """
    token, hook = auth_tokens(options.auth_token_file), hook_tokens(environ)
    front_at = _bound(options.listen, "--listen", safe=token is not None)
    try:
        hooks = options.hooks_listen
        hooks_at = None if hooks is None else _bound(hooks, "--hooks-listen", safe=True)
    except Usage:
        front_at.close()
        raise
    return Sockets(front_at, hooks_at, token, hook)


def _bound(place: str, flag: str, *, safe: bool) -> socket.socket:
    """Return a listening socket. Usage if other machines reach it and that is not *safe*."""
    family, address = _resolved(place, flag)
    host = str(address[0]).partition("%")[0]
    if not (safe or ip_address(host).is_loopback):
        raise Usage(
            f"{flag} {place} is reached from other machines, and shows every app: name a file with a token "
            "by --auth-token-file, or listen on 127.0.0.1"
        )
    try:
        return socket.create_server(address, family=family, backlog=_BACKLOG)
    except OSError as error:
        raise Usage(f"{flag}: cannot listen on {place}: {error.strerror}; choose another address") from error


def _resolved(place: str, flag: str) -> tuple[socket.AddressFamily, tuple[Any, ...]]:
    host, _, port = place.rpartition(":")
    if not host or not (port.isascii() and port.isdecimal()) or int(port[:6]) > _HIGHEST_PORT:
        raise Usage(
            f"{flag} {place!r:.80} is not HOST:PORT, as in 127.0.0.1:8080 (port 0 chooses a free one)"
        )
    try:
        infos = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Usage(f"{flag}: {host!r:.80} is no address of this machine; give one in digits") from error
    family, _, _, _, address = infos[0]
    return family, address


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
