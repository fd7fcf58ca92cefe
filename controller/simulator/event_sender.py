"""Posting events: the one place of the simulator that opens a connection to somebody else."""

import asyncio
import ssl
from urllib.parse import urlsplit

from controller.simulator.event_queue import Delivery
from controller.simulator.world import World

_TICK = 0.1
_PATIENCE = 10.0
_SIDE_BY_SIDE = 20
_PORTS = {"http": 80, "https": 443}


async def carry(world: World) -> None:
    """Let the world's time pass and post what falls due, until cancelled."""
    room = asyncio.Semaphore(_SIDE_BY_SIDE)
    async with asyncio.TaskGroup() as tasks:
        while True:
            now = world.now()
            for delivery in world.post.take(now):
                tasks.create_task(_carry_one(world, delivery, room))
            await asyncio.sleep(_TICK)


async def _carry_one(world: World, delivery: Delivery, room: asyncio.Semaphore) -> None:
    async with room:
        world.post.report(delivery, world.time.clock(), await send(delivery))


async def send(delivery: Delivery) -> int | str:
    """Post one event and return the HTTP status, or in words why there is none. Follows no redirect."""
    try:
        async with asyncio.timeout(_PATIENCE):
            return await _send(delivery)
    except (OSError, ValueError, IndexError, EOFError) as error:
        return f"{type(error).__name__}: {error}"


async def _send(delivery: Delivery) -> int:
    parts = urlsplit(delivery.url)
    secure = ssl.create_default_context() if parts.scheme == "https" else None
    port = parts.port or _PORTS[parts.scheme]
    reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=secure)
    try:
        writer.write(_request(delivery))
        await writer.drain()
        line = await reader.readuntil(b"\n")
        return int(line.split()[1])
    finally:
        writer.close()


def _request(delivery: Delivery) -> bytes:
    parts = urlsplit(delivery.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    own = {
        "host": parts.netloc.rpartition("@")[2],
        "user-agent": "pretend-gupshup",
        "content-type": "application/json",
        "content-length": str(len(delivery.body)),
        "connection": "close",
    }
    asked = {name: value for name, value in delivery.headers if name.lower() not in own}
    lines = [f"{name}: {value}" for name, value in {**own, **asked}.items()]
    return "\r\n".join([f"POST {target} HTTP/1.1", *lines, "", ""]).encode("latin-1") + delivery.body
