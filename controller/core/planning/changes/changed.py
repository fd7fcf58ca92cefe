"""Items that a change touches: two declarations go in, what differs between them comes out."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from controller.core.planning.changes.renames import under_new_names
from controller.core.planning.matched_app import app_item, subscription_item, tag_item
from controller.core.planning.selection import declared_tags
from controller.model.manifest import App, Desired, Partner, Settle, Subscription
from controller.model.plan import Item, Kind
from controller.model.problem import NOWHERE


def changed(before: Desired, now: Desired) -> frozenset[Item]:
    """Return what differs, wherever it stands and whatever it is called: a rename touches nothing.

    A removed subscription is known by its tag, if its app is still declared. Otherwise only the app is named.
    """
    before = under_new_names(before, now)
    was, declared = _declarations(before), _declarations(now)
    differing = {item for item in was.keys() | declared.keys() if _differ(was.get(item), declared.get(item))}
    partners, governed = _changed_partners(before, now), frozenset(_governed(before, now))
    found = {item for item in differing if item in declared or item.kind is Kind.APP}
    found.update(_removed_tags(before, now))
    found.update(item for item in declared if item.partner in partners or item.app in governed)
    return frozenset(found)


def everything(desired: Desired) -> frozenset[Item]:
    return frozenset(_declarations(desired))


def _declarations(desired: Desired) -> Mapping[Item, App | Subscription]:
    apps = {app_item(app): app for app in desired.apps}
    return {**apps, **{subscription_item(each): each for each in desired.subscriptions}}


def _differ(before: App | Subscription | None, now: App | Subscription | None) -> bool:
    """Return whether two declarations of an item differ, wherever they stand."""
    if before is None or now is None or before == now:
        return before != now
    return replace(before, place=NOWHERE) != replace(now, place=NOWHERE)


def _changed_partners(before: Desired, now: Desired) -> frozenset[str]:
    """Return the names of partners that decide otherwise than before, so that anything of them may change."""
    was = {partner.name: _deciding(partner) for partner in before.partners}
    return frozenset(each.name for each in now.partners if was.get(each.name) != _deciding(each))


def _deciding(partner: Partner) -> Partner:
    """Return *partner* without what only decides how long something takes, or when it is warned about."""
    return replace(partner, limits={}, settle=Settle(), expires=None, place=NOWHERE)


def _governed(before: Desired, now: Desired) -> Iterator[str]:
    """Yield the names of apps that differ in what also decides about all their subscriptions."""
    was = {app.name: _governing(app) for app in before.apps}
    yield from (app.name for app in now.apps if was.get(app.name, _governing(app)) != _governing(app))


def _governing(app: App) -> tuple[object, ...]:
    return app.policies, app.suspend, app.state, app.app_id, app.app_name, app.phone, app.waba_id


def _removed_tags(before: Desired, now: Desired) -> Iterator[Item]:
    tags, left = declared_tags(before), declared_tags(now)
    for app in now.apps:
        for tag in tags.get(app.name, frozenset()) - left[app.name]:
            yield tag_item(app, tag)
