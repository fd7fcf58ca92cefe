"""The legacy callback of an app. Three calls write it, and no call reads it (docs, Callback)."""

from dataclasses import replace

from controller.simulator.events.messages import probe
from controller.simulator.modes import split
from controller.simulator.moments import since
from controller.simulator.route import Answer, ApiRequest, ApiRoute, RequiredToken
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
    """Set the URL alone. One client spells the field, or the path, ``callbackURL``."""
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


def gone(world: World, created: float) -> bool:
    """Return whether an app that was *created* at that second has no callback."""
    since_when = since(world.time.start, world.switches.callbacks_gone_since)
    return world.switches.callbacks != "there" and created >= since_when


def _unless_gone(answer: Answer) -> Answer:
    """Return *answer*, for apps that have a callback. The others are refused."""

    def checked(world: World, request: ApiRequest) -> Response:
        if not gone(world, request.the_app().created):
            return answer(world, request)
        status = world.switches.callbacks
        return failure(int(status), "Not Found" if status == "404" else world.switches.callbacks_text)

    return checked


def _known(text: str) -> tuple[str, ...]:
    return tuple(word for word in split(text) if word in _MODES)


def _set(world: World, request: ApiRequest, url: str, modes: tuple[str, ...]) -> None:
    app = replace(request.the_app(), callback_url=url, callback_modes=modes, modified=request.call.at)
    world.apps.put(app)
    if not app.live:
        probe(world.event_queue, app, request.call.at)


_APP = "/partner/app/{app}"


def _route(name: str, path: str, answer: Answer, bucket: str, required: RequiredToken) -> ApiRoute:
    return ApiRoute(name, "PUT", _APP + path, _unless_gone(answer), required, bucket)


ROUTES = (
    _route("callback", "/callback", callback, "other", RequiredToken.PARTNER),
    _route("callbackUrl", "/callbackUrl", callback_url, "callbackUrl", RequiredToken.APP),
    _route("callbackUrl", "/callbackURL", callback_url, "callbackUrl", RequiredToken.APP),
    _route("callbackMode", "/callback/mode", callback_mode, "callbackMode", RequiredToken.APP),
)
