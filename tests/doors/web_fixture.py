"""A loop of a few lines, a real store, and callers of the front door: in process, and over TCP."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import httpx
from starlette.types import ASGIApp

from controller.core.render.statuses import document
from controller.doors.web.auth import Tokens
from controller.doors.web.server import Connection, serve
from controller.edges.store import SqlStore, open_store
from controller.model.manifest import AppId
from controller.model.plan import Item, Kind
from controller.model.secret import Secret
from controller.model.status import Status
from tests.builders.memory import NOW
from tests.builders.status import FALSE, TRUE, condition, status_of
from tests.builders.upstream import HERE
from tests.clock import FakeClock

SECRET, OTHER_SECRET = "a" * 40, "b" * 40
TOKEN = "t" * 32


def open_web_store(folder: Path) -> SqlStore:
    return open_store(folder / "state.db", FakeClock(), inline=True)


def keys(*secrets: str) -> Tokens:
    return Tokens(lambda: Secret("\n".join(secrets)), "the secret")


def caller(app: ASGIApp) -> httpx.AsyncClient:
    """Return a client of *app* in process, on this machine."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8080")


def status(
    name: str,
    word: str = "Ready",
    *,
    reason: str = "AllGood",
    message: str = "",
    stage: str = "",
    since: float = NOW - 3_700,
) -> Status:
    """Return the status of an app that is Ready, Stalled, Reconciling or Unknown."""
    ready = condition("Ready", TRUE if word == "Ready" else FALSE, reason, message=message, since=since)
    more = (
        [condition(word, TRUE, reason, message=message, since=since)]
        if word in {"Stalled", "Reconciling"}
        else []
    )
    id_ = AppId("7f9c24e5-1c1a-4d4e-9d6b-0a1b2c3d4e5f")
    return status_of(name, ready, *more, at=NOW - 30, app_id=id_, stage=stage)


def subscription(app: str, tag: str) -> Status:
    return status_of(Item(Kind.SUBSCRIPTION, "main", app, tag), condition("Ready", TRUE, "AllGood"))


async def keep(store: SqlStore, *statuses: Status, upstream: str = HERE) -> None:
    await store.statuses.save(upstream, {str(each.item): document(each) for each in statuses})


Caller: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Served:
    """What listens, and the addresses it is reached at."""

    request: "asyncio.Task[None]"
    ports: Sequence[int]
    known: list[Connection]

    def connections(self) -> int:
        """Return how many connections the server holds."""
        return len(self.known[0].connections) if self.known else 0

    async def connect(self, number: int = 0, *, peer: str = "127.0.0.1") -> Caller:
        return await asyncio.open_connection("127.0.0.1", self.ports[number], local_addr=(peer, 0))

    async def send(self, raw: bytes, *, peer: str = "127.0.0.1") -> bytes:
        """Send *raw* and return all that comes back until the other side closes."""
        reader, writer = await self.connect(peer=peer)
        with contextlib.closing(writer):
            with contextlib.suppress(ConnectionError):
                writer.write(raw)
                await writer.drain()
            return await until_closed(reader)


async def until(reached: Callable[[], bool]) -> None:
    """Let others have their turn until *reached*."""
    while not reached():  # noqa: ASYNC110  (what is waited for has no event to tell of it)
        await asyncio.sleep(0)


async def until_closed(reader: asyncio.StreamReader) -> bytes:
    """Return what comes until the connection ends, however it does."""
    got = bytearray()
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(65_536):
            got += chunk
    return bytes(got)


@contextlib.asynccontextmanager
async def served(*apps: ASGIApp, connection: type[Connection] = Connection) -> AsyncIterator[Served]:
    """Serve *apps* over TCP for a while."""

    class Counted(connection):  # type: ignore[misc,valid-type]  # a class made of an argument
        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            known.append(self)

    known: list[Connection] = []
    listening = [socket.create_server(("127.0.0.1", 0)) for _ in apps]
    ports = [each.getsockname()[1] for each in listening]
    task = asyncio.create_task(serve(list(zip(listening, apps, strict=True)), connection=Counted))
    try:
        yield Served(task, ports, known)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
