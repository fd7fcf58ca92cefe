"""What is worth telling now: troubles come in, grouped by partner and reason, and few notifications go out.

An outage is one telling and not four hundred; one that lasts is told again ever more rarely; when it is over,
that is told as well. What comes and goes is told more and more slowly.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeAlias

from controller.core.alerts.detect import Alert, AlertKind

RESOLVE_AFTER = 120.0
"""Seconds without a trouble before it counts as over."""

MORE_AFTER = 900.0
"""Seconds after a telling before further subjects of the same trouble are told."""

REMIND_AFTER = 3_600.0
"""Seconds to the first reminder; each next one takes twice as long as the one before, up to a day."""

LONGEST = 86_400.0

FORGOTTEN = 3_600.0
"""Seconds after its end in which a trouble that comes back is the same one, and needs twice the patience."""

MOST_DOUBLINGS = 4

Key: TypeAlias = tuple[AlertKind, str, str]
"""What makes troubles one: what they are about, the partner, the reason."""


class Phase(StrEnum):
    FIRING = "firing"
    WIDENED = "widened"
    REMINDER = "reminder"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class AlertGroup:
    """Troubles that are one. *subjects* are in trouble now, *known* were told of.

    Moments are epoch seconds: *since* when it began, *seen* when we first saw it, *told* when it was last
    told, *calm* since when nothing is wrong, *over* when its end was found. *episodes* counts its returns.
    """

    key: Key
    since: float
    seen: float
    patience: float
    message: str = ""
    subjects: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()
    told: float | None = None
    reminders: int = 0
    calm: float | None = None
    over: float | None = None
    episodes: int = 0


AlertGroups: TypeAlias = Mapping[Key, AlertGroup]


@dataclass(frozen=True, slots=True)
class Notification:
    """*subjects* are those that it is about."""

    what: Phase
    group: AlertGroup
    subjects: frozenset[str]


@dataclass(frozen=True, slots=True)
class AlertUpdate:
    groups: AlertGroups = field(default_factory=dict)
    notifications: tuple[Notification, ...] = ()


def update_groups(groups: AlertGroups, troubles: Iterable[Alert], now: float, *, began: float) -> AlertUpdate:
    """Return what to tell, and the groups to hand in the next time.

    A trouble that is older than *began*, when this process did, was told by the one before it: it is only
    reminded of, and its end is told.
    """
    found: dict[Key, list[Alert]] = defaultdict(list)
    for trouble in troubles:
        found[trouble.topic, trouble.partner, trouble.reason].append(trouble)
    order = list(AlertKind)
    keys = sorted({*groups, *found}, key=lambda key: (order.index(key[0]), key))
    seen = (_seen(key, groups.get(key), found.get(key, []), now, began) for key in keys)
    told = [_told(group, now) for group in seen]
    kept = {group.key: group for group, _ in told if not _forgotten(group, now)}
    return AlertUpdate(kept, tuple(telling for _, telling in told if telling is not None))


def _seen(key: Key, group: AlertGroup | None, troubles: list[Alert], now: float, began: float) -> AlertGroup:
    if group is None or (troubles and group.over is not None):
        return _begun(key, group, troubles, now, began)
    if not troubles:
        return replace(group, subjects=frozenset(), calm=now if group.calm is None else group.calm)
    return replace(group, subjects=_subjects(troubles), message=troubles[0].message, calm=None)


def _begun(
    key: Key, before: AlertGroup | None, troubles: list[Alert], now: float, began: float
) -> AlertGroup:
    subjects = _subjects(troubles)
    old = frozenset(each.subject for each in troubles if each.since is not None and each.since < began)
    episodes = 0 if before is None else before.episodes + 1
    return AlertGroup(
        key,
        since=min(now if each.since is None else each.since for each in troubles),
        seen=now,
        patience=min(each.patience for each in troubles) * 2 ** min(episodes, MOST_DOUBLINGS),
        message=troubles[0].message,
        subjects=subjects,
        known=old,
        told=now if old else None,
        episodes=episodes,
    )


def _subjects(troubles: list[Alert]) -> frozenset[str]:
    return frozenset(each.subject for each in troubles)


def _told(group: AlertGroup, now: float) -> tuple[AlertGroup, Notification | None]:
    """Tell what is due of *group*, and return it as it is after that."""
    if group.over is not None:
        return group, None
    if not group.subjects:
        return _calmed(group, now)
    if group.told is None:
        return _tell(group, Phase.FIRING, now) if now - group.seen >= group.patience else (group, None)
    if group.subjects - group.known and now - group.told >= MORE_AFTER:
        return _tell(group, Phase.WIDENED, now)
    if now - group.told >= min(REMIND_AFTER * 2**group.reminders, LONGEST):
        return _tell(replace(group, reminders=group.reminders + 1), Phase.REMINDER, now)
    return group, None


def _tell(group: AlertGroup, what: Phase, now: float) -> tuple[AlertGroup, Notification]:
    subjects = group.subjects - group.known if what is Phase.WIDENED else group.subjects
    after = replace(group, told=now, known=group.known | group.subjects)
    return after, Notification(what, after, subjects)


def _calmed(group: AlertGroup, now: float) -> tuple[AlertGroup, Notification | None]:
    if group.told is None:
        return replace(group, over=now), None
    if group.calm is None or now - group.calm < RESOLVE_AFTER:
        return group, None
    return replace(group, over=now), Notification(Phase.RESOLVED, group, group.known)


def _forgotten(group: AlertGroup, now: float) -> bool:
    return group.over is not None and now - group.over >= FORGOTTEN
