"""The front desk: finds a call's route, counts it, checks its token, lets it be answered, and logs it."""

from collections.abc import Mapping
from dataclasses import replace

from controller.simulator.limits import LIMITS, Limit, Place
from controller.simulator.route import Route, Scope, Visit
from controller.simulator.routes import ROUTES
from controller.simulator.state import App
from controller.simulator.tokens import Identity
from controller.simulator.wire import Call, Reply
from controller.simulator.world import Logged, World

_UNKNOWN = "unknown"


def arrive(world: World, call: Call) -> Visit | Reply:
    """Find the route of *call*, count it and pick the faults it meets; a Reply is a refusal at the door."""
    found = _route(call)
    if isinstance(found, Reply):
        _log(world, call, "", found)
        return found
    visit = _look_up(world, found)
    refusal = _over_limit(world, visit)
    if refusal is not None:
        note(world, visit, refusal)
        return refusal
    struck = world.faults.strike(visit.route.name, _about(visit), call.at - world.time.start)
    return replace(visit, struck=struck)


def act(world: World, visit: Visit) -> Reply:
    """Check the token and let the route answer, with the world as it is now."""
    visit = _look_up(world, visit)
    scope, who, app = visit.route.scope, visit.who, visit.app
    if scope is not Scope.OPEN and (who is None or not _fits(world, scope, who)):
        return visit.route.denied
    in_path = "app" in visit.ids
    if in_path and (app is None or who is None or app.partner != who.partner or who.app not in ("", app.id)):
        return visit.route.foreign
    return visit.route.answer(world, visit)


def note(world: World, visit: Visit, reply: Reply | None, fault: str = "") -> None:
    """Write a call and its answer into the log; None means that no answer was sent."""
    _log(world, visit.call, fault, reply, visit)


def _log(world: World, call: Call, fault: str, reply: Reply | None, visit: Visit | None = None) -> None:
    named = reply.body.get("appId", "") if reply and isinstance(reply.body, Mapping) else ""
    app = visit.ids.get("app", str(named)) if visit else ""
    world.record(
        Logged(
            call.at,
            visit.route.name if visit else "",
            call.method,
            call.path,
            _owner(visit) if visit else _UNKNOWN,
            app,
            reply.status if reply else 0,
            reply.effect if reply else False,
            fault,
            call.form.get("phone", ""),
        )
    )


def _route(call: Call) -> Visit | Reply:
    segments = call.path.rstrip("/").split("/")[1:]
    matches = [(route, ids) for route in ROUTES if (ids := route.match(segments)) is not None]
    for route, ids in matches:
        if route.method == call.method:
            return Visit(call, route, ids)
    status, error = (405, "Method Not Allowed") if matches else (404, "Not Found")
    body = {"timestamp": int(call.at * 1000), "status": status, "error": error, "path": call.path}
    return Reply(status, body)


def _look_up(world: World, visit: Visit) -> Visit:
    who = world.access.who(visit.call.credential, visit.call.at)
    return replace(visit, who=who, app=world.apps.get(visit.ids.get("app", "")))


def _fits(world: World, scope: Scope, who: Identity) -> bool:
    if scope is Scope.PARTNER:
        return not who.app
    if scope is Scope.UNIVERSAL:
        return who.universal
    return bool(who.app) or who.universal or world.switches.partner_token_everywhere == "yes"  # noqa: S105 - a switch


def _about(visit: Visit) -> tuple[str, str, str]:
    """Return id, phone and name of the app that a call is about, from its path or its form."""
    if visit.app is not None:
        return visit.app.id, visit.app.phone, visit.app.name
    form = visit.call.form
    return visit.ids.get("app", ""), form.get("phone", ""), form.get("name", "")


def _owner(visit: Visit) -> str:
    if visit.who is not None:
        return visit.who.partner
    return visit.app.partner if visit.app is not None else _UNKNOWN


def _places(world: World, visit: Visit) -> list[Place]:
    """Return the buckets a call counts in: its own, and the overall one where it has none a partner."""
    route, partner = visit.route, _owner(visit)
    overall = Place("other", partner, LIMITS["other"])
    limit = LIMITS[route.bucket]
    if route.name == "list" and world.switches.list_limit == "10/min":
        return [Place("list", partner, LIMITS["list"])]
    if route.bucket == "other":
        return [overall]
    if route.name == "login":
        return [Place("login", _account(world, visit), limit)]
    if not limit.per_app:
        return [Place(route.bucket, partner, limit)]
    own = Place(route.bucket, _app_owner(world, visit.app, route), limit)
    return [own, overall] if world.switches.app_limits == "also-overall" else [own]


def _account(world: World, visit: Visit) -> str:
    email = visit.call.form.get("email", "")
    return next((each.id for each in world.partners.values() if each.email == email), _UNKNOWN)


def _app_owner(world: World, app: App | None, route: Route) -> str:
    if app is None:
        return _UNKNOWN
    each_verb = route.bucket == "subscription" and world.switches.subscription_bucket == "per-verb"
    return f"{app.id} {route.name}" if each_verb else app.id


def _over_limit(world: World, visit: Visit) -> Reply | None:
    full = world.windows.admit(_places(world, visit), visit.call.at)
    return None if full is None else too_many(world, full.limit)


def too_many(world: World, limit: Limit) -> Reply:
    """Return the answer to a call past *limit*."""
    told = world.switches.retry_after == "seconds"
    headers = (("retry-after", str(int(limit.window))),) if told else ()
    return Reply(429, {"status": "error", "message": "Too Many Requests"}, headers)
