"""The sender of events, the only part of the simulated Gupshup that opens connections to other programs."""

import asyncio
import ssl
from urllib.parse import urlsplit

from controller.simulator.events.queue import Delivery
from controller.simulator.world import World

_INTERVAL = 0.1
_TIMEOUT = 10.0
_MOST_AT_ONCE = 20
_PORTS = {"http": 80, "https": 443}


async def deliver_events(world: World) -> None:
    """Let the world's time pass and post the events that are due, until cancelled."""
    slots = asyncio.Semaphore(_MOST_AT_ONCE)
    async with asyncio.TaskGroup() as tasks:
        while True:
            now = world.now()
            for delivery in world.event_queue.take(now):
                tasks.create_task(_deliver(world, delivery, slots))
            await asyncio.sleep(_INTERVAL)


async def _deliver(world: World, delivery: Delivery, slots: asyncio.Semaphore) -> None:
    async with slots:
        world.event_queue.report(delivery, world.time.clock(), await send(delivery))


async def send(delivery: Delivery) -> int | str:
    """Post one event, and follow no redirect. Return the HTTP status, or the reason if there is none."""
    try:
        async with asyncio.timeout(_TIMEOUT):
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
    headers = {
        "host": parts.netloc.rpartition("@")[2],
        "user-agent": "pretend-gupshup",
        "content-type": "application/json",
        "content-length": str(len(delivery.body)),
        "connection": "close",
    }
    own = {name: value for name, value in delivery.headers if name.lower() not in headers}
    lines = [f"{name}: {value}" for name, value in {**headers, **own}.items()]
    return "\r\n".join([f"POST {target} HTTP/1.1", *lines, "", ""]).encode("latin-1") + delivery.body
