"""The form of a subscription: its fields, or the refusal of the first one that is wrong (docs, Modes)."""

from dataclasses import dataclass

from controller.simulator import modes
from controller.simulator.route import REVIEW, ApiRequest
from controller.simulator.state import AppRecord, SubscriptionRecord
from controller.simulator.urls import valid
from controller.simulator.wire import Response, failure
from controller.simulator.world import World

_VERSIONS = {"0-3": ("0", "1", "2", "3"), "2-3": ("2", "3")}
_INVALID_URL = failure(400, "Invalid URL Passed")
_V3 = 3


@dataclass(frozen=True, slots=True)
class SubscriptionFields:
    """The fields of a form. A field that the form does not have is None."""

    tag: str | None
    url: str | None
    version: int | None
    mode: int | None
    active: bool | None
    show_on_ui: bool | None
    meta: str | None


def read(world: World, request: ApiRequest) -> SubscriptionFields | Response:
    """Return the fields of the form, or the refusal of a wrong field."""
    form = request.call.form
    url = form.get("url") or (None if request.call.method == "PUT" else "")
    if request.fault("invalid-url") or (url is not None and not valid(url)):
        return _INVALID_URL
    version = form.get("version")
    if version is not None and version not in _VERSIONS[world.switches.versions]:
        return failure(400, "Invalid Version Passed")
    if request.call.has_odd_flag("active", "showOnUI"):
        return REVIEW
    mode = _mode(world, request, None if version is None else int(version))
    if isinstance(mode, Response):
        return mode
    active, show_on_ui = request.call.flag("active"), request.call.flag("showOnUI")
    number = None if version is None else int(version)
    return SubscriptionFields(form.get("tag"), url, number, mode, active, show_on_ui, form.get("meta"))


def _mode(world: World, request: ApiRequest, version: int | None) -> int | Response | None:
    form = request.call.form
    listed = form.get("modes[]") if world.switches.modes_list == "accept" else None
    text = form.get("modes") or listed
    if not text:
        return None
    subscription = existing(world, request)
    current = 0 if subscription is None else subscription.version
    return _mask(world, request.the_app(), text, current if version is None else version)


def existing(world: World, request: ApiRequest) -> SubscriptionRecord | None:
    """Return the subscription that the path names, None if the app has no such subscription."""
    known = world.subscriptions.by_app.get(request.the_app().id, {})
    return known.get(request.ids.get("subscription", ""))


def _mask(world: World, app: AppRecord, text: str, version: int) -> int | Response:
    """Return the mask of the modes in *text*, or the refusal of a name in it."""
    words, switches = modes.split(text), world.switches
    if len(words) == 1 and words[0].isdecimal() and switches.numeric_modes == "accept":
        return int(words[0]) & (2 * modes.BITS["COEXISTENCE"] - 1)
    if switches.unknown_modes == "reject" and not modes.KNOWN.issuperset(words):
        return failure(400, "Invalid Modes Passed")
    doubtful = modes.V3_DOUBTFUL.intersection(words) if version == _V3 else frozenset()
    if doubtful and switches.v3_account_modes == "reject":
        return failure(400, "Invalid Modes Passed")
    if switches.v3_account_modes == "drop":
        words = tuple(word for word in words if word not in doubtful)
    kept = [word for word in words if word not in app.drops_modes]
    return modes.encode(kept, all_is_alias=switches.all_mode == "alias")
