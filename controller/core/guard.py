"""How much may change before a person has to agree. It holds whole classes of change; it never edits one."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeAlias, assert_never

from controller.core.digest import digest, of_callback, of_link, of_subscription
from controller.core.entry import item_of, verb_of
from controller.model.manifest import Ceiling, Count, Desired, Guards
from controller.model.plan import (
    Action,
    Held,
    Item,
    Link,
    Plan,
    SetCallback,
    Subscribe,
    Unsubscribe,
    Update,
    Verb,
)

Change: TypeAlias = tuple[Verb, Item]
"""One change, told apart from all others: what `--release` lets through is a set of these."""


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
    counted = tuple(
        a for a in actions if verb_of(a) is verb and not _repairs(a) and change(a) not in released
    )
    return counted if len(counted) > limit else ()


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
