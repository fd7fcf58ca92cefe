"""A loop of a few lines, a real store, and callers of the front door: in process, and over TCP."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import httpx
from starlette.types import ASGIApp

from controller.core.render.statuses import document
from controller.doors.web.auth import Tokens
from controller.doors.web.server import Connection, serve
from controller.edges.store import SqlStore, open_store
from controller.model.manifest import AppId
from controller.model.passes import PartnerState, SourceState
from controller.model.plan import Item, Kind
from controller.model.secret import Secret
from controller.model.status import Condition, Status, Truth
from tests.clock import FakeClock

NOW = 1_700_000_000.0
UPSTREAM = "https://partner.gupshup.io#7"
SECRET, OTHER_SECRET = "a" * 40, "b" * 40
TOKEN = "t" * 32


@dataclass
class PretendBoard:
    """Knows the apps in *known*, those in *awaited* under way, and remembers what it was asked for."""

    time: float = NOW
    known: set[str] = field(default_factory=set)
    awaited: set[str] = field(default_factory=set)
    hinted: list[tuple[str, ...]] = field(default_factory=list)
    changed: int = 0
    state: SourceState = field(
        default_factory=lambda: SourceState("manifests/", "sha256:1", NOW - 60, NOW - 5)
    )
    all_partners: tuple[PartnerState, ...] = (
        PartnerState("main", UPSTREAM, is_leader=True, apps=2, listed_at=NOW - 3, progressed_at=NOW - 1),
    )

    def now(self) -> float:
        return self.time

    def source(self) -> SourceState:
        return self.state

    def partners(self) -> tuple[PartnerState, ...]:
        return self.all_partners

    async def hint(self, names: Iterable[str]) -> bool:
        self.hinted.append(tuple(names))
        return bool(self.known.intersection(self.hinted[-1]))

    def awaits(self, names: Iterable[str]) -> bool:
        return bool(self.awaited.intersection(names))

    def source_changed(self) -> None:
        self.changed += 1


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
    ready = Truth.TRUE if word == "Ready" else Truth.FALSE
    said = [Condition("Ready", ready, reason, message, since, "r1")]
    if word in {"Stalled", "Reconciling"}:
        said.append(Condition(word, Truth.TRUE, reason, message, since, "r1"))
    item = Item(Kind.APP, "main", name, name)
    return Status(item, tuple(said), "r1", NOW - 30, AppId("7f9c24e5-1c1a-4d4e-9d6b-0a1b2c3d4e5f"), stage)


def subscription(app: str, tag: str) -> Status:
    ready = Condition("Ready", Truth.TRUE, "AllGood", "", NOW, "r1")
    return Status(Item(Kind.SUBSCRIPTION, "main", app, tag), (ready,), "r1", NOW)


async def keep(store: SqlStore, *statuses: Status, upstream: str = UPSTREAM) -> None:
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
