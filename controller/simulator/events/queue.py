"""The queue of events: each delivery with its address and time, and a record of the attempts.

The queue opens no connection: `take` returns the deliveries that are due, and `report` records the outcome.
"""

import ipaddress
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from itertools import count
from urllib.parse import urlsplit

_MOST_REMEMBERED = 1_000
_MOST_WAITING = 10_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one address. ``due`` is a second of the clock, ``attempt`` counts from 1."""

    url: str
    body: bytes
    due: float
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """One attempt to post an event. The outcome is an HTTP status, or the reason why there is none."""

    at: float
    url: str
    attempt: int
    outcome: str
    body: bytes


def loopback(url: str) -> bool:
    """Return whether *url* names this machine, without a DNS query."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


@dataclass(slots=True)
class EventQueue:
    """The deliveries that are still to be made, and the record of the last attempts."""

    allowed: Callable[[str], bool]
    attempts: int
    record: deque[DeliveryAttempt] = field(default_factory=lambda: deque(maxlen=_MOST_REMEMBERED))
    _queue: list[tuple[float, int, Delivery]] = field(default_factory=list)
    _serial: "count[int]" = field(default_factory=count)

    def put(self, delivery: Delivery) -> None:
        """Queue *delivery*. If its address is not allowed, only record it."""
        if not self.allowed(delivery.url):
            self._record(delivery, delivery.due, "recorded only: not a loopback address")
        elif len(self._queue) >= _MOST_WAITING:
            self._record(delivery, delivery.due, "dropped: too many wait already")
        else:
            heappush(self._queue, (delivery.due, next(self._serial), delivery))

    def take(self, now: float) -> list[Delivery]:
        """Return the deliveries that are due at *now*. The caller reports on each of them."""
        due = []
        while self._queue and self._queue[0][0] <= now:
            due.append(heappop(self._queue)[2])
        return due

    def report(self, delivery: Delivery, now: float, outcome: int | str) -> None:
        """Record the *outcome*, an HTTP status or words. Unless it was 2xx, queue another attempt."""
        self._record(delivery, now, str(outcome))
        done = isinstance(outcome, int) and 200 <= outcome < 300  # noqa: PLR2004 - HTTP success
        if not done and delivery.attempt < self.attempts:
            later = now + 2.0**delivery.attempt
            self.put(replace(delivery, due=later, attempt=delivery.attempt + 1))

    def _record(self, delivery: Delivery, now: float, outcome: str) -> None:
        self.record.append(DeliveryAttempt(now, delivery.url, delivery.attempt, outcome, delivery.body))


def as_json(event: object) -> bytes:
    """Return *event* as the bytes that are posted."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def meta_headers(meta: str) -> tuple[tuple[str, str], ...]:
    """Return the headers in a subscription's ``meta``, which are its fields, or those of its ``headers``."""
    try:
        headers = json.loads(meta) if meta else {}
    except ValueError:
        return ()
    if isinstance(headers, dict) and isinstance(headers.get("headers"), dict):
        headers = headers["headers"]
    if not isinstance(headers, dict):
        return ()
    pairs = ((str(name), str(value)) for name, value in headers.items())
    return tuple(pair for pair in pairs if all(part.isprintable() and part.isascii() for part in pair))
