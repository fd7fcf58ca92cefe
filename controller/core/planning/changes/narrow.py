"""Scope of a change: the apps that it touches, each with all its subscriptions."""

from dataclasses import replace

from controller.model.manifest import Desired
from controller.model.plan import Item

MOST_SEARCHED = 20
"""Apps that are searched one by one if it is not known how many the partner has."""

_CALLS_EACH = 2
_PAGE = 100
_LEAST_PAGES = 2


def narrow(
    desired: Desired, items: frozenset[Item] | None, touched: frozenset[Item]
) -> tuple[Desired, frozenset[Item] | None]:
    """Return what is left of *desired* and of *items* (None: all) around the *touched* items.

    A subscription needs its app, and an app its subscriptions. A whole source declares all of each app that
    is left, so such an app is planned as it is in the plan of everything.
    """
    names = {item.app for item in touched}
    apps = tuple(app for app in desired.apps if app.name in names)
    subscriptions = tuple(each for each in desired.subscriptions if each.app in names)
    left_names = frozenset(app.name for app in apps)
    whole = left_names if desired.complete else left_names & desired.whole_apps
    left = replace(desired, apps=apps, subscriptions=subscriptions, complete=False, whole_apps=whole)
    return left, None if items is None else frozenset(item for item in items if item.app in names)


def is_searched(apps: int, of: int | None) -> bool:
    """Return whether a search for each of so many *apps* takes fewer calls than the list, or as many.

    *of* is how many apps the partner has, None if that is not known.
    """
    if of is None:
        return apps <= MOST_SEARCHED
    return apps * _CALLS_EACH <= max(of // _PAGE + 1, _LEAST_PAGES)
