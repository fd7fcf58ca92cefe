"""Annotations of a plan or a report: what is blocked or held, on the manifest that declares it."""

from collections.abc import Mapping, Sequence
from typing import assert_never

from controller.core.planning.matched_app import app_item, subscription_item
from controller.core.render.annotations.commands import command
from controller.core.render.entries.entry import Entry, entry_of
from controller.core.render.entries.phones import MASKED, Phones
from controller.core.status.run_report import Report
from controller.model.manifest import App, Desired, Subscription
from controller.model.plan import (
    Effect,
    Item,
    Link,
    Plan,
    SetCallback,
    Subscribe,
    Unsubscribe,
    Update,
)
from controller.model.problem import NOWHERE, Place

MOST = 10
"""Annotations of one level. GitHub shows no more of one step."""


def places(desired: Desired) -> Mapping[Item, Place]:
    """Return where each item is declared."""
    apps = {app_item(app): app.place for app in desired.apps}
    return {**apps, **{subscription_item(each): each.place for each in desired.subscriptions}}


def annotations(
    of: Sequence[Plan | Report], where: Mapping[Item, Place], refused: str = "", phones: Phones = MASKED
) -> str:
    """Return one line for each, an error for what is blocked and a warning for what is held.

    *where* are the places of items whose entry does not know its own. *refused* is why the source is refused,
    "" if it is not.
    """
    blocked = [each for part in of for each in part.blocked]
    held = [each for part in of for each in part.held]
    rest = [
        f"{len(entries) - MOST} more {name}"
        for name, entries in (("blocked", blocked), ("held", held))
        if len(entries) > MOST
    ]
    told = f"{', '.join(rest)}: the log shows them"
    lines = [
        *([command("error", "the source is refused", NOWHERE, refused)] if refused else []),
        *(_annotation("error", entry_of(each, phones), each.effect, where) for each in blocked[:MOST]),
        *(_annotation("warning", entry_of(each, phones), each.action, where) for each in held[:MOST]),
        *([command("notice", "Gupshup", NOWHERE, told)] if rest else []),
    ]
    return "\n".join(lines)


def _annotation(level: str, entry: Entry, effect: Effect | None, where: Mapping[Item, Place]) -> str:
    place = _place(effect)
    place = where.get(entry.item, NOWHERE) if place == NOWHERE else place
    return command(level, f"{entry.word}: {entry.item}", place, entry.why, *entry.values)


def _place(effect: Effect | None) -> Place:
    match effect:
        case None:
            return NOWHERE
        case Link(app) | SetCallback(app) | Unsubscribe(app) | (App() as app):
            return app.place
        case Subscribe(wanted) | Update(wanted) | (Subscription() as wanted):
            return wanted.place
        case _:
            assert_never(effect)
