"""Rate limits in sliding windows, with the most calls that each window had (docs, Rate limits)."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

_MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class CallLimit:
    """At most *calls* in any *window* of seconds, counted per app or per partner."""

    calls: int
    window: float
    per_app: bool = False

    def times(self, factor: float) -> "CallLimit":
        """Return a limit of *factor* times as many calls."""
        return replace(self, calls=int(self.calls * factor))


LIMITS: Mapping[str, CallLimit] = MappingProxyType(
    {
        "login": CallLimit(10, 60),
        "link": CallLimit(10, 60),
        "create": CallLimit(10, 60),
        "list": CallLimit(10, 60),
        "token": CallLimit(10, 60, per_app=True),
        "health": CallLimit(10, 60, per_app=True),
        "waba": CallLimit(10, 60, per_app=True),
        "subscription": CallLimit(5, 60, per_app=True),
        "delete": CallLimit(20, 60),
        "callbackUrl": CallLimit(10, 60),
        "callbackMode": CallLimit(10, 60),
        "pipeline": CallLimit(10, 1),
        "mintPartner": CallLimit(3, 60),
        "partnerTokens": CallLimit(30, 60),
        "revokePartner": CallLimit(30, 60),
        "mintApp": CallLimit(10, 60),
        "revokeApp": CallLimit(10, 60),
        "tokens": CallLimit(30, 60),
        "other": CallLimit(10, 1),
    }
)


@dataclass(frozen=True, slots=True)
class LimitBucket:
    """One bucket: the name of its limit, its owner, and the limit itself."""

    name: str
    owner: str
    limit: CallLimit


@dataclass(frozen=True, slots=True)
class WorstWindow:
    """The most calls that any window of one bucket had, refused ones included."""

    bucket: str
    owner: str
    calls: int
    limit: CallLimit
    refused: int

    @property
    def exceeded(self) -> bool:
        """Return whether there were more calls than the limit allows."""
        return self.calls > self.limit.calls


@dataclass(slots=True)
class _Window:
    limit: CallLimit
    seen: deque[float] = field(default_factory=lambda: deque(maxlen=_MOST_REMEMBERED))
    counted: deque[float] = field(default_factory=deque)
    refuses_until: float = float("-inf")
    worst: int = 0
    refused: int = 0


@dataclass(slots=True)
class Windows:
    """The windows of all buckets. A call counts in each of its buckets; a full one refuses the call."""

    cooldown: bool = True
    _windows: dict[tuple[str, str], _Window] = field(default_factory=dict)

    def admit(self, buckets: Iterable[LimitBucket], now: float) -> LimitBucket | None:
        """Count one call at *now*. Return the bucket that refuses the call, None if none does."""
        full: LimitBucket | None = None
        windows = [(bucket, self._window(bucket)) for bucket in buckets]
        for bucket, window in windows:
            if not self._has_room(window, now):
                window.refused += 1
                full = full or bucket
        if full is None:
            for _, window in windows:
                window.counted.append(now)
        return full

    def _window(self, bucket: LimitBucket) -> _Window:
        return self._windows.setdefault((bucket.name, bucket.owner), _Window(bucket.limit))

    def _has_room(self, window: _Window, now: float) -> bool:
        window.seen.append(now)
        for times in (window.seen, window.counted):
            while times and times[0] <= now - window.limit.window:
                times.popleft()
        window.worst = max(window.worst, len(window.seen))
        if now < window.refuses_until:
            return False
        if len(window.counted) < window.limit.calls:
            return True
        if self.cooldown:
            window.refuses_until = now + window.limit.window
        return False

    def worst(self) -> list[WorstWindow]:
        """Return every bucket that was ever used, the fullest first, in proportion to its limit."""
        worst = [
            WorstWindow(bucket, owner, window.worst, window.limit, window.refused)
            for (bucket, owner), window in self._windows.items()
        ]
        return sorted(worst, key=lambda row: (-row.calls / row.limit.calls, row.bucket, row.owner))
