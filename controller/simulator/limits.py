"""Rate limits in sliding windows, with a memory of how close anyone came to each (docs, Rate limits)."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

_MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Limit:
    """At most *calls* in any *window* of seconds; counted per app or per partner."""

    calls: int
    window: float
    per_app: bool = False


LIMITS: Mapping[str, Limit] = MappingProxyType(
    {
        "login": Limit(10, 60),
        "link": Limit(10, 60),
        "create": Limit(10, 60),
        "list": Limit(10, 60),
        "token": Limit(10, 60, per_app=True),
        "health": Limit(10, 60, per_app=True),
        "subscription": Limit(5, 60, per_app=True),
        "delete": Limit(20, 60),
        "callbackUrl": Limit(10, 60),
        "callbackMode": Limit(10, 60),
        "pipeline": Limit(10, 1),
        "mintPartner": Limit(3, 60),
        "mintApp": Limit(10, 60),
        "revokeApp": Limit(10, 60),
        "tokens": Limit(30, 60),
        "other": Limit(10, 1),
    }
)


@dataclass(frozen=True, slots=True)
class Place:
    """One bucket: the name of its limit, whose it is, and the limit itself."""

    bucket: str
    owner: str
    limit: Limit


@dataclass(frozen=True, slots=True)
class Worst:
    """The most calls that any window of one bucket saw, refused ones included."""

    bucket: str
    owner: str
    calls: int
    limit: Limit
    refused: int

    @property
    def exceeded(self) -> bool:
        """Whether more calls came than are allowed."""
        return self.calls > self.limit.calls


@dataclass(slots=True)
class _Window:
    limit: Limit
    seen: deque[float] = field(default_factory=lambda: deque(maxlen=_MOST_REMEMBERED))
    counted: deque[float] = field(default_factory=deque)
    rest_until: float = float("-inf")
    worst: int = 0
    refused: int = 0


@dataclass(slots=True)
class Windows:
    """All buckets. A call counts in every bucket it is for, and is refused when one of them is full."""

    cooldown: bool = True
    _windows: dict[tuple[str, str], _Window] = field(default_factory=dict)

    def admit(self, places: Iterable[Place], now: float) -> Place | None:
        """Count one call at *now* and return the bucket that refuses it, if any does."""
        full: Place | None = None
        windows = [(place, self._window(place)) for place in places]
        for place, window in windows:
            if not self._room(window, now):
                window.refused += 1
                full = full or place
        if full is None:
            for _, window in windows:
                window.counted.append(now)
        return full

    def _window(self, place: Place) -> _Window:
        return self._windows.setdefault((place.bucket, place.owner), _Window(place.limit))

    def _room(self, window: _Window, now: float) -> bool:
        window.seen.append(now)
        for times in (window.seen, window.counted):
            while times and times[0] <= now - window.limit.window:
                times.popleft()
        window.worst = max(window.worst, len(window.seen))
        if now < window.rest_until:
            return False
        if len(window.counted) < window.limit.calls:
            return True
        if self.cooldown:
            window.rest_until = now + window.limit.window
        return False

    def worst(self) -> list[Worst]:
        """Return every bucket that was ever used, the fullest in proportion first."""
        found = [
            Worst(bucket, owner, window.worst, window.limit, window.refused)
            for (bucket, owner), window in self._windows.items()
        ]
        return sorted(found, key=lambda each: (-each.calls / each.limit.calls, each.bucket, each.owner))
