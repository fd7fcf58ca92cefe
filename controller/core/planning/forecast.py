"""Forecast of a plan: its calls by budget, and the seconds that the budgets alone make them last."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from controller.core.planning.actions import item_of
from controller.core.planning.waits import WAITS, EndedBy
from controller.core.ratelimit import window
from controller.model.manifest import Bucket, Limit
from controller.model.plan import Action, Kind, Link, Plan, SetCallback


@dataclass(frozen=True, slots=True)
class Forecast:
    calls: Mapping[Bucket, int]
    seconds: float


PER_APP = (Bucket.TOKEN, Bucket.SUBSCRIPTION)


def forecast(plan: Plan) -> Forecast:
    """Count the calls of *plan* and of what waits for an app to come live, from budgets that are full.

    Provisioning is not counted: only Gupshup knows its duration.
    """
    wide: Counter[Bucket] = Counter()
    per_app: dict[str, Counter[Bucket]] = defaultdict(Counter)
    for action in plan.actions:
        _count(action, wide, per_app[item_of(action).app])
    for waiting in plan.waiting:
        if waiting.item.kind is Kind.SUBSCRIPTION and WAITS[waiting.wait_for].ended_by is EndedBy.GUPSHUP:
            wide[Bucket.OTHER] += 1
            per_app[waiting.item.app].update({Bucket.SUBSCRIPTION: 2})
    for each in per_app.values():
        each[Bucket.TOKEN] = int(each.total() > 0)
    calls = sum(per_app.values(), wide)
    shared = sum(calls[bucket] for bucket in (Bucket.OTHER, *PER_APP))
    budgets = [pair for each in (wide, *per_app.values()) for pair in each.items()]
    waits = (
        _seconds(plan.partner.limits[bucket], count) for bucket, count in (*budgets, (Bucket.OTHER, shared))
    )
    return Forecast({bucket: calls[bucket] for bucket in sorted(calls) if calls[bucket]}, max(waits))


def total(forecasts: Iterable[Forecast]) -> Forecast:
    """Add up forecasts of partners, which share no budget: calls are summed, the longest time counts."""
    calls: Counter[Bucket] = Counter()
    seconds = 0.0
    for each in forecasts:
        calls.update(each.calls)
        seconds = max(seconds, each.seconds)
    return Forecast(dict(sorted(calls.items())), seconds)


def _count(action: Action, wide: Counter[Bucket], of_app: Counter[Bucket]) -> None:
    match action:
        case Link():
            wide.update({Bucket.LINK: 1, Bucket.LIST: 1})
        case SetCallback():
            wide[Bucket.CALLBACK] += 1
            of_app[Bucket.TOKEN] = 1
        case _:
            of_app[Bucket.SUBSCRIPTION] += 1


def _seconds(limit: Limit, count: int) -> float:
    return max(0, math.ceil(count / limit.calls) - 1) * window(limit)
