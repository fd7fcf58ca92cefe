"""Links and creations of apps, with every refusal. One of them creates the app all the same (docs, Link)."""

import re
from dataclasses import replace
from random import Random

from controller.simulator import stages
from controller.simulator.events.messages import probe
from controller.simulator.faults.fault import Fault
from controller.simulator.route import REVIEW, UNAUTHORIZED, ApiRequest, ApiRoute, RequiredToken
from controller.simulator.routes.callbacks import gone
from controller.simulator.state import AppRecord
from controller.simulator.urls import valid
from controller.simulator.wire import Response, failure, success
from controller.simulator.world import World

REGIONS = frozenset(
    {"BR", "DE", "CH", "GB", "BH", "ZA", "AE", "US", "CA", "AU", "ID", "IN", "JP", "SG", "KR"}
)
_NAME = re.compile(r"[A-Za-z0-9]*")
_PHONE = re.compile(r"[0-9]{6,15}")
_DIGITS = re.compile(r"[0-9]{1,32}")
_SHORTEST, _LONGEST = 6, 150
_SPELLING = {"reference": "charecters", "guide": "characters"}


def link(world: World, request: ApiRequest) -> Response:
    """Create an app for a WABA and a phone. Its way through the pipeline begins."""
    form = request.call.form
    problem = (
        _not_a_tech_provider(world, request)
        or _terms_refusal(world, request)
        or _name_refusal(world, form.get("name", ""))
        or _link_refusal(world, request)
    )
    if problem:
        return problem
    app = _new_app(world, request)
    url = form.get("callbackUrl", "")
    no_callback = world.switches.link_callback if gone(world, app.created) else "works"
    if url and (not valid(url) or request.fault("callback-refused") or no_callback == "400"):
        world.provision(app)
        message = "App created, but failed to set callback on the application"
        return replace(failure(400, message, appId=app.id), effect=True)
    app = world.provision(replace(app, callback_url=url if no_callback == "works" else ""))
    if app.callback_url:
        probe(world.event_queue, app, request.call.at)
    return success(effect=True, appId=app.id)


def create(world: World, request: ApiRequest) -> Response:
    """Create an app without a phone, which stays at its first stage."""
    name = request.call.form.get("name", "")
    problem = _terms_refusal(world, request) or _name_refusal(world, name) or _name_taken(world, name)
    if not problem and request.call.has_odd_flag("templateMessaging", "disableOptinPrefUrl"):
        problem = REVIEW
    if problem:
        return problem
    messaging, optin_off = request.call.flag("templateMessaging"), request.call.flag("disableOptinPrefUrl")
    app = replace(
        _new_app(world, request),
        course=stages.STUCK,
        template_messaging=bool(messaging),
        optin_pref_off=bool(optin_off),
    )
    world.provision(app)
    return Response(200, {"appId": app.id}, effect=True)


def _not_a_tech_provider(world: World, request: ApiRequest) -> Response | None:
    if world.partners[request.partner()].tech_provider:
        return None
    return failure(int(world.switches.not_tpp), "You are not authorized to access this API")


def _terms_refusal(world: World, request: ApiRequest) -> Response | None:
    if world.partners[request.partner()].terms_read:
        return None
    return failure(int(world.switches.terms_refused), world.switches.terms_text)


def _name_refusal(world: World, name: str) -> Response | None:
    if not _NAME.fullmatch(name):
        return failure(400, "Invalid characters used in app name")
    if not _SHORTEST <= len(name) <= _LONGEST:
        word = _SPELLING[world.switches.name_spelling]
        return failure(400, f"App name should be between 6 to 150 {word} in length")
    return None


def _link_refusal(world: World, request: ApiRequest) -> Response | None:
    form = request.call.form
    if not _DIGITS.fullmatch(form.get("wabaId", "")) or not _PHONE.fullmatch(form.get("phone", "")):
        return REVIEW
    if form.get("storageRegion", "IN") not in REGIONS:
        return failure(400, "Invalid Region Passed")
    checks = [_phone_taken(world, request), _name_taken(world, form["name"])]
    if world.switches.conflict_order == "name":
        checks.reverse()
    return next((problem for problem in checks if problem), None)


def _name_taken(world: World, name: str) -> Response | None:
    return failure(409, "Bot Already Exists") if name in world.apps.names else None


def _phone_taken(world: World, request: ApiRequest) -> Response | None:
    phone = request.call.form["phone"]
    holder = world.apps.phones.get(phone)
    if holder is None:
        return None
    message = f"App {holder} already exists with phone {phone}"
    of_stranger = world.apps.by_id[holder].partner != request.partner()
    if of_stranger and world.switches.stranger_phone == "409-without-id":
        return failure(409, message)
    return failure(409, message, appId=holder)


def _new_app(world: World, request: ApiRequest) -> AppRecord:
    form, now = request.call.form, request.call.at
    stale = request.fault("stale-list")
    lag = stale.number("seconds", 60) if stale else world.switches.list_lag
    drops = request.fault("drop-modes")
    words = drops.parameters.get("modes", ("DELETED",)) if drops else ()
    return AppRecord(
        id=world.new_id(),
        partner=request.partner(),
        name=form["name"],
        course=_course(world, request),
        created_virtual=world.time.virtual(now),
        created=now,
        modified=now,
        phone=form.get("phone", ""),
        waba_id=form.get("wabaId", ""),
        region=form.get("storageRegion", "IN"),
        visible_from=now + lag,
        lag=lag,
        drops_modes=frozenset(words) if isinstance(words, tuple) else frozenset(),
    )


def _course(world: World, request: ApiRequest) -> stages.Course:
    form = request.call.form
    rng = world.chance("course", form["name"], form.get("phone", ""))
    if request.fault("stuck"):
        return stages.STUCK
    error = request.fault("stage-error")
    if error is not None:
        return stages.failing(rng, world.switches, _heals(error))
    return _random_course(rng, world)


def _heals(error: Fault) -> float | None:
    return error.number("heals", 0) if "heals" in error.parameters else None


def _random_course(rng: Random, world: World) -> stages.Course:
    if rng.random() < world.switches.error_share:
        return stages.failing(rng, world.switches, None)
    return stages.succeeding(rng, world.switches)


ROUTES = (
    ApiRoute("link", "POST", "/partner/tpp/app", link, RequiredToken.PARTNER, "link", UNAUTHORIZED),
    ApiRoute("create", "POST", "/partner/app", create, RequiredToken.PARTNER, "create", UNAUTHORIZED),
)
