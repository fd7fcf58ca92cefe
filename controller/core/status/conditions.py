"""Conditions of every declared resource, from what was observed and what is planned about it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from controller.core.health.quality import drop
from controller.core.health.sending import sendability
from controller.core.planning.actions import item_of, verb_of
from controller.core.planning.callbacks import CALLBACK_NOT_SUPPORTED
from controller.core.planning.foreign import FOREIGN_WEBHOOK, named, told
from controller.core.planning.match import Absent, Conflict, Found, Undecided
from controller.core.planning.matched_app import (
    MatchedApp,
    Matches,
    known_health,
    subscription_item,
    tag_item,
)
from controller.core.planning.provisioning import ERROR, Progress, of_row
from controller.core.planning.retired import retirement
from controller.core.planning.waits import WAITS, EndedBy
from controller.core.status.foreign import foreign_by_app
from controller.core.status.listed import with_app, with_webhook
from controller.core.status.state import HELD, RETIRED
from controller.model.plan import Blocked, Foreign, HeldChange, Item, Kind, Link, Plan, Waiting
from controller.model.status import Condition, Status, Truth
from controller.model.upstream import Row, Stage

_UNVERIFIABLE = "a value that cannot be read back was not written from here; `apply --resend` writes it"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A condition without the moment since when it holds."""

    type: str
    status: Truth
    reason: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class OpenItems:
    """The plan's entries by item. An item without one is as declared."""

    blocked: Mapping[Item, Blocked]
    waiting: Mapping[Item, Waiting]
    held: Mapping[Item, HeldChange]
    planned: Mapping[Item, tuple[str, str]]
    unverifiable: Collection[Item]
    foreign: Mapping[Item, tuple[Foreign, ...]]

    def about(self, item: Item) -> Judgement | None:
        """Return what keeps *item* from being as declared, None if nothing does."""
        if blocked := self.blocked.get(item):
            return Judgement("Synced", Truth.FALSE, blocked.reason, blocked.message)
        if held := self._held(item):
            return Judgement("Synced", Truth.FALSE, HELD, f"guard {held.guard}: {held.message}")
        if waiting := self.waiting.get(item):
            wait = WAITS[waiting.wait_for]
            return Judgement("Synced", wait.truth, wait.reason, waiting.message)
        if item in self.planned:
            return Judgement("Synced", Truth.FALSE, *self.planned[item])
        if item in self.unverifiable:
            return Judgement("Synced", Truth.UNKNOWN, "Unverifiable", _UNVERIFIABLE)
        return None

    def _held(self, item: Item) -> HeldChange | None:
        """Return the held change of *item*; if it waits for an app whose link is held, that of the link."""
        waiting = self.waiting.get(item)
        if waiting is not None and WAITS[waiting.wait_for].ended_by is EndedBy.GUPSHUP:
            link = self.held.get(Item(Kind.APP, item.partner, item.app, item.app))
            return link if link is not None and isinstance(link.action, Link) else None
        return self.held.get(item)


def statuses(matches: Matches, plan: Plan, previous: Mapping[Item, Status]) -> tuple[Status, ...]:
    """Return the status of every declared app and subscription of the plan's partner.

    A condition with the same truth as in *previous* keeps its `since`.
    """
    open_items, revision = _open(plan, foreign_by_app(matches, plan, previous)), matches.desired.revision
    return tuple(
        dated(
            replace(blank, foreign=open_items.foreign.get(blank.item, ())),
            (*judgements, *_alarm(matched, open_items.foreign.get(blank.item, ()))),
            previous.get(blank.item),
        )
        for matched in matches.apps
        for blank, judgements in _of_app(matched, open_items, revision, previous)
    )


def _open(plan: Plan, of_others: Mapping[Item, tuple[Foreign, ...]]) -> OpenItems:
    planned = {item_of(each): ("ChangePlanned", f"{verb_of(each)} is planned") for each in plan.actions}
    return OpenItems(
        {each.item: each for each in plan.blocked},
        {each.item: each for each in plan.waiting},
        {item_of(each.action): each for each in plan.held},
        planned,
        frozenset(plan.unverifiable),
        of_others,
    )


def _of_app(
    matched: MatchedApp, open_items: OpenItems, revision: str, previous: Mapping[Item, Status]
) -> Iterator[tuple[Status, Iterable[Judgement]]]:
    row = _row(matched)
    stage = _stage(row.stage) if row else ""
    app_id, at = (row.id if row else None), matched.now
    health = known_health(matched, row) if row else None
    blank = Status(matched.item, (), revision, at, app_id, stage, health=health, phone=matched.app.phone)
    judged = _retired(matched, open_items) if matched.app.is_retired else _app(matched, open_items)
    yield with_app(blank, matched, row, previous.get(matched.item)), judged
    for wanted in matched.subscriptions:
        item = subscription_item(wanted)
        mine = with_webhook(Status(item, (), revision, at, app_id), matched, wanted, row, previous.get(item))
        yield mine, _resource(_judged([item], open_items), item, open_items)


def _row(matched: MatchedApp) -> Row | None:
    """Return the app at Gupshup, also one of ours that the manifest no longer fits."""
    match matched.match:
        case Found(row) | Conflict(row=row, ours=True):
            return row
        case _:
            return None


def _stage(stage: Stage) -> str:
    """Return Gupshup's one word for the progress. An error matters more than its stage."""
    return (stage.creation if stage.creation == ERROR else None) or stage.pipeline or stage.creation or ""


def _app(matched: MatchedApp, open_items: OpenItems) -> Iterator[Judgement]:
    linked, live = _linked(matched), _live(matched)
    items = [subscription_item(wanted) for wanted in matched.subscriptions]
    wrong = _judged(items, open_items)
    first = wrong[0] if wrong else None
    subscribed = first or Judgement("", Truth.TRUE, "Subscribed" if items else "NothingDeclared")
    yield linked
    yield live
    yield Judgement("Subscribed", subscribed.status, subscribed.reason, subscribed.message)
    yield from _health(matched, live)
    gravest = _gravest(matched.item, items, open_items)
    late = next((judgement for judgement in (linked, live) if judgement.status is not Truth.TRUE), None)
    mine = open_items.about(gravest if matched.item in open_items.blocked else matched.item)
    if linked.status is not Truth.TRUE and mine is not None:
        late = None  # what keeps it from being linked is already known
    yield from _resource([each for each in (mine, *wrong, late) if each], gravest, open_items)


def _retired(matched: MatchedApp, open_items: OpenItems) -> Iterator[Judgement]:
    """Yield whether the webhooks of ours are gone. Nothing is expected of the app then: it has no Ready."""
    items = [tag_item(matched.app, remote.tag) for remote in retirement.left(matched)]
    mine, wrong = open_items.about(matched.item), _judged(items, open_items)
    yield _linked(matched)
    if mine is not None or wrong:
        gravest = _gravest(matched.item, items, open_items)
        yield from _resource([each for each in (mine, *wrong) if each], gravest, open_items)
    else:
        yield Judgement("Synced", Truth.TRUE, "AsDeclared")
        stay = _stay(matched, open_items.foreign.get(matched.item, ()))
        yield Judgement(RETIRED, Truth.TRUE, RETIRED, stay)


def _stay(matched: MatchedApp, there: Collection[Foreign]) -> str:
    """Return a message about the webhooks that were last seen on a retired app."""
    if not there:
        return ""
    whose, unread = "webhooks of others", ""
    if not matched.knows_declared:
        whose = "webhooks that are not known to be ours"
        unread = (
            "only some of the manifests were read: if another one declares them, apply the whole folder; "
        )
    return (
        f"{whose} stay on it, and get its events as before: {named(there)}; {unread}if they are "
        "yours, declare them or have their tags in ownedTags, or remove them at Gupshup"
    )


def _judged(items: Iterable[Item], open_items: OpenItems) -> list[Judgement]:
    """Return what keeps *items* from being as declared: what is blocked first, then what is held."""
    found = [(item not in open_items.blocked, each) for item in items if (each := open_items.about(item))]
    return [each for _, each in sorted(found, key=lambda pair: (pair[0], pair[1].reason != HELD))]


def _gravest(app: Item, items: Iterable[Item], open_items: OpenItems) -> Item:
    """Return what a person has to see to first: the app if it is blocked, else one of its *items* if blocked.

    A callback that Gupshup does not take comes last: it holds nothing else up.
    """
    stuck = next((item for item in items if item in open_items.blocked), app)
    mine = open_items.blocked.get(app)
    return stuck if mine is None or mine.reason == CALLBACK_NOT_SUPPORTED else app


def _resource(found: Sequence[Judgement], item: Item, open_items: OpenItems) -> Iterator[Judgement]:
    """Yield whether a resource is as declared and usable, and what keeps it from that: *found*, in order.

    What a guard holds is more urgent than what moves, and is not reconciling: nothing moves until a person
    does.
    """
    if not found:
        yield Judgement("Synced", Truth.TRUE, "AsDeclared")
        yield Judgement("Ready", Truth.TRUE, "Ready")
        return
    blocked = open_items.blocked.get(item)
    held = None if blocked else next((each for each in found if each.reason == HELD), None)
    wrong = held or found[0]
    moving = next((each for each in found if each.reason != HELD), None)
    yield Judgement("Synced", wrong.status, wrong.reason, wrong.message)
    yield Judgement("Ready", wrong.status, wrong.reason, wrong.message)
    if blocked is not None:
        yield Judgement("Stalled", Truth.TRUE, blocked.reason, blocked.message)
    elif moving is not None:
        yield Judgement("Reconciling", Truth.TRUE, moving.reason, moving.message)


def _linked(matched: MatchedApp) -> Judgement:
    match matched.match:
        case Found(row) | Conflict(row=Row() as row, ours=True):
            return Judgement("Linked", Truth.TRUE, "Linked", f"app {row.id}")
        case Conflict(reason, message):
            return Judgement("Linked", Truth.FALSE, reason, message)
        case Undecided(wait_for, message):
            return Judgement("Linked", Truth.UNKNOWN, WAITS[wait_for].reason, message)
        case Absent():
            return Judgement("Linked", Truth.FALSE, "NotLinked")
        case _:
            assert_never(matched.match)


def _live(matched: MatchedApp) -> Judgement:
    row = _row(matched)
    if row is None:
        return Judgement("Live", Truth.UNKNOWN, "NotLinked")
    progress = of_row(row, matched.facts)
    words = f"{row.stage.creation or 'no stage'}, {row.stage.pipeline or 'no pipeline stage'}"
    return Judgement("Live", Truth.TRUE if progress is Progress.LIVE else Truth.FALSE, progress, words)


def _health(matched: MatchedApp, live: Judgement) -> Iterator[Judgement]:
    """Yield whether the app can send, and whether the quality of its number dropped, only while it did."""
    row = _row(matched)
    if row is None or live.status is not Truth.TRUE:
        yield Judgement("Sendable", Truth.UNKNOWN, "NotLinked" if row is None else "NotLive")
        return
    health = known_health(matched, row)
    can = sendability(health)
    yield Judgement("Sendable", can.status, can.reason, can.message)
    dropped = drop(health, matched.now) if health is not None else None
    if dropped is not None:
        yield Judgement("QualityDropped", Truth.TRUE, *dropped)


def dated(blank: Status, judgements: Iterable[Judgement], previous: Status | None) -> Status:
    """Return *blank* with *judgements* as conditions. One with the same truth as before keeps its `since`.

    If the name was another app's before, nothing was before.
    """
    other = previous is not None and None is not previous.app_id != blank.app_id is not None
    before = None if other else previous
    return replace(blank, conditions=tuple(_condition(each, blank, before) for each in judgements))


def _alarm(matched: MatchedApp, of_others: Collection[Foreign]) -> Iterator[Judgement]:
    """Yield the condition that an app has only while a webhook of others on it is not allowed.

    A retired app has none: it is no longer read, so nothing would ever end the alarm.
    """
    alarming = [each for each in of_others if not each.allowed and not matched.app.is_retired]
    if alarming:
        yield Judgement(FOREIGN_WEBHOOK, Truth.TRUE, "HostNotAllowed", told(alarming))


def _condition(judgement: Judgement, blank: Status, previous: Status | None) -> Condition:
    before = previous.condition(judgement.type) if previous is not None else None
    since = before.since if before is not None and before.status is judgement.status else blank.at
    return Condition(
        judgement.type, judgement.status, judgement.reason, judgement.message, since, blank.revision
    )
