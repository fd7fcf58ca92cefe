"""Notifications: a notice goes in without a wait. One task for each service delivers it, or logs a failure.

The URLs of services hold secrets, and come from a file or the environment, never from a command line.
Neither the URLs nor the library's messages about them are ever shown.
"""

import asyncio
import logging
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from structlog.typing import FilteringBoundLogger

from controller.edges.secrets import reveal
from controller.errors import Denied, Usage
from controller.model.manifest import FromEnv, FromFile
from controller.model.notice import Notice

if TYPE_CHECKING:  # 190 services: loaded only if one is named
    from apprise import NotifyBase

VARIABLE = "GUPSHUPCTL_NOTIFY_URLS"
DEADLINE = 30.0
"""Seconds that one try may take."""

PAUSES = (5.0, 60.0)
"""Seconds before the second try, and before the third and last."""

MOST = 100
"""Notices that wait for one service at most. Beyond them, the oldest are dropped."""


@dataclass(frozen=True, slots=True)
class Service:
    """A receiver of notices. *name* identifies the service without its secrets."""

    name: str
    deliver: Callable[[Notice], bool]


def services(file: str | None, environ: Mapping[str, str]) -> tuple[Service, ...]:
    """Return the services whose URLs are in *file*, else in GUPSHUPCTL_NOTIFY_URLS or its `_FILE` twin.

    Each line holds one URL; empty lines and those that begin with # do not count. If none of the three is
    set, there are no services. Raises Usage, which names the line and never the URL.
    """
    if not file and not environ.get(VARIABLE) and not environ.get(f"{VARIABLE}_FILE"):
        return ()
    try:
        text = reveal(FromFile(file) if file else FromEnv(VARIABLE), environ).reveal()
    except Denied as error:
        raise Usage(f"notifications: {error}") from error
    lines = enumerate((line.strip() for line in text.splitlines()), 1)
    return tuple(_service(line, number) for number, line in lines if line and not line.startswith("#"))


def _service(url: str, line: int) -> Service:
    from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType  # noqa: PLC0415  (see above)

    _hush()
    asset = AppriseAsset(
        app_id="gupshup-controller",
        app_desc="Gupshup Controller",
        async_mode=False,
        storage_mode="memory",
        http_redirects=False,
        allow_templates=False,
        language="en",
    )
    with warnings.catch_warnings():  # about modules that Python will drop; the library works without them
        warnings.simplefilter("ignore")
        plugin: NotifyBase | None = Apprise.instantiate(url, asset=asset)
    if plugin is None:
        raise Usage(
            f"notifications: line {line} is no URL of a notification service, or lacks a part of it; "
            "docs/notifications.md has examples"
        )
    kinds = {True: NotifyType.SUCCESS, False: NotifyType.WARNING}

    def deliver(notice: Notice) -> bool:
        delivered = plugin.notify(
            body=notice.body,
            title=notice.title,
            notify_type=kinds[notice.good],
            body_format=NotifyFormat.TEXT,
        )
        return bool(delivered)

    return Service(f"{plugin.service_name} (line {line})", deliver)


def _hush() -> None:
    """Silence the library and the HTTP client beneath it: both would log URLs."""
    for name in ("apprise", "urllib3", "requests"):
        logging.getLogger(name).disabled = True
    logging.getLogger("urllib3.connectionpool").disabled = True


class Notifier:
    """Delivers notices to *services*, in the running loop.

    *on_result* is called with `sent`, `failed` or `dropped`.
    """

    def __init__(
        self,
        services: Sequence[Service],
        log: FilteringBoundLogger,
        *,
        on_result: Callable[[str], None],
        deadline: float = DEADLINE,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        self._senders = [
            _Sender(service, log.bind(service=service.name), on_result, deadline, pauses)
            for service in services
        ]
        self._tasks = [asyncio.create_task(sender.run()) for sender in self._senders]

    def notify(self, notice: Notice) -> None:
        """Queue *notice* for every service, and return at once."""
        for sender in self._senders:
            sender.put(notice)

    async def close(self, seconds: float) -> None:
        """Send the notices that are left, for *seconds* at most. Notices not sent by then are dropped."""
        for sender in self._senders:
            sender.end()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=seconds)
            for task in late:
                task.cancel()


@dataclass(slots=True)
class _Sender:
    """One service's queue, and its one delivery that is under way."""

    service: Service
    log: FilteringBoundLogger
    on_result: Callable[[str], None]
    deadline: float
    pauses: Sequence[float]
    waiting: asyncio.Queue[Notice | None] = field(default_factory=partial(asyncio.Queue, MOST))
    ending: asyncio.Event = field(default_factory=asyncio.Event)
    delivery: asyncio.Future[bool] | None = None

    def put(self, notice: Notice | None) -> None:
        if self.waiting.full():
            self.waiting.get_nowait()
            self.on_result("dropped")
        self.waiting.put_nowait(notice)

    def end(self) -> None:
        self.ending.set()
        self.put(None)

    async def run(self) -> None:
        while (notice := await self.waiting.get()) is not None:
            sent = await self._sent(notice)
            self.on_result("sent" if sent else "failed")
            if not sent:
                self.log.warning("notification not sent", title=notice.title)

    async def _sent(self, notice: Notice) -> bool:
        """Return whether *notice* was delivered. Tries at once and after each pause, but not past `end`."""
        for pause in self.pauses:
            if await self._tried(notice):
                return True
            with suppress(TimeoutError):
                await asyncio.wait_for(self.ending.wait(), pause)
                return False
        return await self._tried(notice)

    async def _tried(self, notice: Notice) -> bool:
        """Try once. A service that never answers blocks one thread, and never a second one."""
        if self.delivery is not None:
            await asyncio.wait({self.delivery}, timeout=self.deadline)
            if not self.delivery.done():
                return False
        self.delivery = _in_daemon_thread(partial(self._deliver, notice))
        ended, _ = await asyncio.wait({self.delivery}, timeout=self.deadline)
        return bool(ended) and self.delivery.result()

    def _deliver(self, notice: Notice) -> bool:
        try:
            return self.service.deliver(notice)
        except Exception as error:  # noqa: BLE001  (a plugin of the library may raise anything; its words may hold the URL)
            self.log.warning("notification service raised", kind=type(error).__name__)
            return False


def _in_daemon_thread(work: Callable[[], bool]) -> asyncio.Future[bool]:
    """Run *work* beside the loop. `asyncio.to_thread` would keep the process from ending while it hangs."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[bool] = loop.create_future()

    def run() -> None:
        result = work()
        with suppress(RuntimeError):  # the loop has ended, so no task waits for the result
            loop.call_soon_threadsafe(future.set_result, result)

    threading.Thread(target=run, name="notify", daemon=True).start()
    return future
