"""The sockets that are listened on: HOST:PORT comes in, a bound socket goes out, or why there is none."""

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
    """What the flags say: `--listen`, `--hooks-listen`, `--auth-token-file`."""

    listen: str = "127.0.0.1:8080"
    hooks_listen: str | None = None
    auth_token_file: str | None = None


@dataclass(frozen=True, slots=True)
class Sockets:
    """Bound sockets and the keys to what is behind them; *hooks_at* is None where hooks have no own one."""

    front_at: socket.socket
    hooks_at: socket.socket | None
    token: Tokens | None
    hook: Tokens | None

    @property
    def addresses(self) -> tuple[str, ...]:
        """Return the base URLs, the front door's first; a port of 0 has become a real one."""
        return tuple(_address(each) for each in (self.front_at, self.hooks_at) if each is not None)

    def close(self) -> None:
        """Let go of the sockets where nothing was served."""
        for each in (self.front_at, self.hooks_at):
            if each is not None:
                each.close()


def open_sockets(places: ListenOptions, environ: Mapping[str, str]) -> Sockets:
    """Bind the sockets and read the keys once, so that a mistake shows before anything runs.

    Raises Usage for a place that is none or taken, for one off loopback without a token, and for keys that
    are too weak; Denied for keys that cannot be read.
    """
    token, hook = auth_tokens(places.auth_token_file), hook_tokens(environ)
    front_at = _bound(places.listen, "--listen", safe=token is not None)
    try:
        hooks = places.hooks_listen
        hooks_at = None if hooks is None else _bound(hooks, "--hooks-listen", safe=True)
    except Usage:
        front_at.close()
        raise
    return Sockets(front_at, hooks_at, token, hook)


def _bound(place: str, flag: str, *, safe: bool) -> socket.socket:
    """Return a listening socket; off loopback only if that is *safe*."""
    family, address = _resolved(place, flag)
    host = str(address[0]).partition("%")[0]
    if not (safe or ip_address(host).is_loopback):
        raise Usage(
            f"{flag} {place} is reached from other machines, and tells about every app: name a file with a "
            "token by --auth-token-file, or listen on 127.0.0.1"
        )
    try:
        return socket.create_server(address, family=family, backlog=_BACKLOG)
    except OSError as error:
        raise Usage(f"{flag}: cannot listen on {place}: {error.strerror}; choose another place") from error


def _resolved(place: str, flag: str) -> tuple[socket.AddressFamily, tuple[Any, ...]]:
    host, _, port = place.rpartition(":")
    if not host or not (port.isascii() and port.isdecimal()) or int(port[:6]) > _HIGHEST_PORT:
        raise Usage(f"{flag} {place!r:.80} is not HOST:PORT, as in 127.0.0.1:8080 (port 0 takes a free one)")
    try:
        found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Usage(f"{flag}: {host!r:.80} is no address of this machine; name one by figures") from error
    family, _, _, _, address = found[0]
    return family, address


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
