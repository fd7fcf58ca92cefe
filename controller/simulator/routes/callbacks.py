"""The legacy callback of an app. Three calls write it, and no call reads it (docs, Callback)."""

from dataclasses import replace

from controller.simulator.events.messages import probe
from controller.simulator.modes import split
from controller.simulator.route import ApiRequest, ApiRoute, RequiredToken
from controller.simulator.urls import valid
from controller.simulator.wire import Response, failure, success
from controller.simulator.world import World

_MODES = frozenset({"NONE", "READ", "DELIVERED", "SENT", "DELETED", "OTHERS", "TEMPLATE", "ACCOUNT"})


def callback(world: World, request: ApiRequest) -> Response:
    """Set the URL and its modes in one call."""
    form = request.call.form
    if not form.get("url") or "modes" not in form:
        return failure(400, "Invalid App Details Passed")
    if not valid(form["url"]):
        return failure(500, "Unable to Set Callback URL")
    modes = _known(form["modes"])
    _set(world, request, form["url"], modes)
    return success(effect=True, callback={"custom": True, "modes": list(modes), "url": form["url"]})


def callback_url(world: World, request: ApiRequest) -> Response:
    """Set the URL alone. One client spells the field ``callbackURL``."""
    form = request.call.form
    url = form.get("callbackUrl") or form.get("callbackURL") or ""
    if not valid(url):
        return failure(500, "Error updating callback URL")
    _set(world, request, url, request.the_app().callback_modes)
    return success(effect=True)


def callback_mode(world: World, request: ApiRequest) -> Response:
    """Set the modes alone. A form without modes removes all of them."""
    modes = _known(request.call.form.get("modes", ""))
    world.apps.put(replace(request.the_app(), callback_modes=modes, modified=request.call.at))
    return success(effect=True, callback={"custom": False, "modes": list(modes)})


def _known(text: str) -> tuple[str, ...]:
    return tuple(word for word in split(text) if word in _MODES)


def _set(world: World, request: ApiRequest, url: str, modes: tuple[str, ...]) -> None:
    app = replace(request.the_app(), callback_url=url, callback_modes=modes, modified=request.call.at)
    world.apps.put(app)
    if not app.live:
        probe(world.event_queue, app, request.call.at)


_APP = "/partner/app/{app}"

ROUTES = (
    ApiRoute("callback", "PUT", _APP + "/callback", callback, RequiredToken.PARTNER),
    ApiRoute("callbackUrl", "PUT", _APP + "/callbackUrl", callback_url, RequiredToken.APP, "callbackUrl"),
    ApiRoute(
        "callbackMode", "PUT", _APP + "/callback/mode", callback_mode, RequiredToken.APP, "callbackMode"
    ),
)
