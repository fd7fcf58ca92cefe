"""Entries of plans and of reports as JSON, in one shape for both."""

from collections.abc import Iterable, Mapping, Sequence
from typing import assert_never

from controller.core.planning.actions import item_of, verb_of
from controller.core.planning.changes.effects import diff_of
from controller.core.render.foreign import foreign_row
from controller.core.timestamp import timestamp
from controller.model.modes import in_order
from controller.model.plan import (
    Action,
    Blocked,
    Effect,
    Foreign,
    HeldChange,
    Item,
    Link,
    PartnerWarning,
    SetCallback,
    Subscribe,
    Unmanaged,
    Unsubscribe,
    Update,
    Verb,
    Waiting,
)

FORMAT = "1.0"
"""Additions raise the second figure. A reader must ignore unknown fields."""


def head(revision: str) -> dict[str, object]:
    return {"formatVersion": FORMAT, "revision": revision}


def row(item: Item, verb: Verb | None = None) -> dict[str, object]:
    named = {"kind": str(item.kind), "name": item.name, "partner": item.partner, "app": item.app}
    return {**({} if verb is None else {"verb": str(verb)}), **named}


def action_row(action: Action) -> dict[str, object]:
    return {**row(item_of(action), verb_of(action)), "fields": fields(action), **diff_row(action)}


def diff_row(effect: Effect | None) -> dict[str, object]:
    """Return the values before and after, null where there are none. Nothing if the effect is not known."""
    if effect is None:
        return {}
    diff = diff_of(effect)
    return {"before": diff.before, "after": diff.after}


def fields(action: Action) -> Mapping[str, object]:
    """Return the fields that an action sends, or changes (`from` and `to`); never a header's value."""
    match action:
        case Link(app):
            return {name: value for name, value in app.link_fields.items() if value is not None}
        case SetCallback(url=url):
            return {"callbackUrl": {"from": None, "to": url}}
        case Subscribe(wanted):
            names = {"headers": sorted(wanted.headers)} if wanted.headers else {}
            modes = list(in_order(wanted.modes))
            plain = {"tag": wanted.tag, "url": wanted.url, "version": wanted.version, "modes": modes}
            return {**plain, "active": wanted.active, "showOnUI": wanted.show_on_ui, **names}
        case Update(changes=changes):
            return {name: {"from": old, "to": new} for name, (old, new) in changes.items()}
        case Unsubscribe(remote=remote):
            return {"tag": remote.tag, "url": remote.url}
        case _:
            assert_never(action)


def waiting_row(each: Waiting) -> dict[str, object]:
    until = {} if each.until is None else {"until": timestamp(each.until)}
    message = {"message": each.message} if each.message else {}
    return {
        **row(each.item, each.verb),
        "for": str(each.wait_for),
        **until,
        **message,
        **diff_row(each.effect),
    }


def blocked_row(each: Blocked) -> dict[str, object]:
    return {**row(each.item), "reason": each.reason, "message": each.message, **diff_row(each.effect)}


def held_row(each: HeldChange) -> dict[str, object]:
    message = {"message": each.message} if each.message else {}
    named = row(item_of(each.action), verb_of(each.action))
    return {**named, "guard": each.guard, **message, **diff_row(each.action)}


def unmanaged_row(each: Unmanaged) -> dict[str, object]:
    return {**row(each.item), "id": each.id}


def warning_row(partner: str, warning: PartnerWarning) -> dict[str, object]:
    return {"partner": partner, "reason": warning.reason, "message": warning.message}


def digests(held: Iterable[str | None]) -> str | None:
    """Return the digests that `--release` takes, joined; None if no change is held."""
    return ",".join(digest for digest in held if digest) or None


def lists(
    waiting: Sequence[Waiting],
    blocked: Sequence[Blocked],
    held: Sequence[HeldChange],
    unmanaged: Sequence[Unmanaged],
    foreign: Sequence[Foreign],
) -> dict[str, object]:
    return {
        "waiting": [waiting_row(each) for each in waiting],
        "blocked": [blocked_row(each) for each in blocked],
        "held": [held_row(each) for each in held],
        "unmanaged": [unmanaged_row(each) for each in unmanaged],
        "foreign": [foreign_row(each) for each in foreign],
    }
