"""Statuses compared with the state of Gupshup when they were reported."""

import json
from collections.abc import Iterable, Mapping

from controller.core.planning.matched_app import subscription_item
from controller.model.manifest import Desired, FromEnv, Reference
from controller.model.plan import Kind
from controller.model.status import Status, Truth
from controller.simulator import World
from tests.sim.scenario import SECRETS
from tests.sim.trace import Trace


def check_statuses(world: World, desired: Desired, statuses: Iterable[Status], trace: Trace) -> None:
    """P29: what a process calls Ready at its end is there, and live."""
    apps: dict[str, str] = {}
    for status in statuses:
        if status.item.kind is not Kind.PARTNER and status.app_id is not None:
            apps[status.item.app] = status.app_id
    for status in statuses:
        if _says(status, "Ready") and not _true(world, desired, status, apps):
            trace.wrong("P29", f"{status.item} is called Ready, and is not")
        if (_says(status, "Ready") or _says(status, "Synced")) and not _hidden(world, desired, status, apps):
            trace.wrong("P46", f"{status.item} is called as declared, and has what nobody declared")


def _says(status: Status, type_: str) -> bool:
    condition = status.condition(type_)
    return condition is not None and condition.status is Truth.TRUE


def _hidden(world: World, desired: Desired, status: Status, apps: Mapping[str, str]) -> bool:
    """P46: what can be written and never read is there as it is declared, too."""
    there = world.apps.get(apps.get(status.item.app, ""))
    if there is None:
        return False
    if status.item.kind is Kind.APP:
        app = next(each for each in desired.apps if each.name == status.item.name)
        return app.callback_url in {None, there.callback_url}
    wanted = next(each for each in desired.subscriptions if subscription_item(each) == status.item)
    meta = next((each.meta for each in world.subscriptions.of(there.id) if each.tag == wanted.tag), "")
    sent = json.loads(meta) if meta else {}
    return not wanted.headers or sent == {name: _value(ref) for name, ref in wanted.headers.items()}


def _value(reference: Reference) -> str | None:
    return SECRETS.get(reference.name) if isinstance(reference, FromEnv) else None


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
