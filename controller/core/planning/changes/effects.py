"""Effects of a plan's entries: the values before and after, complete, and with no secret among them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from controller.core.planning import modes
from controller.core.planning.actions import item_of, verb_of
from controller.core.planning.digest import Canonical, digest
from controller.core.planning.matched_app import app_item, subscription_item
from controller.model.manifest import App, FromEnv, Reference, Subscription
from controller.model.modes import in_order
from controller.model.plan import (
    Effect,
    Item,
    Link,
    SetCallback,
    Subscribe,
    Unsubscribe,
    Update,
    Verb,
)
from controller.model.upstream import RemoteSubscription

Values: TypeAlias = Mapping[str, Canonical]


@dataclass(frozen=True, slots=True)
class Diff:
    """The values of one item, by the names of the manifest's fields.

    *before* is None if there is nothing yet, *after* None if nothing is to be left. A value that cannot be
    read back is None in *before*. Of a header, only the reference is here.
    """

    before: Values | None
    after: Values | None


def diff_of(effect: Effect) -> Diff:
    match effect:
        case Link(app) | (App() as app):
            return Diff(None, {name: value for name, value in app.link_fields.items() if value is not None})
        case SetCallback(url=url):
            return Diff({"callbackUrl": None}, {"callbackUrl": url})
        case Subscribe(wanted) | (Subscription() as wanted):
            return Diff(None, declared_values(wanted))
        case Update(wanted, found=found, changes=changes):
            written = {"headers": None} if "headers" in changes else {}
            return Diff({**found_values(found), **written}, declared_values(wanted))
        case Unsubscribe(remote=remote):
            return Diff(found_values(remote), None)
        case _:
            assert_never(effect)


def declared_values(wanted: Subscription) -> Values:
    headers = {name: _reference(each) for name, each in sorted(wanted.headers.items())}
    return {
        "tag": wanted.tag,
        "url": wanted.url,
        "version": wanted.version,
        "modes": list(in_order(wanted.modes)),
        "active": wanted.active,
        "showOnUI": wanted.show_on_ui,
        **({"headers": headers} if headers else {}),
    }


def found_values(remote: RemoteSubscription) -> Values:
    return {
        "tag": remote.tag,
        "url": remote.url,
        "version": remote.version,
        "modes": list(modes.names(remote)),
        "active": remote.active,
    }


def subject_of(effect: Effect) -> tuple[Verb, Item]:
    """Return which verb the effect is, and what it is about."""
    match effect:
        case App():
            return Verb.LINK, app_item(effect)
        case Subscription():
            return Verb.SUBSCRIBE, subscription_item(effect)
        case _:
            return verb_of(effect), item_of(effect)


def fingerprint(effect: Effect) -> str:
    """Return a digest that names the whole effect: verb, item, and every value before and after.

    The partner's name and the ids at Gupshup are no part of it.
    """
    (verb, item), diff = subject_of(effect), diff_of(effect)
    return digest([str(verb), str(item.kind), item.app, item.name, diff.before, diff.after])


def _reference(reference: Reference) -> Canonical:
    match reference:
        case FromEnv(name):
            return {"env": name}
        case _:
            return {"file": reference.path}
