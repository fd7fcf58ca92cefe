"""Manual changes: what a person does to an app by hand, outside of the API."""

from dataclasses import replace

from controller.simulator.control.added_apps import SUBSCRIPTION, course_of, partner_of, put_subscription
from controller.simulator.control.fields import ControlError, Fields, fields_of, flag, items, number, text
from controller.simulator.state import AppRecord
from controller.simulator.switches import AT_START, parse
from controller.simulator.wire import Json
from controller.simulator.world import World


def change_app(world: World, body: object) -> Json:
    """Change an app by hand: ``{"app": id or name, "set": {...}, "subscriptions": [...], ...}``.

    A subscription with a new tag is added, one with a known tag is changed, one with ``delete`` is removed.
    Beside ``app``, ``delete`` removes the app, and ``rotateToken`` revokes its token.
    ``revokePartnerTokens`` revokes every partner token, and needs no app.
    """
    fields = fields_of(body, "app", "set", "subscriptions", "delete", "rotateToken", "revokePartnerTokens")
    if fields.get("revokePartnerTokens"):
        for partner in world.partners:
            world.tokens.revoke(partner)
    if "app" not in fields:
        return {"changed": bool(fields.get("revokePartnerTokens"))}
    app = app_of(world, text(fields, "app", None))
    if flag(fields, "rotateToken", default=False):
        world.tokens.forget(app)
        app = replace(app, token_edition=app.token_edition + 1)
    app = _changed(world, app, fields_of(fields.get("set", {}), *_SET))
    for subscription in items(fields, "subscriptions"):
        _change_subscription(world, app, fields_of(subscription, *SUBSCRIPTION, "delete"))
    if flag(fields, "delete", default=False):
        world.apps.delete(app, world.time.clock(), 0, frees=world.switches.delete_frees == "yes")
    return {"changed": True}


_SET = ("name", "phone", "wabaId", "partner", "live", "stage", "callbackUrl", "stopped")


def app_of(world: World, key: str) -> AppRecord:
    """Return the app with the id or the name *key*."""
    app = world.apps.get(key) or world.apps.get(world.apps.names.get(key, ""))
    if app is None:
        raise ControlError(f"there is no app with the id or name {key!r}")
    return app


def _changed(world: World, app: AppRecord, fields: Fields) -> AppRecord:
    now = world.time.clock()
    live = flag(fields, "live", default=app.live)
    course = course_of(world, text(fields, "stage", ""), fields) if "stage" in fields else app.course
    store = world.provision if "stage" in fields else world.apps.put  # only a new course starts again
    return store(
        replace(
            app,
            name=text(fields, "name", app.name),
            phone=text(fields, "phone", app.phone),
            waba_id=text(fields, "wabaId", app.waba_id),
            partner=partner_of(world, fields) if "partner" in fields else app.partner,
            callback_url=text(fields, "callbackUrl", app.callback_url),
            stopped=flag(fields, "stopped", default=app.stopped),
            live=live,
            course=course,
            modified=now,
        )
    )


def _change_subscription(world: World, app: AppRecord, fields: Fields) -> None:
    if flag(fields, "delete", default=False):
        tag = text(fields, "tag", None)
        world.subscriptions.remove([known for known in world.subscriptions.of(app.id) if known.tag == tag])
    else:
        put_subscription(world, app, fields, world.time.clock())


def advance(world: World, body: object) -> Json:
    """Move virtual time: ``{"seconds": 600}``."""
    world.advance(number(fields_of(body, "seconds"), "seconds", 0))
    return {"virtual": world.time.virtual(world.time.clock())}


def change_switches(world: World, body: object) -> Json:
    """Change switches while the simulator runs: ``{"callbacks": "404"}``. Some are only for the start."""
    if not isinstance(body, dict):
        raise ControlError("expected an object with names and values of switches")
    fixed = [name for name in body if str(name).replace("-", "_") in AT_START]
    if fixed:
        raise ControlError(f"only set at the start: {', '.join(fixed)}")
    world.switches = parse((f"{name}={value}" for name, value in body.items()), world.switches)
    return {"changed": len(body)}
