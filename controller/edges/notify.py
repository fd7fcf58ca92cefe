"""Notifications: a notice goes in and never waits; threads carry it to each service, or give up and say so.

The URLs of services hold secrets. They stand in a file or in the environment, never on a command line, and
neither they nor what the library says about them is told to anybody.
"""

import logging
import queue
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from structlog.typing import FilteringBoundLogger

from controller.edges.secrets import reveal
from controller.errors import Denied, Usage
from controller.model.manifest import FromEnv, FromFile
from controller.model.notice import Notice

if TYPE_CHECKING:  # 190 services: loaded where one is named only
    from apprise import NotifyBase

VARIABLE = "GUPSHUPCTL_NOTIFY_URLS"
DEADLINE = 30.0
"""Seconds that one try may take."""

PAUSES = (5.0, 60.0)
"""Seconds before the second try, and before the third and last."""

MOST = 100
"""Notices that wait for one service; past that, the oldest are dropped."""


@dataclass(frozen=True, slots=True)
class Service:
    """Where notices go. *name* tells which one without its secrets."""

    name: str
    deliver: Callable[[Notice], bool]


def services(file: str | None, environ: Mapping[str, str]) -> tuple[Service, ...]:
    """Return the services whose URLs stand in *file*, else in GUPSHUPCTL_NOTIFY_URLS or its `_FILE` twin.

    One a line; empty lines and those that begin with # do not count. None of these: no services. Raises
    Usage, which names the line and never the URL.
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
    with warnings.catch_warnings():  # of modules that the interpreter is going to drop; the library copes
        warnings.simplefilter("ignore")
        found: NotifyBase | None = Apprise.instantiate(url, asset=asset)
    if found is None:
        raise Usage(
            f"notifications: line {line} is no URL of a notification service, or lacks a part of it; "
            "docs/notifications.md has examples"
        )
    kinds = {True: NotifyType.SUCCESS, False: NotifyType.WARNING}

    def deliver(notice: Notice) -> bool:
        said = found.notify(
            body=notice.body,
            title=notice.title,
            notify_type=kinds[notice.good],
            body_format=NotifyFormat.TEXT,
        )
        return bool(said)

    return Service(f"{found.service_name} (line {line})", deliver)


def _hush() -> None:
    """Silence the library and the HTTP client beneath it: both would log URLs."""
    for name in ("apprise", "urllib3", "requests"):
        logging.getLogger(name).disabled = True
    logging.getLogger("urllib3.connectionpool").disabled = True


class Notifier:
    """Carries notices to *services*. *told* hears `sent`, `failed` or `dropped`, from any thread."""

    def __init__(
        self,
        services: Sequence[Service],
        log: FilteringBoundLogger,
        *,
        told: Callable[[str], None],
        deadline: float = DEADLINE,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        self._carriers = [
            _Carrier(each, log.bind(service=each.name), told, deadline, pauses) for each in services
        ]

    def tell(self, notice: Notice) -> None:
        """Take *notice* to be sent, and return at once."""
        for carrier in self._carriers:
            carrier.take(notice)

    def close(self, seconds: float) -> None:
        """Send what is left, for *seconds* at most; what is not sent by then is dropped."""
        for carrier in self._carriers:
            carrier.end()
        for carrier in self._carriers:
            carrier.join(seconds / len(self._carriers))


class _Carrier:
    """One service's queue, and the thread that works on it."""

    def __init__(
        self,
        service: Service,
        log: FilteringBoundLogger,
        told: Callable[[str], None],
        deadline: float,
        pauses: Sequence[float],
    ) -> None:
        self._service = service
        self._log = log
        self._told = told
        self._deadline = deadline
        self._pauses = pauses
        self._waiting: queue.Queue[Notice | None] = queue.Queue(MOST)
        self._ending = threading.Event()
        self._try: threading.Thread | None = None
        self._thread = threading.Thread(target=self._run, name="notify", daemon=True)
        self._thread.start()

    def take(self, notice: Notice | None) -> None:
        while True:
            try:
                self._waiting.put_nowait(notice)
            except queue.Full:
                with suppress(queue.Empty):
                    self._waiting.get_nowait()
                    self._told("dropped")
            else:
                return

    def end(self) -> None:
        self._ending.set()
        self.take(None)

    def join(self, seconds: float) -> None:
        self._thread.join(seconds)

    def _run(self) -> None:
        while (notice := self._waiting.get()) is not None:
            self._carry(notice)

    def _carry(self, notice: Notice) -> None:
        for pause in (0.0, *self._pauses):
            if pause and self._ending.wait(pause):
                break
            if self._tried(notice):
                self._told("sent")
                return
        self._told("failed")
        self._log.warning("notification not sent", title=notice.title)

    def _tried(self, notice: Notice) -> bool:
        """Try once. A service that never ends keeps one thread, and no more than one."""
        if self._try is not None:
            self._try.join(self._deadline)
            if self._try.is_alive():
                return False
        said: list[bool] = []
        self._try = threading.Thread(target=self._deliver, args=(notice, said), name="notify", daemon=True)
        self._try.start()
        self._try.join(self._deadline)
        return said == [True]

    def _deliver(self, notice: Notice, said: list[bool]) -> None:
        try:
            said.append(self._service.deliver(notice))
        except Exception as error:  # noqa: BLE001  (a plugin of the library may raise anything; its words may hold the URL)
            self._log.warning("notification service raised", kind=type(error).__name__)
