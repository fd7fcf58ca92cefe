"""How much may change before a person has to agree. It holds whole classes of change; it never edits one."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from enum import Enum, auto
from typing import TypeAlias, assert_never

from controller.core.planning.actions import item_of, verb_of
from controller.core.planning.digest import digest, of_callback, of_link, of_subscription
from controller.model.manifest import Ceiling, Count, Desired, Partner
from controller.model.passes import PassKind
from controller.model.plan import (
    Action,
    HeldChange,
    Item,
    Link,
    Plan,
    SetCallback,
    Subscribe,
    Unsubscribe,
    Update,
    Verb,
    WaitFor,
    Waiting,
)

Change: TypeAlias = tuple[Verb, Item]
"""One change, told apart from all others: what `--release` lets through is a set of these."""


def guard_for(plan: Plan, desired: Desired, released: frozenset[Change], breadth: PassKind) -> Plan:
    """Let through what may be done by a pass that saw so much; the rest is held, or waits."""
    match breadth:
        case PassKind.FULL:
            return guard(plan, desired, released)
        case PassKind.LIST:
            return guard(_patient(plan, desired, released), desired, released)
        case PassKind.APP:
            return _wait(plan, [a for a in plan.actions if _group(a) is not None], WaitFor.FULL_PASS, _ALONE)
        case _:
            assert_never(breadth)


LEAST_UPDATES = 3
"""Updates that a share lets through on the smallest fleet: one app with its webhooks."""

_ALONE = "decided by a pass that sees all apps"
_UNLOOKED = "not all apps were looked at yet, and with them it may be more than a guard allows"


class ChangeClass(Enum):
    """What is counted together and held together."""

    LINK = auto()
    UPDATE = auto()
    UNKNOWN = auto()
    UNSUBSCRIBE = auto()


def _patient(plan: Plan, desired: Desired, released: frozenset[Change]) -> Plan:
    """Let changes wait that are few only because not every app was looked at yet."""
    unlooked = {
        ChangeClass.UPDATE: float(sum(each.differing for each in plan.unlooked)),
        ChangeClass.UNKNOWN: float(sum(each.unknown for each in plan.unlooked)),
        ChangeClass.UNSUBSCRIBE: math.inf if plan.unlooked else 0.0,  # nobody knows how many there are
    }
    limits = _limits(plan.partner, desired)
    for group, more in unlooked.items():
        counted = _counted(plan.actions, group, released)
        if len(counted) <= limits[group][1] < len(counted) + more:
            plan = _wait(plan, counted, WaitFor.OBSERVATION, _UNLOOKED)
    return plan


def _wait(plan: Plan, actions: Collection[Action], on: WaitFor, why: str) -> Plan:
    waiting = tuple(Waiting(verb_of(action), item_of(action), on, None, why) for action in actions)
    stopped = {change(action) for action in actions}
    left = tuple(action for action in plan.actions if change(action) not in stopped)
    return replace(plan, actions=left, waiting=(*plan.waiting, *waiting))


def guard(plan: Plan, desired: Desired, released: frozenset[Change]) -> Plan:
    """Move each class of change that exceeds its ceiling from the actions to what is held.

    *desired* is everything that is declared, whatever scope the plan was narrowed to. Creating subscriptions
    and putting drift back do not count, and neither does what was released. What was never written from here
    is counted by itself: a store that is lost makes many of it at once, and an update is none of them.
    """
    held: list[HeldChange] = []
    for group, (name, limit) in _limits(plan.partner, desired).items():
        counted = _counted(plan.actions, group, released)
        if len(counted) > limit:
            what = " that were never written from here" if group is ChangeClass.UNKNOWN else ""
            message = f"{len(counted)} planned{what}, {limit} allowed"
            held.extend(HeldChange(action, name, message) for action in counted)
    stopped = {change(each.action) for each in held}
    return replace(plan, held=tuple(held), actions=tuple(a for a in plan.actions if change(a) not in stopped))


def allowed(ceiling: Ceiling, of: int, least: int = 1) -> int:
    """Return how many changes a ceiling lets through; a share always lets *least* through."""
    match ceiling:
        case Count(value):
            return value
        case _:
            return max(least, of * ceiling.percent // 100)


def change(action: Action) -> Change:
    return verb_of(action), item_of(action)


def held_digest(plan: Plan) -> str | None:
    """Return what a person names to release exactly what is held; None where nothing is.

    What was never written from here has a digest of its own, behind a comma where there are two.
    """
    return ",".join(_held(plan)) or None


def release(plan: Plan, names: Iterable[str]) -> frozenset[Change]:
    """Return the changes that *names* (digests) let through: all that is held under one, or nothing of it."""
    held, agreed = _held(plan), frozenset(names)
    return frozenset(change(each) for name, some in held.items() if name in agreed for each in some)


def _held(plan: Plan) -> Mapping[str, Sequence[Action]]:
    """Return what is held by its digest: consent to what is known is none to what nobody knows."""
    known = [each.action for each in plan.held if _group(each.action) is not ChangeClass.UNKNOWN]
    unknown = [each.action for each in plan.held if _group(each.action) is ChangeClass.UNKNOWN]
    return {
        digest([plan.partner.name, sorted(map(_fingerprint, some))]): some
        for some in (known, unknown)
        if some
    }


def _fingerprint(action: Action) -> list[str]:
    """Tell a change with what it would write, so that consent to it is none to another of the same thing."""
    return [*map(str, change(action)), _content(action)]


def _content(action: Action) -> str:
    match action:
        case Link(app):
            return of_link(app)
        case SetCallback(url=url):
            return of_callback(url)
        case Subscribe(wanted) | Update(wanted):
            return of_subscription(wanted)
        case Unsubscribe(remote=remote):
            return remote.id
        case _:
            assert_never(action)


def _counted(
    actions: Iterable[Action], group: ChangeClass, released: frozenset[Change]
) -> tuple[Action, ...]:
    return tuple(a for a in actions if _group(a) is group and change(a) not in released)


def _group(action: Action) -> ChangeClass | None:
    """Return what *action* counts as; None for what is new, and for what restores what was agreed before.

    That is drift, or a link left without its callback.
    """
    match action:
        case Link():
            return ChangeClass.LINK
        case Unsubscribe():
            return ChangeClass.UNSUBSCRIBE
        case Subscribe() | Update(drift=True) | SetCallback(finishes_link=True):
            return None
        case Update(unknown=unknown) | SetCallback(unknown=unknown):
            return ChangeClass.UNKNOWN if unknown else ChangeClass.UPDATE
        case _:
            assert_never(action)


def _limits(partner: Partner, desired: Desired) -> Mapping[ChangeClass, tuple[str, int]]:
    """Return the guard of each kind, and how many it lets through."""
    guards, of = partner.guards, _declared(desired, partner.name)
    updates = ("maxUpdates", allowed(guards.max_updates, of, LEAST_UPDATES))
    return {
        ChangeClass.LINK: ("maxLinks", allowed(guards.max_links, of)),
        ChangeClass.UPDATE: updates,
        ChangeClass.UNKNOWN: updates,
        ChangeClass.UNSUBSCRIBE: ("maxUnsubscribes", allowed(guards.max_unsubscribes, of)),
    }


def _declared(desired: Desired, partner: str) -> int:
    partners = [*(app.partner for app in desired.apps), *(each.partner for each in desired.subscriptions)]
    return partners.count(partner)
