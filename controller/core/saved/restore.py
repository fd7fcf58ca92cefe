"""Restoration of a saved plan: its rows beside the manifests that came with them.

What would be sent comes from the manifests, which were decoded like any others. The rows only say which
effects were approved, so one that contradicts the manifests is an error.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from controller.core.planning.changes.effects import diff_of, subject_of
from controller.core.planning.matched_app import app_item, subscription_item
from controller.core.planning.subscriptions import HIDDEN, UNKNOWN, drift
from controller.core.saved.rows import JsonRow
from controller.errors import PlanFileError
from controller.model.manifest import App, AppId, Desired, Partner, Subscription
from controller.model.plan import (
    Action,
    Blocked,
    Effect,
    Foreign,
    HeldChange,
    Item,
    Kind,
    Link,
    Plan,
    SetCallback,
    Subscribe,
    Unmanaged,
    Unsubscribe,
    Update,
    Verb,
    WaitFor,
    Waiting,
)
from controller.model.upstream import RemoteSubscription, SubscriptionId

NO_ID = AppId("")
"""The id of an app in a restored plan: it is found again before anything is sent."""


def restored(rows: Iterable[JsonRow], desired: Desired) -> tuple[Plan, ...]:
    """Return the plans of *rows*. Raises PlanFileError if one of them contradicts *desired*."""
    return tuple(_Manifests.of(row, desired).plan(row) for row in rows)


@dataclass(frozen=True, slots=True)
class _Manifests:
    """The manifests of one partner, by their items."""

    partner: Partner
    revision: str
    apps: Mapping[Item, App]
    subscriptions: Mapping[Item, Subscription]

    @classmethod
    def of(cls, row: Mapping[str, Any], desired: Desired) -> "_Manifests":
        name = row["partner"]
        partner = next((each for each in desired.partners if each.name == name), None)
        if partner is None:
            raise PlanFileError(f"its manifests declare no Partner {name}; plan again")
        apps = {app_item(each): each for each in desired.apps}
        subscriptions = {subscription_item(each): each for each in desired.subscriptions}
        return cls(partner, desired.revision, apps, subscriptions)

    def plan(self, row: Mapping[str, Any]) -> Plan:
        return Plan(
            partner=self.partner,
            revision=self.revision,
            actions=tuple(self._action(each) for each in row["actions"]),
            waiting=tuple(self._waiting(each) for each in row["waiting"]),
            blocked=tuple(self._blocked(each) for each in row["blocked"]),
            held=tuple(self._held(each) for each in row["held"]),
            unmanaged=tuple(Unmanaged(self._item(each), each["id"]) for each in row["unmanaged"]),
            foreign=tuple(self._foreign(each) for each in row["foreign"]),
            unchanged=tuple(map(self._item, row["unchanged"])),
            provisioning=tuple(map(self._item, row["provisioning"])),
            unverifiable=tuple(map(self._item, row["unverifiable"])),
            touched=None if row["touched"] is None else frozenset(map(self._item, row["touched"])),
        )

    def _item(self, row: Mapping[str, Any]) -> Item:
        return Item(Kind(row["kind"]), self.partner.name, row["app"], row["name"])

    def _waiting(self, row: Mapping[str, Any]) -> Waiting:
        verb, item, effect = Verb(row["verb"]), self._item(row), self._if_any(row)
        if effect is not None and subject_of(effect) != (verb, item):
            raise PlanFileError(f"what follows the wait of {item} is about another item; plan again")
        return Waiting(verb, item, WaitFor(row["for"]), row["until"], row["message"], effect)

    def _blocked(self, row: Mapping[str, Any]) -> Blocked:
        drift = row.get("drift", False)
        return Blocked(self._item(row), row["reason"], row["message"], self._if_any(row), drift)

    def _held(self, row: Mapping[str, Any]) -> HeldChange:
        return HeldChange(self._action(row["effect"]), row["guard"], row["message"])

    def _foreign(self, row: Mapping[str, Any]) -> Foreign:
        told, flags = tuple(row["modes"]), {"allowed": row["allowed"], "partial": row.get("partial", False)}
        return Foreign(self._item(row), row["id"], row["host"], told, row["version"], **flags)

    def _if_any(self, row: Mapping[str, Any]) -> Effect | None:
        return None if row["effect"] is None else self._action(row["effect"])

    def _action(self, row: Mapping[str, Any]) -> Action:
        item = self._item(row)
        action = self._by_kind(row, item)
        (_, subject), diff = subject_of(action), diff_of(action)
        if (subject, diff.before, diff.after) != (item, row["before"], row["after"]):
            raise PlanFileError(f"what it plans for {item} is not what its own manifests declare; plan again")
        return action

    def _by_kind(self, row: Mapping[str, Any], item: Item) -> Action:
        match row["effect"]:
            case "link":
                return Link(self._app(item))
            case "callback":
                app, flags = self._app(item), (row["finishesLink"], row["unknown"])
                return SetCallback(app, NO_ID, app.callback_url or "", *flags)
            case "subscribe":
                return Subscribe(self._subscription(item), NO_ID, row["drift"])
            case "update":
                return self._update(row, self._subscription(item))
            case _:
                return Unsubscribe(self._app(item), NO_ID, _remote(row))

    def _update(self, row: Mapping[str, Any], wanted: Subscription) -> Update:
        found, never = _remote(row), row["unknown"]
        hidden = {"headers": UNKNOWN if never else HIDDEN} if "headers" in row["before"] else {}
        changes = {**drift(wanted, found), **hidden}
        return Update(wanted, NO_ID, found, changes, row["drift"], unknown=changes == {"headers": UNKNOWN})

    def _app(self, item: Item) -> App:
        found = self.apps.get(Item(Kind.APP, item.partner, item.app, item.app))
        if found is None:
            raise PlanFileError(f"its manifests do not declare App/{item.app}; plan again")
        return found

    def _subscription(self, item: Item) -> Subscription:
        found = self.subscriptions.get(item)
        if found is None:
            raise PlanFileError(f"its manifests do not declare {item}; plan again")
        return found


def _remote(row: Mapping[str, Any]) -> RemoteSubscription:
    """Return the subscription that had the values before. Names of modes count only without bits."""
    found = {"tag": "", "url": "", "version": None, "modes": [], "active": False, **row["before"]}
    return RemoteSubscription(
        SubscriptionId(""),
        found["tag"],
        found["url"],
        found["version"],
        row["mode"],
        tuple(found["modes"]) if row["mode"] is None else (),
        active=found["active"],
    )
