"""Approval of a plan: a run does what a person saw, and reports what became different meanwhile."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from controller.core.planning.actions import item_of, verb_of
from controller.core.planning.changes.effects import Values, diff_of, fingerprint, subject_of
from controller.core.planning.waits import WAITS
from controller.model.plan import (
    Action,
    Effect,
    Item,
    Kind,
    Link,
    Outcome,
    Plan,
    Result,
    SetCallback,
    Verb,
)
from controller.model.status import Truth

AS_PLANNED = "AlreadyAsPlanned"
"""The reason of a stale action whose item is as planned, although no run of this plan made it so."""

CHANGED, GONE, BLOCKED = "ChangedMeanwhile", "NothingToChange", "BlockedMeanwhile"
"""Reasons of stale actions: another change is due now, none is, or something blocks it."""

UNREAD = "NotObserved"

_SEEN_AGAIN = "plan again to see what is due now"


@dataclass(frozen=True, slots=True)
class Approval:
    """The effects that a person approved, by fingerprint: of actions, and of what was shown as waiting.

    *earlier* names the changes (verb, item as text) that earlier runs of the plan made, or may have made.
    """

    actions: Mapping[str, Effect] = field(default_factory=dict)
    waiting: Mapping[str, Effect] = field(default_factory=dict)
    earlier: frozenset[tuple[str, str]] = frozenset()

    def covers(self, action: Action) -> bool:
        """Return whether *action* was approved: as it is, or as the end of an approved link."""
        effect = Link(action.app) if isinstance(action, SetCallback) and action.finishes_link else action
        name = fingerprint(effect)
        return name in self.actions or name in self.waiting

    @property
    def released(self) -> frozenset[str]:
        """Return what no guard holds again. What only waited was not counted by a guard yet."""
        return frozenset(self.actions)


def approval_of(plan: Plan) -> Approval:
    """Approve what *plan* shows: its actions, and what follows the waits whose effect is known."""
    waiting = (each.effect for each in plan.waiting if each.effect is not None)
    return Approval(_named(plan.actions), _named(waiting))


def _named(effects: Iterable[Effect]) -> Mapping[str, Effect]:
    return {fingerprint(effect): effect for effect in effects}


def approved(plan: Plan, approval: Approval) -> Plan:
    """Return *plan* with the approved actions only.

    What belongs to an app that is not there waits for nothing: a link that was not approved would come first.
    """
    actions = tuple(action for action in plan.actions if approval.covers(action))
    links = (*plan.actions, *(each.action for each in plan.held))
    gone = {each.app.name for each in links if isinstance(each, Link) and each not in actions}
    waiting = tuple(each for each in plan.waiting if each.item.app not in gone)
    return replace(plan, actions=actions, waiting=waiting)


def overtaken(approval: Approval, plan: Plan, results: Collection[tuple[Verb, Item]]) -> Iterator[Result]:
    """Yield the result of each approved action that a run did not send, because the world moved.

    *plan* is the last one of the run, with all that is due then, *results* what was sent. An action that is
    still to be done, or waits, has no result yet.
    """
    due = {fingerprint(action) for action in plan.actions}
    after = _Afterwards.of(plan, approval)
    for name, effect in approval.actions.items():
        verb, item = subject_of(effect)
        if name not in due and (verb, item) not in results:
            sent = (str(verb), str(item)) in approval.earlier
            yield from (replace(each, effect=effect) for each in after.result(effect, sent=sent))


@dataclass(frozen=True, slots=True)
class _Afterwards:
    """What a plan says of each item once the approved actions are done."""

    waiting: frozenset[Item]
    blocked: Mapping[Item, str]
    other: Mapping[Item, Action]
    there: frozenset[Item]
    unread: frozenset[str]
    """The names of apps whose webhooks could not be read."""

    @classmethod
    def of(cls, plan: Plan, approval: Approval) -> Self:
        return cls(
            frozenset(each.item for each in plan.waiting),
            {each.item: each.message for each in plan.blocked},
            {item_of(action): action for action in plan.actions if not approval.covers(action)},
            frozenset((*plan.unchanged, *plan.provisioning, *plan.unverifiable)),
            frozenset(each.item.app for each in plan.waiting if WAITS[each.wait_for].truth is Truth.UNKNOWN),
        )

    def result(self, effect: Effect, *, sent: bool) -> Iterator[Result]:
        """Yield what came of an approved action that is not due any more. *sent*: by an earlier run."""
        verb, item = subject_of(effect)
        app = replace(item, kind=Kind.APP, name=item.app)
        if item in self.other:
            yield Result(verb, item, Outcome.STALE, CHANGED, _difference(effect, self.other[item]))
        elif why := self.blocked.get(item) or (item in self.waiting and self.blocked.get(app)):
            yield Result(verb, item, Outcome.FAILED if sent else Outcome.STALE, BLOCKED, why)
        elif verb is Verb.UNSUBSCRIBE and item.app in self.unread:
            yield Result(verb, item, Outcome.UNCLEAR, UNREAD, f"the webhooks of {app} could not be read")
        elif item not in self.waiting:
            yield self._settled(verb, item, sent=sent)
        elif isinstance(self.other.get(app), Link):
            why = f"{app} is not there any more, and its link is not planned; {_SEEN_AGAIN}"
            yield Result(verb, item, Outcome.STALE, CHANGED, why)

    def _settled(self, verb: Verb, item: Item, *, sent: bool) -> Result:
        if sent:
            return Result(verb, item, Outcome.DONE, "Confirmed", "an earlier run of this plan did it")
        if item in self.there or verb is Verb.UNSUBSCRIBE:
            why = "it is as planned, and no run of this plan made it so; nothing was sent"
            return Result(verb, item, Outcome.STALE, AS_PLANNED, why)
        return Result(verb, item, Outcome.STALE, GONE, f"nothing is left to {verb}; {_SEEN_AGAIN}")


def _difference(effect: Effect, now: Action) -> str:
    planned, found = diff_of(effect), diff_of(now)
    if verb_of(now) is not subject_of(effect)[0]:
        return f"to {verb_of(now)} is due now; {_SEEN_AGAIN}"
    names = {*_differing(planned.before, found.before), *_differing(planned.after, found.after)}
    return f"{', '.join(sorted(names))} changed meanwhile; {_SEEN_AGAIN}"


def _differing(one: Values | None, other: Values | None) -> Iterator[str]:
    first, second = one or {}, other or {}
    yield from (name for name in {*first, *second} if first.get(name) != second.get(name))
