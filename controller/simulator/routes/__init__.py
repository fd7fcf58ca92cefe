"""Every route that the pretend Gupshup answers, and nothing else."""

from controller.simulator.route import Route
from controller.simulator.routes import account, apps, callbacks, link, subscriptions

ROUTES: tuple[Route, ...] = (
    *account.ROUTES,
    *link.ROUTES,
    *apps.ROUTES,
    *callbacks.ROUTES,
    *subscriptions.ROUTES,
)
NAMES = frozenset(route.name for route in ROUTES)
