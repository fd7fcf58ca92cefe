"""Replicas that share a store: for which partners this process is to write. Alone, for all of them."""

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from controller.core.replicas.election import Acquire, Election, Step
from controller.edges import log
from controller.errors import StoreError
from controller.model.clock import Clock
from controller.model.replica import Peers

EVERY = 2.5
"""Seconds between two heartbeats; a failed one is repeated after a third of that time."""

_LEAST_GAP = 0.2


class Replicas(Protocol):
    """Rows in the store that show the processes of a store to one another."""

    async def beat(self, candidate_for: Collection[str]) -> Peers: ...
    async def leave(self) -> None: ...


class SingleReplica:
    """Elections without other replicas: this process always may write."""

    @contextmanager
    def candidacy(self, upstream: str) -> Iterator[None]:  # noqa: ARG002  (what the other kind asks)
        yield

    def next_step(self, upstream: str) -> Step:  # noqa: ARG002  (likewise)
        return Acquire()


class ReplicaMember:
    """One of several replicas. `run` shows it to the others until *stopping*."""

    def __init__(self, replicas: Replicas, clock: Clock, stopping: asyncio.Event) -> None:
        self._replicas = replicas
        self._clock = clock
        self._stopping = stopping
        self._election = Election()
        self._changed = asyncio.Event()
        self._silent = False

    @contextmanager
    def candidacy(self, upstream: str) -> Iterator[None]:
        """Be ready to write for *upstream* within the block."""
        self._election.enter(upstream, self._clock.now())
        self._changed.set()
        try:
            yield
        finally:
            self._election.leave(upstream)
            self._changed.set()

    def next_step(self, upstream: str) -> Step:
        """Return what to do about *upstream* now, without any query."""
        return self._election.next_step(upstream, self._clock.now())

    async def run(self) -> None:
        """Be one of the replicas until the process stops. The others may then take its partners at once."""
        while not self._stopping.is_set():
            await self._pause(EVERY if await self._heartbeat() else EVERY / 3)
        with suppress(StoreError):  # the row ends by itself
            await self._replicas.leave()

    async def _heartbeat(self) -> bool:
        self._changed.clear()
        try:
            self._election.observe(await self._replicas.beat(self._election.candidate_for))
        except StoreError as error:
            if not self._silent:
                log.logger().warning("replicas not seen", why=str(error))
            self._silent = True
            return False
        self._silent = False
        return True

    async def _pause(self, seconds: float) -> None:
        """Wait *seconds*, or less if the candidacies change or the process stops."""
        waits = {asyncio.ensure_future(event.wait()) for event in (self._stopping, self._changed)}
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if not self._stopping.is_set():
            await self._clock.sleep(_LEAST_GAP)
