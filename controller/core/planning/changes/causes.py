"""Causes of a plan's entries: this change, somebody at Gupshup, or what was on its way before."""

from enum import StrEnum
from typing import TypeAlias

from controller.core.planning.actions import Provisioning, Unverifiable
from controller.core.planning.changes.effects import subject_of
from controller.core.planning.matched_app import app_item
from controller.model.plan import (
    Action,
    Blocked,
    Effect,
    HeldChange,
    Item,
    Subscribe,
    Unsubscribe,
    Update,
    Waiting,
)


class Cause(StrEnum):
    CHANGE = "change"
    """The change that the plan is about. Without `--since`: the manifests as a whole."""
    DRIFT = "drift"
    """Somebody changed or removed at Gupshup what had been written from here as declared."""
    PROGRESS = "progress"
    """It was on its way before."""


Caused: TypeAlias = Action | Waiting | Blocked | HeldChange | Provisioning | Unverifiable


def cause(entry: Caused, touched: frozenset[Item] | None) -> Cause:
    """Return why *entry* is in a plan. *touched* is as in `Plan`."""
    effect = _effect(entry)
    if touched is not None and (_item(entry) in touched or _is_removal(effect, touched)):
        return Cause.CHANGE
    if any(isinstance(each, Update | Subscribe | Blocked) and each.drift for each in (entry, effect)):
        return Cause.DRIFT
    unfinished = isinstance(entry, Waiting | Provisioning)
    return Cause.PROGRESS if unfinished or touched is not None else Cause.CHANGE


def _is_removal(effect: Effect | None, touched: frozenset[Item]) -> bool:
    """Return whether *effect* removes what its app's declaration, which is touched, now lets go.

    No manifest names what is removed, so a changed policy touches it by its app alone.
    """
    return isinstance(effect, Unsubscribe) and app_item(effect.app) in touched


def _effect(entry: Caused) -> Effect | None:
    match entry:
        case Waiting(effect=effect) | Blocked(effect=effect) | HeldChange(action=effect):
            return effect
        case Provisioning() | Unverifiable():
            return None
        case _:
            return entry


def _item(entry: Caused) -> Item:
    match entry:
        case Waiting(item=item) | Blocked(item=item) | Provisioning(item) | Unverifiable(item):
            return item
        case HeldChange(action):
            return subject_of(action)[1]
        case _:
            return subject_of(entry)[1]
