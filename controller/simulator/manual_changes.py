"""What somebody else does upstream: apps that were there before, and changes by hand."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

from controller.simulator import modes, stages
from controller.simulator.state import STRANGER, App, Subscription
from controller.simulator.wire import Json
from controller.simulator.world import World

_Fields: TypeAlias = Mapping[str, object]


class ControlError(ValueError):
    """A body that the control surface cannot use."""


def seed(world: World, body: object) -> Json:
    """Add apps that exist already: ``{"apps": [{"name": ..., "phone": ..., "live": true, ...}]}``.

    Answers their ids in the same order. ``partner`` may be ``stranger`` for somebody else's app.
    """
    given = _fields(body, "apps").get("apps")
    if not isinstance(given, list):
        raise ControlError("`apps` must be a list")
    return {"ids": [_seeded(world, _fields(each, *_APP)).id for each in given]}


_APP = (
    *("id", "name", "phone", "wabaId", "partner", "live", "stage"),
    *("callbackUrl", "storageRegion", "stopped", "age", "subscriptions"),
)
_SUBSCRIPTION = ("tag", "url", "version", "modes", "active", "showOnUI", "meta", "foreign")


def _seeded(world: World, fields: _Fields) -> App:
    now = world.time.clock()
    live = _flag(fields, "live", default=True)
    age = _figure(fields, "age", 0)
    app = App(
        id=_text(fields, "id", "") or world.new_id(),
        partner=_partner(world, fields),
        name=_text(fields, "name", None),
        course=_course(world, _text(fields, "stage", "live" if live else "provisioning"), fields),
        born=world.time.virtual(now) - age * world.time.scale,
        created=now - age,
        modified=now - age,
        phone=_text(fields, "phone", ""),
        waba_id=_text(fields, "wabaId", ""),
        callback_url=_text(fields, "callbackUrl", ""),
        region=_text(fields, "storageRegion", "IN"),
        live=live,
        live_at=now - age if live else None,
        stopped=_flag(fields, "stopped", default=False),
    )
    world.put(app)
    for each in _list(fields, "subscriptions"):
        _subscribed(world, app, _fields(each, *_SUBSCRIPTION), now)
    return app


def _partner(world: World, fields: _Fields) -> str:
    partner = _text(fields, "partner", next(iter(world.partners), STRANGER))
    if partner != STRANGER and partner not in world.partners:
        raise ControlError(
            f"partner {partner!r} does not exist; there are: {', '.join(world.partners)}, stranger"
        )
    return partner


def _course(world: World, stage: str, fields: _Fields) -> stages.Course:
    rng = world.chance("course", _text(fields, "name", ""), _text(fields, "phone", ""))
    courses: Mapping[str, Callable[[], stages.Course]] = {
        "live": lambda: stages.BORN_LIVE,
        "stuck": lambda: stages.STUCK,
        "error": lambda: stages.FAILED,
        "provisioning": lambda: stages.smooth(rng, world.switches),
    }
    if stage not in courses:
        raise ControlError(f"stage {stage!r} does not exist; there are: {', '.join(courses)}")
    return courses[stage]()


def _subscribed(world: World, app: App, fields: _Fields, now: float) -> None:
    tag = _text(fields, "tag", None)
    held = next((each for each in world.subscriptions.of(app.id) if each.tag == tag), None)
    start = held or Subscription(world.subscriptions.new_id(), app.id, tag, "", 2, 0, now, now)
    world.subscriptions.put(
        replace(
            start,
            url=_text(fields, "url", start.url),
            version=int(_figure(fields, "version", start.version)),
            mode=_mode(fields, start.mode),
            active=_flag(fields, "active", default=start.active),
            show_on_ui=_flag(fields, "showOnUI", default=start.show_on_ui),
            meta=_text(fields, "meta", start.meta),
            foreign=_flag(fields, "foreign", default=start.foreign),
            modified=now,
        )
    )


def _mode(fields: _Fields, default: int) -> int:
    given = fields.get("modes", default)
    if isinstance(given, list):
        return modes.encode(str(each) for each in given)
    if isinstance(given, int):
        return given
    return modes.encode(modes.split(str(given)))


def drift(world: World, body: object) -> Json:
    """Change an app by hand: ``{"app": id or name, "set": {...}, "subscriptions": [...], ...}``.

    A subscription with a new tag is added, with a known one changed, with ``delete`` removed.
    ``delete`` removes the app and ``rotateToken`` makes its token worthless.
    ``revokePartnerTokens`` does that to every partner token, and needs no app.
    """
    fields = _fields(body, "app", "set", "subscriptions", "delete", "rotateToken", "revokePartnerTokens")
    if fields.get("revokePartnerTokens"):
        for partner in world.partners:
            world.access.revoke(partner)
    if "app" not in fields:
        return {"changed": bool(fields.get("revokePartnerTokens"))}
    app = _found(world, _text(fields, "app", None))
    if _flag(fields, "rotateToken", default=False):
        world.access.forget(app)
        app = replace(app, token_edition=app.token_edition + 1)
    app = _set(world, app, _fields(fields.get("set", {}), *_SET))
    for each in _list(fields, "subscriptions"):
        _drifted(world, app, _fields(each, *_SUBSCRIPTION, "delete"))
    if _flag(fields, "delete", default=False):
        world.apps.delete(app, world.time.clock(), 0, frees=world.switches.delete_frees == "yes")
    return {"changed": True}


_SET = ("name", "phone", "wabaId", "partner", "live", "stage", "callbackUrl", "stopped")


def _found(world: World, key: str) -> App:
    app = world.apps.get(key) or world.apps.get(world.apps.names.get(key, ""))
    if app is None:
        raise ControlError(f"there is no app with the id or name {key!r}")
    return app


def _set(world: World, app: App, fields: _Fields) -> App:
    now = world.time.clock()
    live = _flag(fields, "live", default=app.live)
    course = _course(world, _text(fields, "stage", ""), fields) if "stage" in fields else app.course
    put = world.put if "stage" in fields else world.apps.put  # a new course alone sets it on its way again
    return put(
        replace(
            app,
            name=_text(fields, "name", app.name),
            phone=_text(fields, "phone", app.phone),
            waba_id=_text(fields, "wabaId", app.waba_id),
            partner=_partner(world, fields) if "partner" in fields else app.partner,
            callback_url=_text(fields, "callbackUrl", app.callback_url),
            stopped=_flag(fields, "stopped", default=app.stopped),
            live=live,
            course=course,
            modified=now,
        )
    )


def _drifted(world: World, app: App, fields: _Fields) -> None:
    if not _flag(fields, "delete", default=False):
        _subscribed(
            world, app, {key: each for key, each in fields.items() if key != "delete"}, world.time.clock()
        )
        return
    tag = _text(fields, "tag", None)
    world.subscriptions.remove([each for each in world.subscriptions.of(app.id) if each.tag == tag])


def advance(world: World, body: object) -> Json:
    """Move virtual time: ``{"seconds": 600}``."""
    world.advance(_figure(_fields(body, "seconds"), "seconds", 0))
    return {"virtual": world.time.virtual(world.time.clock())}


def _fields(value: object, *known: str) -> _Fields:
    if not isinstance(value, dict):
        raise ControlError(f"expected an object with some of: {', '.join(known)}")
    unknown = sorted(set(value) - set(known))
    if unknown:
        raise ControlError(f"unknown: {', '.join(unknown)}; there are: {', '.join(known)}")
    return value


def _list(fields: _Fields, name: str) -> list[object]:
    value = fields.get(name, [])
    if not isinstance(value, list):
        raise ControlError(f"`{name}` must be a list")
    return value


def _text(fields: _Fields, name: str, default: str | None) -> str:
    value = fields.get(name, default)
    if not isinstance(value, str):
        raise ControlError(f"`{name}` must be text")
    return value


def _flag(fields: _Fields, name: str, *, default: bool) -> bool:
    value = fields.get(name, default)
    if not isinstance(value, bool):
        raise ControlError(f"`{name}` must be true or false")
    return value


def _figure(fields: _Fields, name: str, default: float) -> float:
    value = fields.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:  # noqa: PLR2004 - thirty years
        raise ControlError(f"`{name}` must be a number from 0 up")
    return float(value)
