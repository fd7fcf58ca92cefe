"""The transport: one HTTP client, which sends each call once, through the rate limiter, within a deadline.

`NotSent` is raised if provably no byte of the request left, `ReplyLost` if the request may have arrived. An
answer that broke off is returned with its status.
"""

import asyncio
import re
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self

import httpx

from controller.edges.gupshup.body import Json, Malformed, decode
from controller.edges.gupshup.headers import moment, retry_after
from controller.edges.gupshup.network import Network, client
from controller.edges.gupshup.ports import CallLimiter, CallPermit
from controller.edges.gupshup.routes import Auth, Call
from controller.errors import Busy, Unclear, Usage
from controller.model.clock import Clock
from controller.model.secret import Secret

LARGEST_BODY = 1024 * 1024
_UNSENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
_BROKEN = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError)
_LAST_PORT = 65_535
_BYTES_GO = "http11.send_request_headers.started"
_CONNECTS = "connection.connect_tcp.started"
_INFLATED = frozenset({"gzip", "x-gzip", "deflate"})


Holds = Callable[[], bool]


class NotSent(Busy):
    """The request provably never left."""


class ReplyLost(Unclear):
    """The request may have arrived, and no answer came.

    *worn*: the request went over a connection that had been used before and then died. The server may have
    closed an idle connection at that moment, so the loss shows nothing about the server.
    """

    def __init__(self, message: str, *, worn: bool = False) -> None:
        super().__init__(message)
        self.worn = worn


@dataclass(frozen=True, slots=True)
class Reply:
    """The status and the JSON of an answer. *body* is Malformed if it was no JSON, None if it was empty.

    *secrets* must be masked in every text about the answer: it could echo them.
    """

    status: int
    body: Json | Malformed
    secrets: tuple[Secret, ...] = ()


@dataclass(slots=True)
class _Progress:
    """The progress of a request. *status* is set as soon as it is known: the body may never end.

    *connected*: a connection was made for this request. *going*: its bytes began to leave.
    """

    status: int | None = None
    connected: bool = False
    going: bool = False


class Transport:
    """Sends calls to one origin.

    *may_write* is called right before the bytes of a write go; the write raises NotSent if it returns False.
    With None this client only reads.
    """

    def __init__(
        self, origin: str, *, network: Network, limiter: CallLimiter, clock: Clock, may_write: Holds | None
    ) -> None:
        self.origin = _origin(origin)
        self._limiter = limiter
        self._clock = clock
        self._may_write = may_write
        self.ahead: float | None = None
        """Seconds by which Gupshup's clock is ahead of ours, by its last answer; None before the first."""
        self._known: dict[Auth, tuple[Secret, ...]] = {}
        self._network = network
        self._deadline = network.deadline
        self._proxy_secrets = network.secrets
        self._http = client(network)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def send(self, call: Call, token: Secret | None = None, *, anew: bool = False) -> Reply:
        """Send *call* once; with *anew*, over a new connection.

        Raises NotSent, ReplyLost and what the limiter raises. Usage if this client may not send the call.
        """
        if self._may_write is None and call.route.writes:
            raise Usage(f"{call.what} is not sent: this client only reads")
        if (token is None) is not (call.route.auth is Auth.NONE):
            raise Usage(f"{call.what} is not sent: it needs {call.route.auth.value}")
        progress = _Progress()
        request = self._request(call, token, progress)
        async with self._limiter.call(call.route.bucket, app_id=call.budget, route=call.route.name) as permit:
            self._require_lease(call)
            status, body = await self._answer(call, request, permit, progress, anew=anew)
        return Reply(status, body, self._secrets(call, token))

    def _secrets(self, call: Call, token: Secret | None) -> tuple[Secret, ...]:
        """Return all that an answer could echo: secrets of this call, of earlier calls and of the proxy."""
        own = call.secrets if token is None else (token, *call.secrets)
        if call.route.auth is not Auth.APP:
            self._known[call.route.auth] = own
        return (*own, *self._proxy_secrets, *(secret for known in self._known.values() for secret in known))

    async def _answer(
        self,
        call: Call,
        request: httpx.Request,
        permit: CallPermit,
        progress: _Progress,
        *,
        anew: bool,
    ) -> tuple[int, Json | Malformed]:
        try:
            async with asyncio.timeout(self._deadline), self._connections(anew=anew) as http:
                return await self._exchange(http, request, permit, progress)
        except _UNSENT as error:
            raise NotSent(f"{self._what(call)}: not sent ({_named(error)}); {_NETWORK}") from None
        except _BROKEN as error:
            late = isinstance(error, TimeoutError | httpx.TimeoutException)
            if progress.status is None:
                why = f"within {self._deadline:g} s" if late else f"({_named(error)})"
                worn = progress.going and not progress.connected and not late
                raise ReplyLost(f"{self._what(call)}: sent, and no answer {why}", worn=worn) from None
            why = f"it did not end within {self._deadline:g} s" if late else "it broke off"
            return progress.status, Malformed(why)

    def _request(self, call: Call, token: Secret | None, progress: _Progress) -> httpx.Request:
        try:
            return self._http.build_request(
                call.route.method,
                f"{self.origin}{call.path}",
                params=dict(call.query) or None,
                data={key: _shown(value) for key, value in call.form.items()} or None,
                headers={} if token is None else _authorization(token),
                extensions={"trace": partial(self._going, call, progress)},
            )
        except ValueError:
            raise Usage(f"{call.what} is not sent: it holds characters that cannot be") from None

    async def _going(self, call: Call, progress: _Progress, event: str, _: object) -> None:
        """Check the lease again once the connection is made: only the bytes are left to send."""
        progress.connected |= event == _CONNECTS
        if event == _BYTES_GO:
            self._require_lease(call)
            progress.going = True

    def _require_lease(self, call: Call) -> None:
        if call.route.writes and not (self._may_write and self._may_write()):
            raise NotSent(
                f"{self._what(call)}: not sent: this process is no longer the partner's only writer"
            )

    @asynccontextmanager
    async def _connections(self, *, anew: bool) -> AsyncIterator[httpx.AsyncClient]:
        """Yield the client that reuses its connections; with *anew*, one that has none yet."""
        if not anew:
            yield self._http
            return
        async with client(self._network) as fresh:
            yield fresh

    async def _exchange(
        self,
        http: httpx.AsyncClient,
        request: httpx.Request,
        permit: CallPermit,
        progress: _Progress,
    ) -> tuple[int, Json | Malformed]:
        reply = await http.send(request, stream=True)
        try:
            progress.status = reply.status_code
            self._compare_clocks(reply.headers.get("Date"))
            permit.answered(
                reply.status_code, retry_after(reply.headers.get("Retry-After"), self._clock.now())
            )
            return reply.status_code, await _body(reply)
        finally:
            await reply.aclose()

    def _compare_clocks(self, date: str | None) -> None:
        now = moment(date or "")
        if now is not None:
            self.ahead = now - self._clock.now()

    def _what(self, call: Call) -> str:
        return f"{call.what} at {self.origin}"


_NETWORK = "check the network, the proxy and the CA file"


async def _body(reply: httpx.Response) -> Json | Malformed:
    if reply.status_code == httpx.codes.NO_CONTENT:
        return None
    encoding = reply.headers.pop("Content-Encoding", "identity").strip().lower()
    content = bytearray()
    async for chunk in reply.aiter_bytes():
        content += chunk
        if len(content) > LARGEST_BODY:
            return Malformed(f"it is larger than {LARGEST_BODY} bytes")
    if not content:
        return None
    try:
        return decode(_inflated(bytes(content), encoding))
    except Malformed as malformed:
        return malformed


def _inflated(content: bytes, encoding: str) -> bytes:
    """Return *content* decompressed, up to the limit: a small answer may hide a huge one."""
    if encoding in {"identity", ""}:
        return content
    if encoding not in _INFLATED:
        raise Malformed("it is compressed in a way that was not requested")
    try:
        plain = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32).decompress(content, LARGEST_BODY + 1)
    except zlib.error:
        raise Malformed("its compression is broken") from None
    if len(plain) > LARGEST_BODY:
        raise Malformed(f"it is larger than {LARGEST_BODY} bytes")
    return plain


def _authorization(token: Secret) -> dict[str, str]:
    """Return the headers for *token*. A Universal Token goes into one header, any other into both.

    Gupshup's pages disagree about which of the two headers is right.
    """
    value = token.reveal()
    if value.startswith("Bearer "):
        return {"Authorization": value}
    return {"Authorization": value, "token": value}


def _shown(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value


def _named(error: Exception) -> str:
    """Return only the class of *error*: its text may quote what was sent and received."""
    return type(error).__name__


def _origin(url: str) -> str:
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        raise Usage("the partner's url is no URL; it should look like https://partner.gupshup.io") from None
    more = parsed.userinfo or parsed.query or parsed.fragment or parsed.path not in {"", "/"}
    host = re.fullmatch(r"[a-z0-9.:-]+", parsed.host, re.ASCII)
    if parsed.scheme not in {"http", "https"} or not host or (parsed.port or 0) > _LAST_PORT or more:
        raise Usage(
            "the partner's url must be scheme, host and port only, such as https://partner.gupshup.io"
        )
    return f"{parsed.scheme}://{parsed.netloc.decode()}"
