"""Entries of a plan, and what holds an action back: a missing policy, a suspension, an earlier refusal."""

from dataclasses import dataclass
from typing import TypeAlias, assert_never

from controller.core.planning.digest import digest
from controller.core.planning.matched_app import MatchedApp, app_item, subscription_item, tag_item
from controller.model.manifest import App, Policy
from controller.model.memory import Refusal
from controller.model.plan import (
    Action,
    Blocked,
    Foreign,
    Item,
    Link,
    NotYetObserved,
    SetCallback,
    Subscribe,
    Unmanaged,
    Unsubscribe,
    Update,
    Verb,
    WaitFor,
    Waiting,
)

WILL_NOT_CONVERGE = "WillNotConverge"
NO_CLEAR_ANSWER = "NoClearAnswer"
TAG_TAKEN = "TagTaken"
TOO_MANY_SUBSCRIPTIONS = "TooManySubscriptions"

REMOVED = digest("removed")
"""The digest of every removal: a removal declares nothing that could change."""

MOST_UNCLEAR_WRITES = 5
"""Tries in a row without proof before a person is asked. Further tries follow at most once an hour."""

LINK_REFUSED = "LinkRefused"
"""The reason of a refusal that may be about the account as much as about the app."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    item: Item


@dataclass(frozen=True, slots=True)
class Provisioning:
    item: Item


@dataclass(frozen=True, slots=True)
class Unverifiable:
    item: Item


PlanEntry: TypeAlias = (
    Action
    | Waiting
    | Blocked
    | Unmanaged
    | Foreign
    | Unchanged
    | Provisioning
    | Unverifiable
    | NotYetObserved
)


def verb_of(action: Action) -> Verb:
    match action:
        case Link():
            return Verb.LINK
        case Subscribe():
            return Verb.SUBSCRIBE
        case Update() | SetCallback():
            return Verb.UPDATE
        case Unsubscribe():
            return Verb.UNSUBSCRIBE
        case _:
            assert_never(action)


def item_of(action: Action) -> Item:
    match action:
        case Link(app) | SetCallback(app):
            return app_item(app)
        case Subscribe(wanted) | Update(wanted):
            return subscription_item(wanted)
        case Unsubscribe(app, _, remote):
            return tag_item(app, remote.tag)
        case _:
            assert_never(action)


def tag_of(action: Action) -> str | None:
    """Return the tag of the webhook that *action* writes, None if it writes none."""
    match action:
        case Subscribe(wanted) | Update(wanted):
            return wanted.tag
        case Unsubscribe(remote=remote):
            return remote.tag
        case _:
            return None


_VERBS = list(Verb)


def order(action: Action) -> tuple[int, Item]:
    """Return the place of *action* in a plan."""
    return _VERBS.index(verb_of(action)), item_of(action)


def permitted(action: Action, matched: MatchedApp, *, key: str, digest: str) -> PlanEntry:
    """Return *action*, or what holds it back: a missing policy, a suspension or an earlier refusal."""
    app, now = matched.app, matched.context.now
    policy = _policy(action)
    if policy not in app.policies and not app.is_retired:
        return _waiting(action, WaitFor.POLICY, message=f"spec.policies of App/{app.name} lacks {policy}")
    if app.suspend is not None and suspended(app, now):
        return _waiting(action, WaitFor.SUSPENSION, app.suspend.until, app.suspend.reason)
    refusal = matched.refusal(key)
    if refusal is None or refusal.digest != digest:
        return action
    if refusal.retry_at is not None and refusal.retry_at <= now:
        return action
    if refusal.retry_at is None or refusal.reason == TOO_MANY_SUBSCRIPTIONS or asks_person(refusal):
        return Blocked(item_of(action), refusal.reason, refusal.message, action)
    return _waiting(action, WaitFor.BACKOFF, refusal.retry_at, refusal.message)


def asks_person(refusal: Refusal) -> bool:
    """Return whether a person has to check, because too many answers in a row proved nothing."""
    return refusal.reason in {NO_CLEAR_ANSWER, TAG_TAKEN} and refusal.tries >= MOST_UNCLEAR_WRITES


def _policy(action: Action) -> Policy:
    """Return the policy that *action* needs: a callback that a link could not set belongs to the link."""
    if isinstance(action, SetCallback) and action.finishes_link:
        return Policy.LINK
    return Policy(verb_of(action).capitalize())


def suspended(app: App, now: float) -> bool:
    return app.suspend is not None and (app.suspend.until is None or now < app.suspend.until)


def _waiting(action: Action, wait_for: WaitFor, until: float | None = None, message: str = "") -> Waiting:
    return Waiting(verb_of(action), item_of(action), wait_for, until, message, action)
