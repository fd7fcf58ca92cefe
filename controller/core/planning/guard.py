"""Guards: how much may change before a person has to agree. A guard holds whole classes of changes."""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import Enum, auto
from typing import TypeAlias, assert_never

from controller.core.planning.actions import item_of, verb_of
from controller.core.planning.changes.effects import fingerprint
from controller.core.planning.digest import digest
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
from controller.model.status import HeldClass, HeldSet

Change: TypeAlias = tuple[Verb, Item]
"""The identity of one change within a plan."""

Released: TypeAlias = frozenset[str]
"""The fingerprints of the effects that `--release` lets through: nothing else passes in their name."""


def guard_for(plan: Plan, desired: Desired, released: Released, breadth: PassKind) -> Plan:
    """Let through what a pass of this *breadth* may do. The rest is held, or waits."""
    match breadth:
        case PassKind.FULL:
            return guard(plan, desired, released)
        case PassKind.LIST:
            return guard(_defer_uncertain(plan, desired, released), desired, released)
        case PassKind.APP:
            return _wait(plan, [a for a in plan.actions if _group(a) is not None], WaitFor.FULL_PASS, _ALONE)
        case _:
            assert_never(breadth)


LEAST_UPDATES = 3
"""Updates that a share lets through on the smallest fleet: one app with its webhooks."""

_ALONE = "decided by a pass that sees all apps"
_UNLOOKED = "not all apps were looked at yet, and with them it may be more than a guard allows"


GUARDS: Mapping[Verb, str] = {
    Verb.LINK: "maxLinks",
    Verb.UPDATE: "maxUpdates",
    Verb.UNSUBSCRIBE: "maxUnsubscribes",
}
"""The guard of each verb that one holds."""


class ChangeClass(Enum):
    """Changes that are counted and held together."""

    LINK = auto()
    UPDATE = auto()
    UNKNOWN = auto()
    UNSUBSCRIBE = auto()


def _defer_uncertain(plan: Plan, desired: Desired, released: Released) -> Plan:
    """Let changes wait that are few only because some apps were not observed yet."""
    unobserved = {
        ChangeClass.UPDATE: float(sum(each.differing for each in plan.not_observed)),
        ChangeClass.UNKNOWN: float(sum(each.unknown for each in plan.not_observed)),
        ChangeClass.UNSUBSCRIBE: math.inf if plan.not_observed else 0.0,  # their number is not known
    }
    limits = _limits(plan.partner, desired)
    for group, more in unobserved.items():
        counted = _counted(plan.actions, group, released)
        if len(counted) <= limits[group][1] < len(counted) + more:
            plan = _wait(plan, counted, WaitFor.OBSERVATION, _UNLOOKED)
    return plan


def _wait(plan: Plan, actions: Collection[Action], wait_for: WaitFor, why: str) -> Plan:
    waiting = tuple(
        Waiting(verb_of(action), item_of(action), wait_for, None, why, action) for action in actions
    )
    stopped = {change(action) for action in actions}
    left = tuple(action for action in plan.actions if change(action) not in stopped)
    return replace(plan, actions=left, waiting=(*plan.waiting, *waiting))


def guard(plan: Plan, desired: Desired, released: Released) -> Plan:
    """Move each class of change that exceeds its ceiling from the actions to what is held.

    *desired* is everything that is declared, whatever scope the plan was narrowed to. New subscriptions,
    corrected drift and released changes do not count. Changes of what was never written from here are a class
    of their own, apart from updates: a lost store causes many of them at once.
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
    """Return how many changes a ceiling lets through. A share always lets *least* through."""
    match ceiling:
        case Count(value):
            return value
        case _:
            return max(least, of * ceiling.percent // 100)


def change(action: Action) -> Change:
    return verb_of(action), item_of(action)


def held_digest(plan: Plan) -> str | None:
    """Return what a person names to release exactly what is held, None if nothing is.

    What was never written from here has a digest of its own, after a comma if there are two.
    """
    return ",".join(_held(plan)) or None


def still_held(plan: Plan, before: Plan | None) -> Plan:
    """Return the plan of a pass over one app in which what waits only for a full pass is held.

    That is what the full pass *before* held: the next one decides anew.
    """
    known = {change(each.action): each for each in before.held} if before is not None else {}
    again = [each for each in plan.waiting if each.wait_for is WaitFor.FULL_PASS and _change(each) in known]
    left = tuple(each for each in plan.waiting if each not in again)
    return replace(plan, held=(*plan.held, *(known[_change(each)] for each in again)), waiting=left)


def _change(waiting: Waiting) -> Change:
    return waiting.verb, waiting.item


def held_sets(plan: Plan) -> tuple[HeldSet, ...]:
    """Return what is held, for people: by digest, and then by guard."""
    by_change = {change(each.action): each for each in plan.held}
    return tuple(
        HeldSet(name, tuple(_classes([by_change[change(action)] for action in actions])))
        for name, actions in _held(plan).items()
    )


def _classes(held: Sequence[HeldChange]) -> Iterator[HeldClass]:
    counted = Counter((each.guard, verb_of(each.action), each.message) for each in held)
    for (name, verb, figures), count in counted.items():
        yield HeldClass(name, verb, count, figures)


def release(plan: Plan, names: Collection[str]) -> Released:
    """Return the changes that *names* (digests) let through: all that a digest holds, or none of it."""
    held = _held(plan)
    let_through = (action for name, actions in held.items() if name in names for action in actions)
    return frozenset(map(fingerprint, let_through))


def _held(plan: Plan) -> Mapping[str, Sequence[Action]]:
    """Return the held actions by their digest. Consent to known changes is no consent to unknown ones."""
    known = [each.action for each in plan.held if _group(each.action) is not ChangeClass.UNKNOWN]
    unknown = [each.action for each in plan.held if _group(each.action) is ChangeClass.UNKNOWN]
    return {
        digest([plan.partner.name, sorted(map(fingerprint, actions))]): actions
        for actions in (known, unknown)
        if actions
    }


def _counted(actions: Iterable[Action], group: ChangeClass, released: Released) -> tuple[Action, ...]:
    grouped = (action for action in actions if _group(action) is group)
    return tuple(each for each in grouped if not released or fingerprint(each) not in released)


def _group(action: Action) -> ChangeClass | None:
    """Return the class of *action*, None for what is new and for what restores what was agreed before.

    The latter is drift, or a link left without its callback.
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
    """Return the guard of each class, and how many changes it lets through."""
    guards, of = partner.guards, _declared(desired, partner.name)
    updates = (GUARDS[Verb.UPDATE], allowed(guards.max_updates, of, LEAST_UPDATES))
    return {
        ChangeClass.LINK: (GUARDS[Verb.LINK], allowed(guards.max_links, of)),
        ChangeClass.UPDATE: updates,
        ChangeClass.UNKNOWN: updates,
        ChangeClass.UNSUBSCRIBE: (GUARDS[Verb.UNSUBSCRIBE], allowed(guards.max_unsubscribes, of)),
    }


def _declared(desired: Desired, partner: str) -> int:
    partners = [*(app.partner for app in desired.apps), *(each.partner for each in desired.subscriptions)]
    return partners.count(partner)
