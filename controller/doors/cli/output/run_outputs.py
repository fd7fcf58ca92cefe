"""The outputs of a process that never stops: HTTP, metrics, the log of passes, and notifications."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from starlette.routing import Route

from controller.core.render.held import release_command
from controller.core.schedule.throttle import Throttle
from controller.doors.app import Runtime
from controller.doors.observability import Observability
from controller.doors.web import Hooks, ListenOptions, Sockets, open_sockets, serve_until_cancelled
from controller.doors.web.metrics import Metrics
from controller.edges import log
from controller.edges.notify import Notifier, services
from controller.edges.pass_log import PassLog
from controller.loop.run.controller import Controller

LAST_NOTICES = 3.0
"""Seconds at the end in which waiting notices may still be delivered."""

HOOK_LIMIT = Throttle(reads=600, quiet=0.0)
"""The limit of hooks, for all partners together. The schedule decides how often one app is observed."""


@dataclass(frozen=True, slots=True)
class RunOutputs:
    """Options of the outputs: addresses, a file with URLs to notify, and one series per resource."""

    listen: ListenOptions
    notify_url_file: str | None
    per_resource: bool

    @asynccontextmanager
    async def open(self) -> AsyncIterator["OpenOutputs"]:
        """Bind the addresses, and get ready to notify. Raises Usage or Denied."""
        metrics = Metrics()
        to_notify = services(self.notify_url_file, os.environ)
        sockets = open_sockets(self.listen, os.environ)
        notifier = Notifier(to_notify, log.logger(), on_result=metrics.notified) if to_notify else None
        try:
            yield OpenOutputs(sockets, metrics, notifier, self.per_resource)
        finally:
            sockets.close()
            if notifier is not None:
                await notifier.close(LAST_NOTICES)


@dataclass(frozen=True, slots=True)
class OpenOutputs:
    """The outputs once they are open; the loop does not exist yet."""

    sockets: Sockets
    metrics: Metrics
    notifier: Notifier | None
    per_resource: bool

    def observability(self, runtime: Runtime) -> Observability:
        """Return the listener to the passes of the loop."""
        notify = self.notifier.notify if self.notifier is not None else None
        command = partial(release_command, store=runtime.store_words)
        pass_log = PassLog(log.logger(), runtime.clock.now, command)
        return Observability(
            self.metrics,
            runtime.store,
            runtime.clock,
            listeners=[pass_log.on_pass],
            notify=notify,
            per_resource=self.per_resource,
        )

    def start(
        self, observability: Observability, controller: Controller, runtime: Runtime, *, observe: bool
    ) -> Iterator[asyncio.Task[None]]:
        """Start to serve and to notify. Each task runs until it is cancelled."""
        metrics, alerter = observability.watch(controller, observe=observe)
        hooks = Hooks(controller, self.sockets.hook, throttle=HOOK_LIMIT, on_request=self.metrics.hooked)
        more = [Route("/metrics", metrics)]
        yield asyncio.create_task(
            serve_until_cancelled(self.sockets, controller, runtime.store, hooks, more=more)
        )
        if alerter is not None:
            yield asyncio.create_task(alerter.run())
        log.logger().info("listening", at=", ".join(self.sockets.addresses))
