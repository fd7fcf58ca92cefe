"""Added apps: apps that exist although no call has linked them."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from controller.simulator import modes, stages
from controller.simulator.control.fields import ControlError, Fields, fields_of, flag, items, number, text
from controller.simulator.state import STRANGER, AppRecord, SubscriptionRecord
from controller.simulator.wire import Json
from controller.simulator.world import World


def add_apps(world: World, body: object) -> Json:
    """Add apps: ``{"apps": [{"name": ..., "phone": ..., "live": true, ...}]}``.

    The answer has their ids in the same order. The ``partner`` of another partner's app is ``stranger``.
    """
    given = items(fields_of(body, "apps"), "apps", needed=True)
    return {"ids": [_added(world, fields_of(app, *_APP)).id for app in given]}


_APP = (
    *("id", "name", "phone", "wabaId", "partner", "live", "stage"),
    *("callbackUrl", "storageRegion", "stopped", "age", "subscriptions"),
)
SUBSCRIPTION = ("tag", "url", "version", "modes", "active", "showOnUI", "meta", "foreign")


def _added(world: World, fields: Fields) -> AppRecord:
    now = world.time.clock()
    live = flag(fields, "live", default=True)
    age = number(fields, "age", 0)
    app = AppRecord(
        id=text(fields, "id", "") or world.new_id(),
        partner=partner_of(world, fields),
        name=text(fields, "name", None),
        course=course_of(world, text(fields, "stage", "live" if live else "provisioning"), fields),
        created_virtual=world.time.virtual(now) - age * world.time.scale,
        created=now - age,
        modified=now - age,
        phone=text(fields, "phone", ""),
        waba_id=text(fields, "wabaId", ""),
        callback_url=text(fields, "callbackUrl", ""),
        region=text(fields, "storageRegion", "IN"),
        live=live,
        live_at=now - age if live else None,
        stopped=flag(fields, "stopped", default=False),
    )
    world.provision(app)
    for subscription in items(fields, "subscriptions"):
        put_subscription(world, app, fields_of(subscription, *SUBSCRIPTION), now)
    return app


def partner_of(world: World, fields: Fields) -> str:
    """Return the partner in *fields*: one of ours, or the stranger."""
    partner = text(fields, "partner", next(iter(world.partners), STRANGER))
    if partner != STRANGER and partner not in world.partners:
        raise ControlError(
            f"partner {partner!r} does not exist; there are: {', '.join(world.partners)}, stranger"
        )
    return partner


def course_of(world: World, stage: str, fields: Fields) -> stages.Course:
    """Return the course of an app that is at *stage*, or on its way."""
    rng = world.chance("course", text(fields, "name", ""), text(fields, "phone", ""))
    courses: Mapping[str, Callable[[], stages.Course]] = {
        "live": lambda: stages.LIVE_AT_ONCE,
        "stuck": lambda: stages.STUCK,
        "error": lambda: stages.FAILED,
        "provisioning": lambda: stages.succeeding(rng, world.switches),
    }
    if stage not in courses:
        raise ControlError(f"stage {stage!r} does not exist; there are: {', '.join(courses)}")
    return courses[stage]()


def put_subscription(world: World, app: AppRecord, fields: Fields, now: float) -> None:
    """Add the subscription of *fields*, or change the one that has its tag."""
    tag = text(fields, "tag", None)
    existing = next((known for known in world.subscriptions.of(app.id) if known.tag == tag), None)
    start = existing or SubscriptionRecord(world.subscriptions.new_id(), app.id, tag, "", 2, 0, now, now)
    world.subscriptions.put(
        replace(
            start,
            url=text(fields, "url", start.url),
            version=int(number(fields, "version", start.version)),
            mode=_mode(fields, start.mode),
            active=flag(fields, "active", default=start.active),
            show_on_ui=flag(fields, "showOnUI", default=start.show_on_ui),
            meta=text(fields, "meta", start.meta),
            foreign=flag(fields, "foreign", default=start.foreign),
            modified=now,
        )
    )


def _mode(fields: Fields, default: int) -> int:
    given = fields.get("modes", default)
    if isinstance(given, list):
        return modes.encode(str(mode) for mode in given)
    if isinstance(given, int):
        return given
    return modes.encode(modes.split(str(given)))
