"""Selection from what is declared: `--only KIND/NAME` and `-l label=value`."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from controller.core.closest import did_you_mean
from controller.core.planning.matched_app import app_item, subscription_item
from controller.errors import Usage
from controller.model.manifest import Desired, Subscription
from controller.model.plan import Item, Kind


def select(
    desired: Desired, only: Collection[str], labels: Mapping[str, str]
) -> tuple[Desired, frozenset[Item] | None]:
    """Return what is left of *desired*, and the items that count in it (None: all).

    An app brings its subscriptions along. A selection is not complete: what it lacks means nothing. Raises
    Usage for a selection that matches nothing: an empty one never means everything.
    """
    if not only and not labels:
        return desired, None
    names = {_parsed(each) for each in only}
    labelled = {app.name: app for app in desired.apps if labels.items() <= app.labels.items()}
    items = {app_item(app) for app in labelled.values() if not names or (Kind.APP, app.name) in names}
    for wanted in desired.subscriptions:
        app = labelled.get(wanted.app)
        named = (Kind.SUBSCRIPTION, wanted.name) in names
        if app is not None and (named or app_item(app) in items):
            items.add(subscription_item(wanted))
    _all_matched(names, items, desired)
    if not items:
        asked = ", ".join(f"{key}={value}" for key, value in sorted(labels.items()))
        raise Usage(f"-l {asked} matches no app; `gupshupctl get` lists what there is")
    return _narrowed(desired, frozenset(items)), frozenset(items)


def _parsed(text: str) -> tuple[Kind, str]:
    kind, _, name = text.partition("/")
    by_name = {each.lower(): each for each in (Kind.APP, Kind.SUBSCRIPTION)}
    if kind.lower() not in by_name or not name:
        raise Usage(f"--only takes KIND/NAME, App/acme for example; not {text!r:.80}")
    return by_name[kind.lower()], name


def _all_matched(names: Collection[tuple[Kind, str]], items: Collection[Item], desired: Desired) -> None:
    matched = {(item.kind, item.name) for item in items}
    missing = sorted(f"{kind}/{name}" for kind, name in set(names) - matched)
    if missing:
        declared = (*map(app_item, desired.apps), *map(subscription_item, desired.subscriptions))
        asked = ", ".join(missing)
        mean = did_you_mean(asked, {f"{item.kind}/{item.name}" for item in declared})
        raise Usage(f"--only {asked} matches nothing that is declared{mean}")


def _narrowed(desired: Desired, items: frozenset[Item]) -> Desired:
    """Keep the items and the apps they are about. Those apps are needed to find the items."""
    subscriptions = tuple(each for each in desired.subscriptions if _kept(each, items))
    needed = {item.app for item in items}
    apps = tuple(app for app in desired.apps if app.name in needed)
    tags = declared_tags(desired) if desired.complete else None
    return replace(desired, apps=apps, subscriptions=subscriptions, complete=False, tags=tags)


def declared_tags(desired: Desired) -> Mapping[str, frozenset[str]]:
    """Return the tags that are declared for each app."""
    by_app: dict[str, set[str]] = {app.name: set() for app in desired.apps}
    for wanted in desired.subscriptions:
        by_app[wanted.app].add(wanted.tag)
    return {name: frozenset(tags) for name, tags in by_app.items()}


def _kept(wanted: Subscription, items: frozenset[Item]) -> bool:
    return subscription_item(wanted) in items
