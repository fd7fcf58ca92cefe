"""Which partners this process is to write for, where several share a store; alone, all of them."""

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from controller.core.replicas.election import Acquire, Turn, Turns
from controller.edges import log
from controller.errors import StoreError
from controller.model.clock import Clock
from controller.model.replica import Peers

EVERY = 2.5
"""Seconds between two beats; one that failed is repeated after a third of them."""

_LEAST_GAP = 0.2


class Replicas(Protocol):
    """The rows by which the processes that share a store know of one another."""

    async def beat(self, stands: Collection[str]) -> Peers: ...
    async def leave(self) -> None: ...


class SingleReplica:
    """Nobody else is there: it is always our turn."""

    @contextmanager
    def candidacy(self, upstream: str) -> Iterator[None]:  # noqa: ARG002  (what the other kind asks)
        yield

    def next_step(self, upstream: str) -> Turn:  # noqa: ARG002  (likewise)
        return Acquire()


class ReplicaMember:
    """One of several. `keep` tells the others of it, from its begin to *stopping*."""

    def __init__(self, replicas: Replicas, clock: Clock, stopping: asyncio.Event) -> None:
        self._replicas = replicas
        self._clock = clock
        self._stopping = stopping
        self._turns = Turns()
        self._changed = asyncio.Event()
        self._silent = False

    @contextmanager
    def candidacy(self, upstream: str) -> Iterator[None]:
        """Be ready to write for *upstream* within the block."""
        self._turns.stand(upstream, self._clock.now())
        self._changed.set()
        try:
            yield
        finally:
            self._turns.leave(upstream)
            self._changed.set()

    def next_step(self, upstream: str) -> Turn:
        """Return what to do about *upstream* now. Asks nobody."""
        return self._turns.turn(upstream, self._clock.now())

    async def run(self) -> None:
        """Be one of the replicas until the process stops; what it had is then free for the others at once."""
        while not self._stopping.is_set():
            await self._pause(EVERY if await self._heartbeat() else EVERY / 3)
        with suppress(StoreError):  # the row ends by itself
            await self._replicas.leave()

    async def _heartbeat(self) -> bool:
        self._changed.clear()
        try:
            self._turns.saw(await self._replicas.beat(self._turns.stands))
        except StoreError as error:
            if not self._silent:
                log.logger().warning("replicas not seen", why=str(error))
            self._silent = True
            return False
        self._silent = False
        return True

    async def _pause(self, seconds: float) -> None:
        """Wait, shorter where it changed what we stand for, or the process stops."""
        waits = {asyncio.ensure_future(each.wait()) for each in (self._stopping, self._changed)}
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
        if not self._stopping.is_set():
            await self._clock.sleep(_LEAST_GAP)
