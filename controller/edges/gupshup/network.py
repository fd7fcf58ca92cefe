"""The HTTP client, which uses no proxy, CA, cookie or redirect but those that it was given."""

import logging
import ssl
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import unquote

import httpx

from controller import __version__
from controller.errors import Usage
from controller.model.secret import Secret


@dataclass(frozen=True, slots=True)
class Network:
    """The way to Gupshup. *deadline* is for one whole call, in seconds; *transport* takes the place of TCP.

    *proxy* may hold credentials. Proxies and CAs from the environment are ignored.
    """

    deadline: float = 20.0
    proxy: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    transport: httpx.AsyncBaseTransport | None = None

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Return what the proxy could echo: the password in its URL, decoded and as it was typed."""
        before, _, _ = (self.proxy or "").rpartition("@")
        typed = before.rpartition("://")[2].partition(":")[2]
        return tuple(Secret(password) for password in dict.fromkeys((typed, unquote(typed))) if password)


def client(network: Network) -> httpx.AsyncClient:
    """Return a client that follows no redirect and sends no cookie. Usage if *network* cannot be used."""
    for name in ("httpx", "httpcore"):  # both log URLs and answers, whatever the root logger's level
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        return httpx.AsyncClient(
            transport=network.transport,
            verify=_trust(network),
            proxy=None if network.transport else network.proxy,
            http2=False,
            trust_env=False,
            follow_redirects=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            timeout=_timeouts(network.deadline),
            limits=httpx.Limits(max_connections=20, max_keepalive_connections=20, keepalive_expiry=5),
            headers={
                "User-Agent": f"gupshup-controller/{__version__}",
                "Accept": "application/json",
                "Accept-Encoding": "identity",
            },
        )
    except (httpx.InvalidURL, ValueError, ImportError):
        raise Usage("the proxy is no usable URL; it should look like http://proxy.example:3128") from None


def _timeouts(deadline: float) -> httpx.Timeout:
    """Return timeouts that leave less than the whole deadline, in sum, to everything before the first byte.

    A connection that hangs is therefore `NotSent`: if the deadline ends a call, the request was on its way.
    """
    step = deadline / 4
    return httpx.Timeout(deadline, connect=step, pool=step)  # connect counts for TCP, and again for TLS


def _trust(network: Network) -> ssl.SSLContext | bool:
    if network.transport is not None or network.ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=network.ca_file)
    except (OSError, ValueError) as error:
        raise Usage(
            f"the CA file {network.ca_file} cannot be used ({type(error).__name__}); is it PEM?"
        ) from None
