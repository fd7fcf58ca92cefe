"""Rate limits: the moment of the next call, from the log of calls and the limits. No function here waits.

A call reaches Gupshup at an unknown moment between its start and its end. So a call counts from its start
until a whole window after its end, and no window at Gupshup can hold more than the limit.
"""

from collections.abc import Mapping, Sequence

from controller.model.manifest import LIMITS, AppId, Bucket, Limit
from controller.model.ratelimit import DEADLINE, LONGEST_COOL_DOWN, Budget, CallSpan

SLOW_LIST = Limit(10, 60)
"""The limit of `list` from the first 429 on: Gupshup's pages leave open which of two figures is meant."""

_PER_APP = frozenset({Bucket.TOKEN, Bucket.SUBSCRIPTION})
_LONG, _LONG_MARGIN = 10.0, 2.0
_SHORT_MARGIN = 0.2


def window(limit: Limit) -> float:
    """Return the seconds for which a call counts: the published window and a margin (60 s as 62, 1 as 1.2).

    The margin covers what differs between our clock and Gupshup's while a window passes.
    """
    return limit.seconds + (_LONG_MARGIN if limit.seconds >= _LONG else _SHORT_MARGIN)


def budgets(
    bucket: Bucket,
    app_id: AppId | None,
    *,
    limits: Mapping[Bucket, Limit] = LIMITS,
    slow_list: bool = False,
) -> tuple[Budget, ...]:
    """Return every budget that a call counts in, its own first.

    "Everything else: 10 a second" does not define the rest, so every call but a sign-in counts in it. Raises
    ValueError for a per-app budget without an app.
    """
    own = Budget(_key(bucket, app_id), _limit(bucket, limits, slow_list=slow_list))
    if bucket in {Bucket.OTHER, Bucket.LOGIN, Bucket.MINT}:
        return (own,)
    return (own, Budget(Bucket.OTHER.value, _limit(Bucket.OTHER, limits, slow_list=False)))


def _key(bucket: Bucket, app_id: AppId | None) -> str:
    if bucket not in _PER_APP:
        return bucket.value
    if not app_id:
        raise ValueError(f"a call counted as {bucket} needs its app: Gupshup counts it per app")
    return f"{bucket.value}:{app_id}"


def _limit(bucket: Bucket, limits: Mapping[Bucket, Limit], *, slow_list: bool) -> Limit:
    limit = limits.get(bucket, LIMITS[bucket])
    slow = bucket is Bucket.LIST and slow_list
    return min(limit, SLOW_LIST, key=_rate) if slow else limit


def _rate(limit: Limit) -> float:
    return limit.calls / limit.seconds


def earliest(spans: Sequence[CallSpan], now: float, limit: Limit, rest_until: float) -> float:
    """Return the earliest moment (epoch seconds) at which another call may go: *now* if it may go at once.

    Calls still going on are taken to end now, so a later moment is one to ask again at, no promise. A call
    whose end never came counts as going on until its deadline: a crashed process cannot break a limit.
    """
    seconds = window(limit)
    counted = _counted(spans, now, limit)
    if len(counted) < limit.calls:
        return max(now, rest_until)
    free = sorted((min(_last(call), _soonest(call, now)) + seconds for call in counted), reverse=True)
    return max(free[limit.calls - 1], rest_until)


def in_window(spans: Sequence[CallSpan], now: float, limit: Limit) -> int:
    """Return how many calls count at *now*."""
    return len(_counted(spans, now, limit))


def _counted(spans: Sequence[CallSpan], now: float, limit: Limit) -> list[CallSpan]:
    return [call for call in spans if _last(call) + window(limit) > now]


def _last(call: CallSpan) -> float:
    """Return the last moment at which the call can have reached Gupshup."""
    return call.start + DEADLINE if call.end is None else call.end


def _soonest(call: CallSpan, now: float) -> float:
    return now if call.end is None else call.end


def cool_down(limit: Limit, retry_after: float | None) -> float:
    """Return for how many seconds a budget rests after a 429: a whole window, or longer if Gupshup asks.

    What Gupshup asks for counts up to 15 minutes.
    """
    asked = min(retry_after or 0.0, LONGEST_COOL_DOWN)
    return max(window(limit), asked)
