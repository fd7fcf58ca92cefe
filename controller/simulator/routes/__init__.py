"""Routes of the simulated Gupshup, in the order in which they are tried."""

from controller.simulator.route import ApiRoute
from controller.simulator.routes import (
    account,
    app_changes,
    app_lists,
    apps,
    callbacks,
    link,
    subscriptions,
    universal_app_tokens,
    universal_tokens,
)

ROUTES: tuple[ApiRoute, ...] = (
    *account.ROUTES,
    *universal_tokens.ROUTES,
    *universal_app_tokens.ROUTES,
    *link.ROUTES,
    *app_lists.ROUTES,
    *apps.ROUTES,
    *app_changes.ROUTES,
    *callbacks.ROUTES,
    *subscriptions.ROUTES,
)
NAMES = frozenset(route.name for route in ROUTES)
