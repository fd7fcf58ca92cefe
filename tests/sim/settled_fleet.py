"""A fleet that is there as it is declared: each app live, with its one webhook."""

from collections.abc import Mapping

from controller.model.manifest import App, Partner, Subscription
from tests.sim.scenario import TAG, Scenario, app, desired, subscription, there


def webhook(of: App, tag: str = TAG) -> Subscription:
    return subscription(of, tag, headers={})


def as_declared(of: App) -> Mapping[str, object]:
    """Return what lets the simulator have an app and its webhook already."""
    hook = webhook(of)
    subscribed = {"tag": TAG, "url": hook.url, "version": hook.version, "modes": sorted(hook.modes)}
    return there(of, id=f"00000000-0000-4000-8000-{of.phone[-12:]}", subscriptions=[subscribed])


def settled(count: int, partner: Partner, *switches: str) -> Scenario:
    """Return a scenario of so many settled apps."""
    fleet = [app(number, callback_url=None) for number in range(count)]
    declared = desired(*fleet, *map(webhook, fleet), partner=partner)
    return Scenario("settled", (declared,), tuple(map(as_declared, fleet)), switches)
