"""Groups of alerts by partner and reason, and the few notifications that follow from them.

An outage is one notification and not four hundred. Reminders of a lasting one become ever rarer. Its end is
notified as well. Alerts that come and go are notified more and more slowly.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeAlias

from controller.core.alerts.detect import Alert, AlertKind
from controller.model.plan import Item, Kind

RESOLVE_AFTER = 120.0
"""Seconds without an alert before its group counts as resolved."""

MORE_AFTER = 900.0
"""Seconds after a notification before further subjects of the same group are notified."""

REMIND_AFTER = 3_600.0
"""Seconds to the first reminder. Each next one takes twice as long as the one before, up to a day."""

LONGEST = 86_400.0

FORGOTTEN = 3_600.0
"""Seconds after its end in which a returning alert is the same one, and needs twice the patience."""

MOST_DOUBLINGS = 4

Key: TypeAlias = tuple[AlertKind, str, str]
"""The identity of a group: the kind of its alerts, the partner, the reason."""


class Phase(StrEnum):
    FIRING = "firing"
    WIDENED = "widened"
    REMINDER = "reminder"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class AlertGroup:
    """Alerts of one key. *subjects* have an alert now, *known* were in a notification.

    Moments are epoch seconds: *since* when the first alert began, *seen* when this process first saw one,
    *told* when the last notification was sent, *calm* since when no alert is left, *over* when the end was
    found. *episodes* counts the returns.
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
    """*subjects* are those that the notification is about."""

    what: Phase
    group: AlertGroup
    subjects: frozenset[str]


@dataclass(frozen=True, slots=True)
class AlertUpdate:
    groups: AlertGroups = field(default_factory=dict)
    notifications: tuple[Notification, ...] = ()


def update_groups(groups: AlertGroups, alerts: Iterable[Alert], now: float, *, began: float) -> AlertUpdate:
    """Return the notifications that are due, and the groups to hand in the next time.

    *began* is when this process started. The process before it has notified alerts that are older. For those
    only reminders and the end are notified.
    """
    by_key: dict[Key, list[Alert]] = defaultdict(list)
    for alert in alerts:
        by_key[alert.topic, alert.partner, alert.reason].append(alert)
    order = list(AlertKind)
    keys = sorted({*groups, *by_key}, key=lambda key: (order.index(key[0]), key))
    updated = (_updated(key, groups.get(key), by_key.get(key, []), now, began) for key in keys)
    notified = [_due(group, now) for group in updated]
    kept = {group.key: group for group, _ in notified if not _forgotten(group, now)}
    return AlertUpdate(kept, tuple(notification for _, notification in notified if notification is not None))


def under_new_names(groups: AlertGroups, renamed: Mapping[Item, Item]) -> AlertGroups:
    """Return *groups* with the apps of *renamed* under their present names: the same alert is no new one."""
    names = {(was.partner, was.name): now.name for was, now in renamed.items() if was.kind is Kind.APP}
    return {
        key: replace(
            group,
            subjects=frozenset(names.get((key[1], each), each) for each in group.subjects),
            known=frozenset(names.get((key[1], each), each) for each in group.known),
        )
        for key, group in groups.items()
    }


def _updated(key: Key, group: AlertGroup | None, alerts: list[Alert], now: float, began: float) -> AlertGroup:
    if group is None or (alerts and group.over is not None):
        return _started(key, group, alerts, now, began)
    if not alerts:
        return replace(group, subjects=frozenset(), calm=now if group.calm is None else group.calm)
    return replace(group, subjects=_subjects(alerts), message=alerts[0].message, calm=None)


def _started(
    key: Key, before: AlertGroup | None, alerts: list[Alert], now: float, began: float
) -> AlertGroup:
    subjects = _subjects(alerts)
    old = frozenset(each.subject for each in alerts if each.since is not None and each.since < began)
    episodes = 0 if before is None else before.episodes + 1
    return AlertGroup(
        key,
        since=min(now if each.since is None else each.since for each in alerts),
        seen=now,
        patience=min(each.patience for each in alerts) * 2 ** min(episodes, MOST_DOUBLINGS),
        message=alerts[0].message,
        subjects=subjects,
        known=old,
        told=now if old else None,
        episodes=episodes,
    )


def _subjects(alerts: list[Alert]) -> frozenset[str]:
    return frozenset(each.subject for each in alerts)


def _due(group: AlertGroup, now: float) -> tuple[AlertGroup, Notification | None]:
    """Return *group* after the notification that is due, and that notification (None without one)."""
    if group.over is not None:
        return group, None
    if not group.subjects:
        return _resolved(group, now)
    if group.told is None:
        return _notify(group, Phase.FIRING, now) if now - group.seen >= group.patience else (group, None)
    if group.subjects - group.known and now - group.told >= MORE_AFTER:
        return _notify(group, Phase.WIDENED, now)
    if now - group.told >= min(REMIND_AFTER * 2**group.reminders, LONGEST):
        return _notify(replace(group, reminders=group.reminders + 1), Phase.REMINDER, now)
    return group, None


def _notify(group: AlertGroup, phase: Phase, now: float) -> tuple[AlertGroup, Notification]:
    subjects = group.subjects - group.known if phase is Phase.WIDENED else group.subjects
    after = replace(group, told=now, known=group.known | group.subjects)
    return after, Notification(phase, after, subjects)


def _resolved(group: AlertGroup, now: float) -> tuple[AlertGroup, Notification | None]:
    if group.told is None:
        return replace(group, over=now), None
    if group.calm is None or now - group.calm < RESOLVE_AFTER:
        return group, None
    return replace(group, over=now), Notification(Phase.RESOLVED, group, group.known)


def _forgotten(group: AlertGroup, now: float) -> bool:
    return group.over is not None and now - group.over >= FORGOTTEN
