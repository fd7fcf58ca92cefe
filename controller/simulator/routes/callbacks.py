"""The legacy callback of an app: three ways to write it and none to read it (docs, Callback)."""

from dataclasses import replace

from controller.simulator.events import probe
from controller.simulator.modes import split
from controller.simulator.route import Route, Scope, Visit
from controller.simulator.urls import valid
from controller.simulator.wire import Reply, failure, success
from controller.simulator.world import World

_MODES = frozenset({"NONE", "READ", "DELIVERED", "SENT", "DELETED", "OTHERS", "TEMPLATE", "ACCOUNT"})


def callback(world: World, visit: Visit) -> Reply:
    """Set the URL and its modes at once."""
    form = visit.call.form
    if not form.get("url") or "modes" not in form:
        return failure(400, "Invalid App Details Passed")
    if not valid(form["url"]):
        return failure(500, "Unable to Set Callback URL")
    modes = _known(form["modes"])
    _set(world, visit, form["url"], modes)
    return success(effect=True, callback={"custom": True, "modes": list(modes), "url": form["url"]})


def callback_url(world: World, visit: Visit) -> Reply:
    """Set the URL alone; one client spells the field ``callbackURL``."""
    form = visit.call.form
    url = form.get("callbackUrl") or form.get("callbackURL") or ""
    if not valid(url):
        return failure(500, "Error updating callback URL")
    _set(world, visit, url, visit.the_app().callback_modes)
    return success(effect=True)


def callback_mode(world: World, visit: Visit) -> Reply:
    """Set the modes alone; none at all deselects every one."""
    modes = _known(visit.call.form.get("modes", ""))
    world.apps.put(replace(visit.the_app(), callback_modes=modes, modified=visit.call.at))
    return success(effect=True, callback={"custom": False, "modes": list(modes)})


def _known(text: str) -> tuple[str, ...]:
    return tuple(word for word in split(text) if word in _MODES)


def _set(world: World, visit: Visit, url: str, modes: tuple[str, ...]) -> None:
    app = replace(visit.the_app(), callback_url=url, callback_modes=modes, modified=visit.call.at)
    world.apps.put(app)
    if not app.live:
        probe(world.post, app, visit.call.at)


_APP = "/partner/app/{app}"

ROUTES = (
    Route("callback", "PUT", _APP + "/callback", callback, Scope.PARTNER),
    Route("callbackUrl", "PUT", _APP + "/callbackUrl", callback_url, Scope.APP, "callbackUrl"),
    Route("callbackMode", "PUT", _APP + "/callback/mode", callback_mode, Scope.APP, "callbackMode"),
)
