"""Linking and creating apps: every way it can succeed, fail, or do both at once (docs, Link)."""

import re
from dataclasses import replace
from random import Random

from controller.simulator import stages
from controller.simulator.events import probe
from controller.simulator.faults.fault import Fault
from controller.simulator.route import REVIEW, UNAUTHORIZED, Route, Scope, Visit
from controller.simulator.state import App
from controller.simulator.urls import valid
from controller.simulator.wire import Reply, failure, success
from controller.simulator.world import World

REGIONS = frozenset(
    {"BR", "DE", "CH", "GB", "BH", "ZA", "AE", "US", "CA", "AU", "ID", "IN", "JP", "SG", "KR"}
)
_NAME = re.compile(r"[A-Za-z0-9]*")
_PHONE = re.compile(r"[0-9]{6,15}")
_DIGITS = re.compile(r"[0-9]{1,32}")
_SHORTEST, _LONGEST = 6, 150
_SPELLING = {"reference": "charecters", "guide": "characters"}


def link(world: World, visit: Visit) -> Reply:
    """Create an app for a WABA and a phone, and set it on its way through the pipeline."""
    form = visit.call.form
    problem = _named_badly(world, form.get("name", "")) or _linked_badly(world, visit)
    if problem:
        return problem
    app = _born(world, visit)
    url = form.get("callbackUrl", "")
    if url and (not valid(url) or visit.met("callback-refused")):
        world.put(app)
        message = "App created, but failed to set callback on the application"
        return replace(failure(400, message, appId=app.id), effect=True)
    app = world.put(replace(app, callback_url=url))
    if url:
        probe(world.post, app, visit.call.at)
    return success(effect=True, appId=app.id)


def create(world: World, visit: Visit) -> Reply:
    """Create an app without a phone, which stays at its first stage."""
    name = visit.call.form.get("name", "")
    problem = _named_badly(world, name) or _name_taken(world, name)
    if problem:
        return problem
    app = replace(_born(world, visit), course=stages.STUCK)
    world.put(app)
    return Reply(200, {"appId": app.id}, effect=True)


def _named_badly(world: World, name: str) -> Reply | None:
    if not _NAME.fullmatch(name):
        return failure(400, "Invalid characters used in app name")
    if not _SHORTEST <= len(name) <= _LONGEST:
        word = _SPELLING[world.switches.name_spelling]
        return failure(400, f"App name should be between 6 to 150 {word} in length")
    return None


def _linked_badly(world: World, visit: Visit) -> Reply | None:
    form = visit.call.form
    if world.switches.terms == "pending":
        return failure(400, "Please accept the terms of use to continue")
    if not _DIGITS.fullmatch(form.get("wabaId", "")) or not _PHONE.fullmatch(form.get("phone", "")):
        return REVIEW
    if form.get("storageRegion", "IN") not in REGIONS:
        return failure(400, "Invalid Region Passed")
    checks = [_phone_taken(world, visit), _name_taken(world, form["name"])]
    if world.switches.conflict_order == "name":
        checks.reverse()
    return next((problem for problem in checks if problem), None)


def _name_taken(world: World, name: str) -> Reply | None:
    return failure(409, "Bot Already Exists") if name in world.apps.names else None


def _phone_taken(world: World, visit: Visit) -> Reply | None:
    phone = visit.call.form["phone"]
    holder = world.apps.phones.get(phone)
    if holder is None:
        return None
    message = f"App {holder} already exists with phone {phone}"
    strangers = world.apps.by_id[holder].partner != visit.partner()
    if strangers and world.switches.stranger_phone == "409-without-id":
        return failure(409, message)
    return failure(409, message, appId=holder)


def _born(world: World, visit: Visit) -> App:
    form, now = visit.call.form, visit.call.at
    stale = visit.met("stale-list")
    lag = stale.number("seconds", 60) if stale else world.switches.list_lag
    drops = visit.met("drop-modes")
    words = drops.parameters.get("modes", ("DELETED",)) if drops else ()
    return App(
        id=world.new_id(),
        partner=visit.partner(),
        name=form["name"],
        course=_course(world, visit),
        born=world.time.virtual(now),
        created=now,
        modified=now,
        phone=form.get("phone", ""),
        waba_id=form.get("wabaId", ""),
        region=form.get("storageRegion", "IN"),
        visible_from=now + lag,
        lag=lag,
        drops_modes=frozenset(words) if isinstance(words, tuple) else frozenset(),
    )


def _course(world: World, visit: Visit) -> stages.Course:
    form = visit.call.form
    rng = world.chance("course", form["name"], form.get("phone", ""))
    if visit.met("stuck"):
        return stages.STUCK
    error = visit.met("stage-error")
    if error is not None:
        return stages.failing(rng, world.switches, _heals(error))
    return _drawn(rng, world)


def _heals(error: Fault) -> float | None:
    return error.number("heals", 0) if "heals" in error.parameters else None


def _drawn(rng: Random, world: World) -> stages.Course:
    if rng.random() < world.switches.error_share:
        return stages.failing(rng, world.switches, None)
    return stages.smooth(rng, world.switches)


ROUTES = (
    Route("link", "POST", "/partner/tpp/app", link, Scope.PARTNER, "link", UNAUTHORIZED),
    Route("create", "POST", "/partner/app", create, Scope.PARTNER, "create", UNAUTHORIZED),
)
