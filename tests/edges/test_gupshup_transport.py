"""The wire against a rude server on loopback: deadlines, caps, truncation, resets and redirects."""

import asyncio
import gzip
import logging
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import certifi
import pytest

from controller.edges.gupshup import GupshupWriter, Network
from controller.edges.gupshup.headers import retry_after
from controller.edges.gupshup.transport import LARGEST_BODY
from controller.errors import Busy, Limited, Unclear, Usage
from controller.model.manifest import AppId, Bucket, FromEnv, Token
from tests.edges.fake_wire import Answer, OpenLimiter, World, declared
from tests.edges.routes import LIST, PHONE

GIVEN = Token(FromEnv("GIVEN"))
FAST = 1.2
"""Seconds in which a call has to end; a quarter of it is for the connection, also on a busy machine."""
Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Rude:
    """A server that reads one request a connection and then behaves as configured."""

    behaviour: Behaviour
    requests: list[bytes] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.requests.append(head)
            self.arrived.set()
            await self.behaviour(writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client went away, as it should
        finally:
            writer.transport.abort()


@asynccontextmanager
async def rude(behaviour: Behaviour) -> AsyncIterator[Rude]:
    server = Rude(behaviour)
    listening = await asyncio.start_server(server, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield server
        for task in server.tasks:
            task.cancel()
        await asyncio.gather(*server.tasks, return_exceptions=True)


def world(port: int, scheme: str = "http", **network: object) -> World:
    found = Network(**{"deadline": FAST, **network})  # type: ignore[arg-type]  # a test's shorthand
    return World(credentials=GIVEN, url=f"{scheme}://127.0.0.1:{port}", network=found)


async def link(client: GupshupWriter) -> object:
    return await client.link(declared(waba_id="1", phone=PHONE))


def head(*lines: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode()


def says(*chunks: bytes) -> Behaviour:
    async def behave(writer: asyncio.StreamWriter) -> None:
        for chunk in chunks:
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    return behave


async def silence(_writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def drip(writer: asyncio.StreamWriter) -> None:
    writer.write(head("Content-Length: 100"))
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(FAST / 10)  # each byte comes well within a timeout for one read


async def flood(writer: asyncio.StreamWriter) -> None:
    writer.write(head("Transfer-Encoding: chunked"))
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    while True:
        writer.write(chunk)
        await writer.drain()


async def hints(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(head(status="103 Early Hints"))
        await writer.drain()
        await asyncio.sleep(FAST / 10)


async def reset(_writer: asyncio.StreamWriter) -> None:
    """End at once: the caller aborts the connection."""


ENDLESS = (silence, hints, drip)
BOMB = gzip.compress(b" " * (LARGEST_BODY * 50))
RUDE = [
    pytest.param(silence, "no answer", id="half open: it reads and never answers"),
    pytest.param(reset, "no answer", id="reset before an answer"),
    pytest.param(says(b""), "no answer", id="closed without an answer"),
    pytest.param(says(b"SSH-2.0-x\r\n\r\n"), "no answer", id="no HTTP"),
    pytest.param(hints, "no answer", id="early hints for ever"),
    pytest.param(drip, "did not end", id="a byte at a time"),
    pytest.param(flood, "larger than", id="an endless body"),
    pytest.param(says(head("Content-Length: 100"), b'{"a"'), "broke off", id="truncated"),
    pytest.param(says(head("Content-Length: 5000000"), b" " * (LARGEST_BODY + 1)), "larger", id="too large"),
    pytest.param(
        says(head(f"Content-Length: {len(BOMB)}", "Content-Encoding: gzip"), BOMB), "larger", id="a bomb"
    ),
    pytest.param(
        says(head("Content-Length: 2", "Content-Encoding: gzip"), b"{}"), "compression", id="no gzip"
    ),
    pytest.param(says(head("Content-Length: 2", "Content-Encoding: br"), b"{}"), "compressed", id="brotli"),
    pytest.param(
        says(head(*(f"X-{i}: {'y' * 900}" for i in range(1000)))), "no answer", id="a megabyte of headers"
    ),
    pytest.param(says(head("Location: /\xff\xfe", status="302 Found")), "redirect", id="an odd redirect"),
    pytest.param(says(head("Location: http://[", status="307 T")), "redirect", id="a broken redirect"),
    pytest.param(says(head("Content-Length: 0", status="101 Switching")), "no answer", id="another protocol"),
]


@pytest.mark.parametrize(("behaviour", "said"), RUDE)
async def test_a_malformed_answer_ends_in_time_and_proves_nothing(behaviour: Behaviour, said: str) -> None:
    async with rude(behaviour) as server:
        here = world(server.port, deadline=FAST if behaviour in ENDLESS else 30 * FAST)
        async with here.writer() as client:
            with pytest.raises(Unclear, match=said):
                await link(client)
            with pytest.raises(Busy, match=said):
                await client.rows()

    assert len(server.requests) == 2


async def test_a_bomb_is_not_unpacked_whole() -> None:
    answer = head(f"Content-Length: {len(BOMB)}", "Content-Encoding: gzip")
    async with rude(says(answer, BOMB)) as server, world(server.port).reader() as client:
        tracemalloc.start()
        with pytest.raises(Busy, match="larger"):
            await client.rows()
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most < LARGEST_BODY * 8


async def test_an_unrequested_compressed_answer_is_read() -> None:
    for encoding, content in (
        ("gzip", gzip.compress(b'{"apps":[]}')),
        ("deflate", zlib.compress(b'{"apps":[]}')),
    ):
        answer = head(f"Content-Length: {len(content)}", f"Content-Encoding: {encoding}")
        async with rude(says(answer, content)) as server, world(server.port).reader() as client:
            assert await client.rows() == ()
        assert b"accept-encoding: identity" in server.requests[0].lower()


async def test_a_429_counts_even_if_its_body_never_ends() -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(head("Content-Length: 100", "Retry-After: 7", status="429 T"))
        await asyncio.Event().wait()

    async with rude(endless) as server:
        here = world(server.port)
        async with here.writer() as client:
            with pytest.raises(Limited):
                await link(client)
    assert here.limiter.answers == [(429, 7.0)]


@pytest.mark.parametrize("status", ["301 M", "302 F", "303 S", "307 T", "308 P"])
async def test_a_redirect_is_not_followed_and_nothing_leaves(status: str) -> None:
    async with AsyncExitStack() as stack:
        elsewhere = await stack.enter_async_context(rude(says(b"")))
        target = f"Location: http://127.0.0.1:{elsewhere.port}/partner/tpp/app"
        server = await stack.enter_async_context(rude(says(head(target, "Content-Length: 0", status=status))))
        client = await stack.enter_async_context(world(server.port).writer())
        with pytest.raises(Unclear, match="redirect"):
            await link(client)
        with pytest.raises(Busy, match="redirect"):
            await client.rows()
    assert not elsewhere.requests


class Worn:
    """Answers the first request of a connection and dies at the second, as a server that has just closed it.

    After *answers* answers it dies at any request. The first *together* requests are answered together, so
    that each has a connection of its own.
    """

    def __init__(self, answers: int = 99, together: int = 1) -> None:
        self.answers = answers
        self.together = asyncio.Barrier(together)
        self.requests: list[bytes] = []
        self.tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        with suppress(asyncio.IncompleteReadError):  # the client is done with this connection
            self.requests.append(await reader.readuntil(b"\r\n\r\n"))
            if len(self.requests) <= self.together.parties:
                await self.together.wait()
            if len(self.requests) <= self.answers:
                writer.write(head("Content-Length: 11") + b'{"apps":[]}')
                self.requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.transport.abort()


@asynccontextmanager
async def worn(server: Worn) -> AsyncIterator[World]:
    listening = await asyncio.start_server(server, "127.0.0.1", 0)
    async with listening:
        yield world(listening.sockets[0].getsockname()[1], deadline=5)
        await asyncio.gather(*server.tasks)


async def test_a_read_whose_used_connection_dies_goes_out_once_more_over_a_new_one() -> None:
    server = Worn()
    async with worn(server) as here, here.reader() as client:
        assert await client.rows() == ()
        assert await client.rows() == ()
    assert len(server.requests) == 3
    assert len(here.limiter.calls) == 3  # each counts


async def test_a_read_that_goes_out_once_more_uses_no_other_old_connection() -> None:
    server = Worn(together=2)
    async with worn(server) as here, here.reader() as client:
        await asyncio.gather(client.rows(), client.rows())
        assert await client.rows() == ()


async def test_a_read_goes_out_twice_at_most() -> None:
    server = Worn(answers=1)
    async with worn(server) as here, here.reader() as client:
        await client.rows()
        with pytest.raises(Busy, match="no answer"):
            await client.rows()
    assert len(server.requests) == 3


async def test_a_read_over_a_new_connection_that_dies_is_not_tried_again() -> None:
    server = Worn(answers=0)
    async with worn(server) as here, here.reader() as client:
        with pytest.raises(Busy, match="no answer"):
            await client.rows()
    assert len(server.requests) == 1


async def test_a_write_whose_used_connection_dies_is_unclear_and_goes_out_once() -> None:
    server = Worn()
    async with worn(server) as here, here.writer() as client:
        await client.rows()
        with pytest.raises(Unclear, match="it may have happened"):
            await link(client)
    assert [each.partition(b" ")[0] for each in server.requests] == [b"GET", b"POST"]


async def test_a_refused_connection_sent_nothing() -> None:
    async with rude(silence) as server:
        port = server.port
    async with world(port).writer() as client:
        with pytest.raises(Busy, match="not sent"):
            await link(client)


async def test_an_unknown_host_was_sent_nothing() -> None:
    here = World(credentials=GIVEN, url="http://host.invalid", network=Network(deadline=2))
    async with here.writer() as client:
        with pytest.raises(Busy, match="not sent"):
            await link(client)


async def test_a_server_without_tls_is_sent_nothing() -> None:
    async with (
        rude(says(b"HTTP/1.1 400 plain\r\n\r\n")) as server,
        world(server.port, "https").writer() as client,
    ):
        with pytest.raises(Busy, match="not sent"):
            await link(client)
    assert not any(b"canary" in request for request in server.requests)


async def test_a_tls_handshake_that_hangs_was_sent_nothing() -> None:
    async with rude(silence) as server, world(server.port, "https", deadline=FAST * 4).writer() as client:
        with pytest.raises(Busy, match="not sent"):
            await link(client)
    assert not server.requests


async def test_a_proxy_that_refuses_the_tunnel_sent_nothing_on() -> None:
    async with rude(says(head("Content-Length: 0", status="407 Who"))) as server:
        here = World(
            credentials=GIVEN,
            url="https://partner.gupshup.io",
            network=Network(deadline=2, proxy=f"http://me:canary@127.0.0.1:{server.port}"),
        )
        async with here.writer() as client:
            with pytest.raises(Busy, match="not sent") as raised:
                await link(client)
    assert "canary" not in str(raised.value) + repr(here.network)
    assert server.requests[0].startswith(b"CONNECT partner.gupshup.io:443")


async def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async with rude(says(head("Content-Length: 11"), b'{"apps":[]}')) as server, rude(says(b"")) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        async with world(server.port).reader() as client:
            assert await client.rows() == ()
    assert not proxy.requests


async def test_a_cookie_is_not_kept() -> None:
    answer = says(head("Content-Length: 11", "Set-Cookie: canary=1; Path=/"), b'{"apps":[]}')
    async with rude(answer) as server, world(server.port).reader() as client:
        await client.rows()
        await client.rows()
    assert len(server.requests) == 2
    assert not any(b"cookie" in request.lower() for request in server.requests)


async def test_the_rate_limiter_can_refuse_a_call_before_a_byte_is_sent() -> None:
    class Shut(OpenLimiter):
        @asynccontextmanager
        async def call(
            self, bucket: Bucket, *, app_id: AppId | None, route: str
        ) -> AsyncIterator[OpenLimiter]:
            self.calls.append((bucket, app_id, route))
            raise Limited("wait", until=7.0)
            yield self  # type: ignore[unreachable]  # it makes this a generator

    here = World(credentials=GIVEN, limiter=Shut())
    async with here.writer() as client:
        with pytest.raises(Limited, match="wait") as raised:
            await link(client)

    assert raised.value.until == 7.0
    assert not here.upstream.log
    assert here.limiter.calls == [(Bucket.LINK, None, "link")]


async def test_a_cancelled_call_stays_cancelled() -> None:
    async with rude(silence) as server, world(server.port, deadline=60).writer() as client:
        task = asyncio.create_task(link(client))
        await server.arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        (" 0 ", 0.0),
        ("-5", 0.0),
        ("99999999999", 99_999_999_999.0),
        ("9" * 16, None),
        ("1.5", None),
        ("abc", None),
        ("", None),
        ("٣", None),
        ("Tue, 14 Nov 2023 22:14:20 GMT", 60.0),
        ("Tue, 14 Nov 2023 22:14:20 -0000", 60.0),
        ("Tue, 14 Nov 1999 22:14:20 GMT", 0.0),
        ("Tue, 99 Nov 2023 22:14:20 GMT", None),
        ("7, 7", None),
    ],
)
def test_retry_after_is_seconds_or_nothing(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


async def opened(world: World) -> None:
    """Open a client of *world*, and close it."""
    async with world.reader():
        pass


@pytest.mark.parametrize(
    "url",
    [
        "",
        "partner.gupshup.io",
        "ftp://partner.gupshup.io",
        "https://",
        "https://me:canary@partner.gupshup.io",
        "https://partner.gupshup.io/v2",
        "https://partner.gupshup.io?x=canary",
        "https://partner.gupshup.io#canary",
        "https://part\nner",
        "https://[",
        "https://x:99999999",
    ],
)
async def test_only_an_origin_is_accepted_as_url(url: str) -> None:
    with pytest.raises(Usage, match=r"https://partner\.gupshup\.io") as raised:
        await opened(World(url=url))
    assert "canary" not in str(raised.value)


@pytest.mark.parametrize("url", ["https://partner.gupshup.io:443", "HTTPS://Partner.Gupshup.IO/"])
async def test_an_origin_may_be_written_in_other_ways(url: str) -> None:
    here = World(credentials=GIVEN, url=url)
    here.upstream.on(LIST, Answer(200, {"apps": []}))
    async with here.reader() as client:
        await client.rows()
    assert here.upstream.log[0].url.host == "partner.gupshup.io"


@pytest.mark.parametrize("proxy", ["canary", "socks5://canary:1", "ftp://canary"])
async def test_a_malformed_proxy_is_refused_without_showing_it(proxy: str) -> None:
    with pytest.raises(Usage, match="proxy") as raised:
        await opened(World(network=Network(proxy=proxy)))
    assert "canary" not in str(raised.value)


async def test_a_malformed_ca_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("no PEM")
    for odd in (path, tmp_path / "none.pem"):
        with pytest.raises(Usage, match="CA file"):
            await opened(World(network=Network(ca_file=str(odd))))


async def test_a_ca_file_in_pem_is_accepted() -> None:
    async with World(network=Network(ca_file=certifi.where())).reader() as client:
        assert client


async def test_the_libraries_do_not_log_what_they_send(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await opened(World())

    for name in ("httpx", "httpcore", "httpcore.http11", "httpcore.connection"):
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)


async def test_a_write_is_not_sent_after_the_lease_was_lost() -> None:
    there = World(credentials=GIVEN, holds=lambda: False)
    async with there.writer() as client:
        with pytest.raises(
            Busy, match=r"POST /partner/tpp/app.* not sent: .* no longer the partner's only writer"
        ):
            await link(client)
        assert not there.upstream.log
        there.upstream.on(LIST, Answer(200, {"status": "success", "partnerAppsList": []}))
        assert await client.rows() == ()


async def test_the_lease_is_checked_last_before_the_bytes_of_a_write_are_sent() -> None:
    """It is lost while the connection is made: the server sees that one, and not a byte on it."""
    answers = iter([True, False])
    async with rude(silence) as server:
        there = world(server.port)
        there.holds = lambda: next(answers)
        async with there.writer() as client:
            with pytest.raises(Busy, match="not sent"):
                await link(client)
    assert len(server.tasks) == 1
    assert not server.requests
    assert next(answers, "asked twice") == "asked twice"
