"""The web server over TCP: other machines need a token, no connection lasts for ever, the end is quick."""

import asyncio
import contextlib
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import httpx
import pytest

from controller.doors.web import (
    Hooks,
    ListenOptions,
    Sockets,
    front_app,
    hooks_app,
    open_sockets,
    serve_until_cancelled,
)
from controller.doors.web.server import LONGEST_HEAD, Connection, serve
from controller.doors.web.server_app import AT_ONCE
from controller.edges.store import SqlStore
from controller.errors import Usage
from tests.doors.fake_control import FakeControl
from tests.doors.web_fixture import (
    SECRET,
    TOKEN,
    Caller,
    Served,
    keep,
    keys,
    open_web_store,
    served,
    status,
    until,
    until_closed,
)

ENVIRON = {"GUPSHUPCTL_HOOK_SECRET": SECRET}
EVENT = {"type": "onboarding-event", "app": "AcmeSupport"}


@pytest.fixture
def token_file(tmp_path: Path) -> str:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    return str(file)


@contextlib.contextmanager
def opened(places: ListenOptions) -> Iterator[Sockets]:
    found = open_sockets(places, ENVIRON)
    try:
        yield found
    finally:
        found.close()


@pytest.mark.parametrize("place", ["127.0.0.1:0", "localhost:0", "127.3.4.5:0"])
def test_a_port_of_0_becomes_a_real_one(place: str) -> None:
    with opened(ListenOptions(place)) as found:
        (address,) = found.addresses
    assert address.startswith("http://127.")
    assert not address.endswith(":0")


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
def test_an_ipv6_address_is_shown_in_brackets() -> None:
    with opened(ListenOptions("[::1]:0")) as found:
        assert found.addresses[0].startswith("http://[::1]:")


@pytest.mark.parametrize("place", ["0.0.0.0:0", "[::]:0"])
def test_a_listener_for_other_machines_needs_a_token(place: str, token_file: str) -> None:
    with pytest.raises(Usage, match="--auth-token-file"):
        open_sockets(ListenOptions(place), ENVIRON)
    with opened(ListenOptions(place, auth_token_file=token_file)) as found:
        assert found.token is not None


def test_hooks_alone_may_be_reached_by_other_machines() -> None:
    with opened(ListenOptions("127.0.0.1:0", "0.0.0.0:0")) as found:
        main, hooks = found.addresses
    assert main.startswith("http://127.0.0.1:")
    assert hooks.startswith("http://0.0.0.0:")


@pytest.mark.parametrize(
    "place",
    ["8080", ":8080", "localhost", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:70000", "127.0.0.1:-1",
     "127.0.0.1:" + "9" * 5_000, "no such host.:1", "\ud800:1", "127.0.0.1:٣"],
)  # fmt: skip
def test_an_invalid_address_to_listen_on_is_refused(place: str) -> None:
    with pytest.raises(Usage, match="--listen"):
        open_sockets(ListenOptions(place), {})


def test_an_address_in_use_is_reported_and_the_other_socket_closed() -> None:
    with opened(ListenOptions("127.0.0.1:0")) as first:
        taken = first.addresses[0].removeprefix("http://")
        with socket.create_server(("127.0.0.1", 0)) as probe:
            free = probe.getsockname()[1]
        with pytest.raises(Usage, match=r"--hooks-listen: cannot listen on .*: Address already in use"):
            open_sockets(ListenOptions(f"127.0.0.1:{free}", taken), {})
        with opened(ListenOptions(f"127.0.0.1:{free}")) as again:
            assert again.addresses == (f"http://127.0.0.1:{free}",)


@contextlib.asynccontextmanager
async def running(places: ListenOptions, folder: Path, board: FakeControl) -> AsyncIterator[tuple[str, ...]]:
    """Keep everything open over a store for a while, and yield the addresses."""
    found = open_sockets(places, ENVIRON)
    async with open_web_store(folder) as store:
        await keep(store, status("acme"))
        task = asyncio.create_task(serve_until_cancelled(found, board, store, Hooks(board, found.hook)))
        try:
            yield found.addresses
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def test_an_event_over_tcp_becomes_a_hint(tmp_path: Path) -> None:
    board = FakeControl(known={"AcmeSupport"})
    async with running(ListenOptions("127.0.0.1:0"), tmp_path, board) as (address,):
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.post(f"{address}/hooks/gupshup/{SECRET}", json=EVENT)
            page = await http.get(address)
        await asyncio.wait_for(until(lambda: board.hinted == [("AcmeSupport",)]), 5)
    assert (answer.status_code, answer.content) == (200, b"")
    assert "server" not in answer.headers
    assert "acme" in page.text


async def test_hooks_with_a_listener_of_their_own_are_nowhere_else(tmp_path: Path) -> None:
    board = FakeControl()
    places = ListenOptions("127.0.0.1:0", "127.0.0.1:0")
    calls = [("POST", f"/hooks/gupshup/{SECRET}"), ("POST", "/hooks/git"), ("GET", "/"), ("GET", "/healthz")]
    async with (
        running(places, tmp_path, board) as (main, hooks),
        httpx.AsyncClient(trust_env=False) as http,
    ):
        of_main = [(await http.request(method, main + path)).status_code for method, path in calls]
        of_hooks = [(await http.request(method, hooks + path)).status_code for method, path in calls]
    assert of_main == [404, 404, 200, 200]
    assert of_hooks == [200, 202, 404, 404]


async def test_cancelling_the_server_ends_it_at_once_and_closes_everything(tmp_path: Path) -> None:
    """Even with a request under way and a connection that says nothing."""
    board = FakeControl()
    before = signal.getsignal(signal.SIGTERM)
    async with running(ListenOptions("127.0.0.1:0"), tmp_path, board) as (address,):
        host, port = address.removeprefix("http://").split(":")
        silent, silent_writer = await asyncio.open_connection(host, int(port))
        posting, posting_writer = await asyncio.open_connection(host, int(port))
        posting_writer.write(b"POST /hooks/git HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n")
        await posting_writer.drain()
        assert signal.getsignal(signal.SIGTERM) is before
    assert await until_closed(silent) == b""
    assert not (await until_closed(posting)).startswith(b"HTTP/1.1 408"), "nobody waits until it is late"
    for writer in (silent_writer, posting_writer):
        writer.close()
    with pytest.raises(ConnectionError):
        await asyncio.open_connection(host, int(port))


async def test_a_task_beside_the_servers_ends_them_if_it_fails() -> None:
    async def failing() -> None:
        raise RuntimeError("no more")

    listening = socket.create_server(("127.0.0.1", 0))
    with pytest.raises(ExceptionGroup):
        await serve([(listening, hooks_app(Hooks(FakeControl(), None), FakeControl()))], failing())
    assert listening.fileno() == -1


class Hasty(Connection):
    """Patience of a test."""

    head, answer = 0.2, 0.4


SLOW = [
    pytest.param(b"", id="nothing"),
    pytest.param(b"POST /hooks/git HTT", id="half a line"),
    pytest.param(b"POST /hooks/git HTTP/1.1\r\nHost: h\r\nX-A: b\r\n", id="a head without an end"),
    pytest.param(b"POST /hooks/git HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nx", id="half a body"),
    pytest.param(b"POST /no HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nx", id="a body nobody reads"),
]


@pytest.mark.parametrize("sent", SLOW)
async def test_a_silent_connection_is_dropped(sent: bytes) -> None:
    async with served(hooks_app(Hooks(FakeControl(), None), FakeControl()), connection=Hasty) as server:
        answer = await asyncio.wait_for(server.send(sent), 5)
    assert answer == b"" or answer.startswith((b"HTTP/1.1 404", b"HTTP/1.1 408"))


class HastyBetween(Connection):
    head = 0.2


@pytest.mark.parametrize("before", [b"", b"GET /no HTTP/1.1\r\nHost: h\r\n\r\n"], ids=["first", "second"])
async def test_a_request_head_that_drips_is_dropped(before: bytes) -> None:
    """Each byte comes in time for the server's keep-alive, and the whole never comes."""
    async with served(
        hooks_app(Hooks(FakeControl(), None), FakeControl()), connection=HastyBetween
    ) as server:
        reader, writer = await server.connect()
        writer.write(before + b"POST /hooks/git HTTP/1.1\r\n")
        closed = asyncio.create_task(until_closed(reader))
        drips = 0
        while not closed.done():
            drips += 1
            with contextlib.suppress(ConnectionError):
                writer.write(b"X: y\r\n")
            await asyncio.wait({closed}, timeout=0.02)
        writer.close()
    assert drips < 100


async def test_a_client_that_reads_nothing_is_dropped(store: SqlStore) -> None:
    """The answer is larger than what the sockets between can hold."""
    await keep(store, *(status(f"app-{number:05d}", message="m" * 2_000) for number in range(4_000)))
    door = front_app(FakeControl(), store, token=None)
    async with served(door, connection=Hasty) as server:
        reader, writer = await server.connect()
        writer.write(b"GET /api/v1/apps HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await writer.drain()
        await asyncio.wait_for(until(lambda: server.connections() == 1), 5)
        await asyncio.wait_for(until(lambda: server.connections() == 0), 10)
        assert not (await until_closed(reader)).endswith(b"0\r\n\r\n")
        writer.close()


async def test_a_connection_may_be_used_again_and_again() -> None:
    """The deadline is one of each request, not of all of them together."""
    of = Hooks(FakeControl(), keys(SECRET))
    request = f"POST /hooks/gupshup/{SECRET} HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{{}}".encode()
    async with served(hooks_app(of, FakeControl()), connection=Hasty) as server:
        reader, writer = await server.connect()
        started = time.perf_counter()
        while time.perf_counter() - started < 0.6:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ")
        writer.close()


ALIVE = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
PAGE = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
PUSH = b"POST /hooks/git HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
HALF_A_PUSH = b"POST /hooks/git HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nx"
OTHERS = tuple(f"127.0.1.{number}" for number in range(1, 9))


async def crowd(server: Served, many: int, *, peers: Sequence[str], says: bytes = b"") -> list[Caller]:
    """Connect *many* times, from *peers* in turn, and say no more than *says*."""
    found = [await server.connect(peer=peers[number % len(peers)]) for number in range(many)]
    for _, writer in found:
        writer.write(says)
    return found


def leave(*crowds: Sequence[Caller]) -> None:
    for each in crowds:
        for _, writer in each:
            writer.close()


@pytest.mark.parametrize(
    ("says", "peers"),
    [
        pytest.param(b"", ["127.0.0.1"], id="one peer that says nothing"),
        pytest.param(b"", OTHERS, id="several that say nothing"),
        pytest.param(b"GET / HTT", ["127.0.0.1"], id="one that says half a line"),
        pytest.param(HALF_A_PUSH, ["127.0.0.1"], id="one that says half a request"),
        pytest.param(HALF_A_PUSH, OTHERS, id="several that say half a request"),
    ],
)
async def test_a_crowd_of_connections_leaves_room_for_health_and_the_page(
    store: SqlStore, says: bytes, peers: Sequence[str]
) -> None:
    """An orchestrator without an answer restarts the process, and the crowd would win."""
    board = FakeControl()
    door = front_app(board, store, token=None, hooks=Hooks(board, None))
    async with served(door, connection=Patient) as server:
        held = await crowd(server, Connection.most + 100, peers=peers, says=says)
        await asyncio.wait_for(until(lambda: server.connections() >= Connection.share), 5)
        answers = [await server.send(each) for each in (ALIVE, PAGE, ALIVE)]
        leave(held)
    assert [each.split(b" ")[1] for each in answers] == [b"200"] * 3


async def test_a_listener_for_hooks_that_is_crowded_leaves_the_other_one_alone(store: SqlStore) -> None:
    board = FakeControl()
    doors = (front_app(board, store, token=None), hooks_app(Hooks(board, None), board))
    async with served(*doors, connection=Patient) as server:
        held = [await server.connect(1) for _ in range(Connection.most)]
        for _, writer in held:
            writer.write(HALF_A_PUSH)
        answers = [await server.send(each) for each in (ALIVE, PAGE)]
        leave(held)
    assert [each.split(b" ")[1] for each in answers] == [b"200"] * 2


class Patient(Connection):
    """Drops nobody for being slow, so that a slow machine changes nothing."""

    head, answer = 600.0, 600.0


async def test_a_peer_with_few_connections_is_not_dropped_for_the_crowd_of_another() -> None:
    door = hooks_app(Hooks(FakeControl(), None), FakeControl())
    async with served(door, connection=Patient) as server:
        reader, writer = await server.connect(peer="127.0.0.9")
        held = await crowd(server, Connection.most + 50, peers=["127.0.0.1"])
        writer.write(PUSH)
        answer = await until_closed(reader)
        leave(held, [(reader, writer)])
    assert answer.startswith(b"HTTP/1.1 202 ")


async def test_one_peer_may_use_half_of_the_connections_and_leaves_the_other_half() -> None:
    of = Hooks(FakeControl(), None, deadline=600)
    async with served(hooks_app(of, FakeControl()), connection=Patient) as server:
        held = await crowd(server, AT_ONCE // 2 + 9, peers=["127.0.0.1"], says=HALF_A_PUSH)
        turned_away = await asyncio.wait_for(held[-1][0].readline(), 5)
        refused = await server.send(PUSH)
        taken = await server.send(PUSH, peer="127.0.0.9")
        leave(held)
    assert turned_away.startswith(b"HTTP/1.1 503 ")
    assert refused.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: 1" in refused
    assert taken.startswith(b"HTTP/1.1 202 ")


async def test_a_request_head_that_is_too_long_is_refused() -> None:
    async with served(hooks_app(Hooks(FakeControl(), None), FakeControl())) as server:
        answer = await server.send(b"POST /hooks/git HTTP/1.1\r\nX: " + b"y" * 20 * LONGEST_HEAD)
    assert answer.startswith(b"HTTP/1.1 4") or answer == b""


async def test_no_log_of_the_web_server_shows_a_secret(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    board = FakeControl()
    async with (
        running(ListenOptions("127.0.0.1:0"), tmp_path, board) as (address,),
        httpx.AsyncClient(trust_env=False) as http,
    ):
        ends = (SECRET, f"{SECRET}x")
        answers = [await http.post(f"{address}/hooks/gupshup/{end}", json=EVENT) for end in ends]
    assert [each.status_code for each in answers] == [200, 404]
    told = capfd.readouterr()
    assert SECRET not in told.out + told.err
