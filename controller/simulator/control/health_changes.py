"""Changes of an app's health, as WhatsApp would make them, and events that are posted on demand."""

from collections.abc import Mapping
from dataclasses import replace

from controller.simulator.control.fields import ControlError, Fields, fields_of, flag, items, number, text
from controller.simulator.control.manual_changes import app_of
from controller.simulator.events.account_events import announce_change
from controller.simulator.events.message_events import MESSAGE_MODES, announce_message
from controller.simulator.health import BANNED, LIMITED, VALUES, Health, SendError, events
from controller.simulator.wire import Json
from controller.simulator.world import World

_FIELDS: Mapping[str, str] = {
    "accountStatus": "account",
    "dockerStatus": "docker",
    "messagingLimit": "limit",
    "phoneQuality": "quality",
    "canSendMessage": "can_send",
}
_SET = (*_FIELDS, "verifiedName", "errors")


def change_health(world: World, body: object) -> Json:
    """Change the health of an app: ``{"app": id or name, "set": {"accountStatus": "BANNED"}}``.

    A ban blocks sending, its end allows it, and errors follow, unless ``set`` has these fields.
    With ``"quiet": true`` no event is posted: events get lost.
    """
    fields = fields_of(body, "app", "set", "quiet")
    app = app_of(world, text(fields, "app", None))
    after = _changed(app.health, fields_of(fields.get("set", {}), *_SET))
    now = world.time.clock()
    quiet = flag(fields, "quiet", default=False)
    caused = [] if quiet else [*events(app.health, after, world.switches.ban_event)]
    app = world.apps.put(replace(app, health=after, modified=now))
    for event in caused:
        announce_change(world.event_queue, app, world.subscriptions.of(app.id), event, now, world.switches)
    return {"events": [f"{event.kind} {next(iter(event.payload.values()))}" for event in caused]}


def _changed(health: Health, fields: Fields) -> Health:
    given = {own: _one_of(own, text(fields, name, None)) for name, own in _FIELDS.items() if name in fields}
    if "account" in given and given["account"] != health.account:
        given.setdefault("can_send", "BLOCKED" if given["account"] == "BANNED" else "AVAILABLE")
    after = replace(health, **given, verified_name=text(fields, "verifiedName", health.verified_name))  # type: ignore[arg-type]  # each is text
    if "errors" in fields:
        return replace(after, errors=tuple(_error(each) for each in items(fields, "errors")))
    if after.can_send == health.can_send:
        return after
    return replace(after, errors=_errors_of(after))


def _errors_of(health: Health) -> tuple[SendError, ...]:
    if health.can_send == "AVAILABLE":
        return ()
    return BANNED if health.account == "BANNED" else LIMITED


def _one_of(name: str, value: str) -> str:
    if value not in VALUES[name]:
        raise ControlError(f"{value!r} does not exist; there are: {', '.join(VALUES[name])}")
    return value


def _error(value: object) -> SendError:
    fields = fields_of(value, "code", "description")
    return SendError(int(number(fields, "code", 0)), text(fields, "description", None))


def post_event(world: World, body: object) -> Json:
    """Post the event of one mode: ``{"app": id or name, "mode": "FAILED"}``, to each webhook that has it."""
    fields = fields_of(body, "app", "mode")
    app, mode = app_of(world, text(fields, "app", None)), text(fields, "mode", None)
    if mode not in MESSAGE_MODES:
        raise ControlError(f"mode {mode!r} has no event; there are: {', '.join(MESSAGE_MODES)}")
    known = world.subscriptions.of(app.id)
    posted = announce_message(world.event_queue, app, known, mode, world.time.clock(), world.switches)
    return {"posted": posted}
