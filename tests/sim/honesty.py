"""Statuses held against what stood at Gupshup when they were told."""

from collections.abc import Iterable, Mapping

from controller.core.case import subscription_item
from controller.model.manifest import Desired
from controller.model.plan import Kind
from controller.model.status import Status, Truth
from controller.simulator import World
from tests.sim.trace import Trace


def lies(world: World, desired: Desired, statuses: Iterable[Status], trace: Trace) -> None:
    """P29: what a process calls Ready at its end is there, and live."""
    apps: dict[str, str] = {}
    for status in statuses:
        if status.item.kind is Kind.APP and status.app_id is not None:
            apps[status.item.app] = status.app_id
    for status in statuses:
        ready = status.condition("Ready")
        if ready is not None and ready.status is Truth.TRUE and not _true(world, desired, status, apps):
            trace.wrong("P29", f"{status.item} is called Ready, and is not")


def _true(world: World, desired: Desired, status: Status, apps: Mapping[str, str]) -> bool:
    app = world.apps.get(apps.get(status.item.app, ""))
    if app is None or app.deleted:
        return False
    if status.item.kind is Kind.APP:
        stage = app.stage(world.time.virtual(world.now())).creation
        return app.live or stage == "WHATSAPP_PROVISIONING_DONE"
    wanted = next(each for each in desired.subscriptions if subscription_item(each) == status.item)
    there = ((each.tag, each.url, each.active) for each in world.subscriptions.of(app.id))
    return (wanted.tag, wanted.url, wanted.active) in there
