"""Rows of a saved plan: each entry of a plan with its effect, and no secret."""

from collections.abc import Iterable
from typing import TypeAlias, assert_never

from controller.core.planning.changes.effects import diff_of, subject_of
from controller.core.planning.digest import Canonical
from controller.core.planning.subscriptions import UNKNOWN
from controller.model.manifest import App, Subscription
from controller.model.plan import (
    Blocked,
    Effect,
    Foreign,
    HeldChange,
    Item,
    Link,
    Plan,
    SetCallback,
    Subscribe,
    Unmanaged,
    Unsubscribe,
    Update,
    Waiting,
)

JsonRow: TypeAlias = dict[str, Canonical]


def plan_row(plan: Plan) -> JsonRow:
    """Return all that *plan* says, but for what it does not know yet."""
    return {
        "partner": plan.partner.name,
        "actions": [effect_row(each) for each in plan.actions],
        "waiting": [_waiting(each) for each in plan.waiting],
        "blocked": [_blocked(each) for each in plan.blocked],
        "held": [_held(each) for each in plan.held],
        "unmanaged": [_unmanaged(each) for each in plan.unmanaged],
        "foreign": [_foreign(each) for each in plan.foreign],
        "unchanged": _items(plan.unchanged),
        "provisioning": _items(plan.provisioning),
        "unverifiable": _items(plan.unverifiable),
        "touched": None if plan.touched is None else _items(sorted(plan.touched)),
    }


def effect_row(effect: Effect) -> JsonRow:
    (_, item), diff = subject_of(effect), diff_of(effect)
    head = {"effect": _kind(effect), **item_row(item), **_flags(effect)}
    return {**head, "before": diff.before, "after": diff.after}


def item_row(item: Item) -> JsonRow:
    return {"kind": str(item.kind), "name": item.name, "app": item.app}


def _kind(effect: Effect) -> str:
    match effect:
        case Link() | App():
            return "link"
        case SetCallback():
            return "callback"
        case Subscribe() | Subscription():
            return "subscribe"
        case Update():
            return "update"
        case Unsubscribe():
            return "unsubscribe"
        case _:
            assert_never(effect)


def _flags(effect: Effect) -> JsonRow:
    """Return what no value shows: drift is put back, headers were never written from here, Gupshup's bits."""
    match effect:
        case Update(changes=changes, drift=drift, found=found):
            return {"drift": drift, "unknown": changes.get("headers") == UNKNOWN, "mode": found.mode}
        case Unsubscribe(remote=remote):
            return {"mode": remote.mode}
        case SetCallback(finishes_link=finishes, unknown=unknown):
            return {"finishesLink": finishes, "unknown": unknown}
        case Subscribe(drift=drift):
            return {"drift": drift}
        case Subscription():
            return {"drift": False}
        case _:
            return {}


def _waiting(each: Waiting) -> JsonRow:
    effect = None if each.effect is None else effect_row(each.effect)
    head = {"verb": str(each.verb), **item_row(each.item), "for": str(each.wait_for)}
    return {**head, "until": each.until, "message": each.message, "effect": effect}


def _blocked(each: Blocked) -> JsonRow:
    effect = None if each.effect is None else effect_row(each.effect)
    head = {**item_row(each.item), "reason": each.reason, "message": each.message, "effect": effect}
    return {**head, "drift": True} if each.drift else head


def _held(each: HeldChange) -> JsonRow:
    return {"guard": each.guard, "message": each.message, "effect": effect_row(each.action)}


def _unmanaged(each: Unmanaged) -> JsonRow:
    return {**item_row(each.item), "id": each.id}


def _foreign(each: Foreign) -> JsonRow:
    head = {**item_row(each.item), "id": each.id, "host": each.host, "modes": list(each.modes)}
    partial: JsonRow = {"partial": True} if each.partial else {}
    return {**head, "version": each.version, "allowed": each.allowed, **partial}


def _items(items: Iterable[Item]) -> list[Canonical]:
    return [item_row(item) for item in items]
