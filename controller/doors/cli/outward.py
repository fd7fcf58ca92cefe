"""What a process that never stops shows and tells: its doors, its metrics, its diary, its messages."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.routing import Route

from controller.core.schedule.throttle import Throttle
from controller.doors.app import Runtime
from controller.doors.observability import Observability
from controller.doors.web import Hooks, ListenOptions, Sockets, open_sockets, serve_until_cancelled
from controller.doors.web.metrics import Metrics
from controller.edges import log
from controller.edges.notify import Notifier, services
from controller.edges.pass_log import PassLog
from controller.loop.run.controller import Controller

LAST_WORDS = 3.0
"""Seconds that messages under way have to be delivered in, at the end."""

DOOR = Throttle(looks=600, quiet=0.0)
"""What the door lets in, for all partners together. How often one app is looked at, its agenda decides."""


@dataclass(frozen=True, slots=True)
class Outward:
    """Where to listen, whom to tell (a file of URLs), and whether /metrics tells every resource apart."""

    places: ListenOptions
    notify_url_file: str | None
    each: bool

    @asynccontextmanager
    async def opened(self) -> "AsyncIterator[Open]":
        """Bind the places, and get ready to tell. Raises Usage or Denied."""
        metrics = Metrics()
        told = services(self.notify_url_file, os.environ)
        bound = open_sockets(self.places, os.environ)
        notifier = Notifier(told, log.logger(), on_result=metrics.notified) if told else None
        try:
            yield Open(bound, metrics, notifier, self.each)
        finally:
            bound.close()
            if notifier is not None:
                await notifier.close(LAST_WORDS)


@dataclass(frozen=True, slots=True)
class Open:
    """What was opened, before there is a loop to tell of."""

    bound: Sockets
    metrics: Metrics
    notifier: Notifier | None
    each: bool

    def telling(self, house: Runtime) -> Observability:
        """Return what the loop tells of its passes."""
        tell = self.notifier.notify if self.notifier is not None else None
        pass_log = PassLog(log.logger(), house.clock.now)
        return Observability(
            self.metrics,
            house.store,
            house.clock,
            listeners=[pass_log.on_pass],
            notify=tell,
            per_resource=self.each,
        )

    def doors(
        self, telling: Observability, controller: Controller, house: Runtime, *, observe: bool
    ) -> "Iterator[asyncio.Task[None]]":
        """Begin to serve and to tell; each task goes on until it is cancelled."""
        answer, herald = telling.watch(controller, observe=observe)
        hooks = Hooks(controller, self.bound.hook, allowance=DOOR, on_request=self.metrics.hooked)
        shown = [Route("/metrics", answer)]
        yield asyncio.create_task(
            serve_until_cancelled(self.bound, controller, house.store, hooks, more=shown)
        )
        if herald is not None:
            yield asyncio.create_task(herald.run())
        log.logger().info("listening", at=", ".join(self.bound.addresses))
