"""The conditions of every declared resource, from what was seen and what is planned about it."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

from controller.core.planning.actions import item_of, verb_of
from controller.core.planning.match import Absent, Barred, Found, Undecided
from controller.core.planning.matched import Case, cases, subscription_item
from controller.core.planning.provisioning import ERROR, Progress, of_row
from controller.model.manifest import Desired
from controller.model.plan import Asked, Blocked, For, Item, Observed, Plan, Waiting
from controller.model.status import Condition, Status, Truth
from controller.model.upstream import Row, Stage

_UNSEEN = frozenset({For.BUDGET, For.LOOK})
_UNVERIFIABLE = "a value that cannot be read back was not written from here; `apply --resend` writes it"


@dataclass(frozen=True, slots=True)
class Said:
    """One judgement: a condition that does not know yet since when it holds."""

    type: str
    status: Truth
    reason: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Open:
    """What a plan still has to say about a resource; nothing, where it is as declared."""

    blocked: Mapping[Item, Blocked]
    waiting: Mapping[Item, Waiting]
    planned: Mapping[Item, tuple[str, str]]
    unverifiable: Collection[Item]

    def about(self, item: Item) -> Said | None:
        """Say what keeps *item* from being as declared."""
        if blocked := self.blocked.get(item):
            return Said("Synced", Truth.FALSE, blocked.reason, blocked.message)
        if waiting := self.waiting.get(item):
            known = Truth.UNKNOWN if waiting.on in _UNSEEN else Truth.FALSE
            return Said("Synced", known, f"WaitingFor{waiting.on.title()}", waiting.message)
        if item in self.planned:
            return Said("Synced", Truth.FALSE, *self.planned[item])
        if item in self.unverifiable:
            return Said("Synced", Truth.UNKNOWN, "Unverifiable", _UNVERIFIABLE)
        return None


def statuses(
    desired: Desired, observed: Observed, plan: Plan, previous: Mapping[Item, Status]
) -> tuple[Status, ...]:
    """Return the status of every declared app and subscription of the plan's partner.

    A condition that says the same as in *previous* keeps its `since`.
    """
    left = _open(plan)
    return tuple(
        _dated(blank, said, previous.get(blank.item))
        for case in cases(desired, plan.partner, observed, Asked())
        for blank, said in _of_case(case, left, desired.revision)
    )


def _open(plan: Plan) -> Open:
    planned = {item_of(each): ("ChangePlanned", f"{verb_of(each)} is planned") for each in plan.actions}
    held = {item_of(each.action): ("Held", f"by {each.guard}: {each.message}") for each in plan.held}
    return Open(
        {each.item: each for each in plan.blocked},
        {each.item: each for each in plan.waiting},
        {**planned, **held},
        frozenset(plan.unverifiable),
    )


def _of_case(case: Case, left: Open, revision: str) -> Iterator[tuple[Status, Iterable[Said]]]:
    row = _row(case)
    stage = _stage(row.stage) if row else ""
    app_id, at = (row.id if row else None), case.view.now
    yield Status(case.item, (), revision, at, app_id, stage), _app(case, left)
    for wanted in case.subscriptions:
        item = subscription_item(wanted)
        yield Status(item, (), revision, at, app_id), _resource(left.about(item), item, left)


def _row(case: Case) -> Row | None:
    """Return the app that is there: also one of ours that the manifest no longer fits."""
    match case.match:
        case Found(row) | Barred(row=row, ours=True):
            return row
        case _:
            return None


def _stage(stage: Stage) -> str:
    """Return Gupshup's one word for how far it has come; that it gave up matters more than where."""
    return (stage.creation if stage.creation == ERROR else None) or stage.pipeline or stage.creation or ""


def _app(case: Case, left: Open) -> Iterator[Said]:
    linked, live = _linked(case), _live(case)
    items = [subscription_item(wanted) for wanted in case.subscriptions]
    first = next((said for item in items if (said := left.about(item))), None)
    subscribed = first or Said("", Truth.TRUE, "Subscribed" if items else "NothingDeclared")
    yield linked
    yield live
    yield Said("Subscribed", subscribed.status, subscribed.reason, subscribed.message)
    mine = left.about(case.item)
    late = next((said for said in (linked, live) if said.status is not Truth.TRUE), None)
    stuck = next((item for item in items if item in left.blocked), case.item)
    yield from _resource(mine or first or late, case.item if case.item in left.blocked else stuck, left)


def _resource(wrong: Said | None, item: Item, left: Open) -> Iterator[Said]:
    """Say whether a resource is as declared and usable; what keeps it from that, where it is not."""
    if wrong is None:
        yield Said("Synced", Truth.TRUE, "AsDeclared")
        yield Said("Ready", Truth.TRUE, "Ready")
        return
    yield Said("Synced", wrong.status, wrong.reason, wrong.message)
    yield Said("Ready", wrong.status, wrong.reason, wrong.message)
    blocked = left.blocked.get(item)
    if blocked is not None:
        yield Said("Stalled", Truth.TRUE, blocked.reason, blocked.message)
    else:
        yield Said("Reconciling", Truth.TRUE, wrong.reason, wrong.message)


def _linked(case: Case) -> Said:
    match case.match:
        case Found(row) | Barred(row=Row() as row, ours=True):
            return Said("Linked", Truth.TRUE, "Linked", f"app {row.id}")
        case Barred(reason, message):
            return Said("Linked", Truth.FALSE, reason, message)
        case Undecided(on, message):
            return Said("Linked", Truth.UNKNOWN, f"WaitingFor{on.title()}", message)
        case Absent():
            return Said("Linked", Truth.FALSE, "NotLinked")
        case _:
            assert_never(case.match)


def _live(case: Case) -> Said:
    row = _row(case)
    if row is None:
        return Said("Live", Truth.UNKNOWN, "NotLinked")
    progress = of_row(row, case.view.observed.facts)
    words = f"{row.stage.creation or 'no stage'}, {row.stage.pipeline or 'no pipeline stage'}"
    return Said("Live", Truth.TRUE if progress is Progress.LIVE else Truth.FALSE, progress, words)


def _dated(blank: Status, said: Iterable[Said], previous: Status | None) -> Status:
    conditions = tuple(_condition(each, blank, previous) for each in said)
    return Status(blank.item, conditions, blank.revision, blank.at, blank.app_id, blank.stage)


def _condition(said: Said, blank: Status, previous: Status | None) -> Condition:
    before = previous.condition(said.type) if previous is not None else None
    since = before.since if before is not None and before.status is said.status else blank.at
    return Condition(said.type, said.status, said.reason, said.message, since, blank.revision)
