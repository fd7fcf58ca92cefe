"""How much may change before a person has to agree. It holds whole classes of change; it never edits one."""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import TypeAlias, assert_never

from controller.core.digest import digest, of_callback, of_link, of_subscription
from controller.core.entry import item_of, verb_of
from controller.model.manifest import Ceiling, Count, Desired, Guards
from controller.model.plan import (
    Action,
    For,
    Held,
    Item,
    Link,
    Plan,
    SetCallback,
    Subscribe,
    Unsubscribe,
    Update,
    Verb,
    Waiting,
)
from controller.model.scope import Breadth

Change: TypeAlias = tuple[Verb, Item]
"""One change, told apart from all others: what `--release` lets through is a set of these."""


def judge(plan: Plan, desired: Desired, released: frozenset[Change], breadth: Breadth) -> Plan:
    """Let through what may be done by a pass that saw so much; the rest is held, or waits."""
    match breadth:
        case Breadth.FULL:
            return guard(plan, desired, released)
        case Breadth.LIST:
            return guard(_patient(plan, desired, released), desired, released)
        case Breadth.APP:
            return _wait(plan, [a for a in plan.actions if not _repairs(a)], For.PASS, _ALONE)
        case _:
            assert_never(breadth)


_ALONE = "decided by a pass that sees all apps"
_UNLOOKED = "not all apps were looked at yet, and with them it may be more than a guard allows"


def _patient(plan: Plan, desired: Desired, released: frozenset[Change]) -> Plan:
    """Let changes wait that are few only because not every app was looked at yet."""
    declared = _declared(desired, plan.partner.name)
    unlooked = {
        Verb.UPDATE: float(sum(each.differing for each in plan.unlooked)),
        Verb.UNSUBSCRIBE: math.inf if plan.unlooked else 0.0,  # nobody knows how many there are
    }
    ceilings = _ceilings(plan.partner.guards)
    for verb, more in unlooked.items():
        counted = _counted(plan.actions, verb, released)
        limit = allowed(ceilings[verb][1], declared)
        if len(counted) <= limit < len(counted) + more:
            plan = _wait(plan, counted, For.LOOK, _UNLOOKED)
    return plan


def _wait(plan: Plan, actions: Collection[Action], on: For, why: str) -> Plan:
    waiting = tuple(Waiting(verb_of(action), item_of(action), on, None, why) for action in actions)
    stopped = {change(action) for action in actions}
    left = tuple(action for action in plan.actions if change(action) not in stopped)
    return replace(plan, actions=left, waiting=(*plan.waiting, *waiting))


def guard(plan: Plan, desired: Desired, released: frozenset[Change]) -> Plan:
    """Move each class of change that exceeds its ceiling from the actions to what is held.

    *desired* is everything that is declared, whatever scope the plan was narrowed to. Creating subscriptions
    and putting drift back do not count, and neither does what was released.
    """
    declared = _declared(desired, plan.partner.name)
    held: list[Held] = []
    for verb, (name, ceiling) in _ceilings(plan.partner.guards).items():
        limit = allowed(ceiling, declared)
        excess = _excess(plan.actions, verb, limit, released)
        held.extend(Held(action, name, f"{len(excess)} planned, {limit} allowed") for action in excess)
    stopped = {change(each.action) for each in held}
    return replace(plan, held=tuple(held), actions=tuple(a for a in plan.actions if change(a) not in stopped))


def allowed(ceiling: Ceiling, of: int) -> int:
    """Return how many changes a ceiling lets through; a share always lets one through."""
    match ceiling:
        case Count(value):
            return value
        case _:
            return max(1, of * ceiling.percent // 100)


def change(action: Action) -> Change:
    return verb_of(action), item_of(action)


def held_digest(plan: Plan) -> str | None:
    """Return what a person names to release exactly what is held; None where nothing is."""
    if not plan.held:
        return None
    return digest([plan.partner.name, sorted(_fingerprint(each.action) for each in plan.held)])


def release(plan: Plan, names: Iterable[str]) -> frozenset[Change]:
    """Return the changes that *names* (digests) let through: all that is held, or nothing."""
    agreed = any(name == held_digest(plan) for name in names)
    return frozenset(change(each.action) for each in plan.held) if agreed else frozenset()


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


def _excess(
    actions: Iterable[Action], verb: Verb, limit: int, released: frozenset[Change]
) -> tuple[Action, ...]:
    counted = _counted(actions, verb, released)
    return counted if len(counted) > limit else ()


def _counted(actions: Iterable[Action], verb: Verb, released: frozenset[Change]) -> tuple[Action, ...]:
    return tuple(a for a in actions if verb_of(a) is verb and not _repairs(a) and change(a) not in released)


def _repairs(action: Action) -> bool:
    """Say whether *action* restores what was agreed before: drift, or a link left without its callback."""
    match action:
        case Update(drift=repairs) | SetCallback(finishes_link=repairs):
            return repairs
        case _:
            return isinstance(action, Subscribe)


def _ceilings(guards: Guards) -> Mapping[Verb, tuple[str, Ceiling]]:
    return {
        Verb.LINK: ("maxLinks", guards.max_links),
        Verb.UPDATE: ("maxUpdates", guards.max_updates),
        Verb.UNSUBSCRIBE: ("maxUnsubscribes", guards.max_unsubscribes),
    }


def _declared(desired: Desired, partner: str) -> int:
    partners = [*(app.partner for app in desired.apps), *(each.partner for each in desired.subscriptions)]
    return partners.count(partner)
