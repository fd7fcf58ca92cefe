"""Dispatch of a call: its route is found, its limits and token are checked, and its answer is logged."""

from collections.abc import Mapping
from dataclasses import replace

from controller.simulator.limits import LIMITS, LimitBucket
from controller.simulator.route import ApiRequest, ApiRoute, RequiredToken
from controller.simulator.routes import ROUTES
from controller.simulator.state import AppRecord
from controller.simulator.tokens import TokenKind, TokenOwner
from controller.simulator.wire import IncomingCall, Response, failure
from controller.simulator.world import LoggedCall, World

_UNKNOWN = "unknown"


def admit(world: World, call: IncomingCall) -> ApiRequest | Response:
    """Return the request of *call*, counted against its limits, with the faults that hit it.

    A Response is a refusal: a source address that is not allowed, no such route, or too many calls.
    """
    request = _source_refusal(world) or _routed(call)
    if isinstance(request, Response):
        _log(world, call, "", request)
        return request
    request = _look_up(world, request)
    refusal = _over_limit(world, request)
    if refusal is not None:
        log(world, request, refusal)
        return refusal
    faults = world.faults.hits(request.route.name, _app_of(request), call.at - world.time.start)
    return replace(request, faults=faults)


def answer(world: World, request: ApiRequest) -> Response:
    """Check the token and return the route's answer, with the world as it is now."""
    request = _look_up(world, request)
    required, owner, app = request.route.required, request.owner, request.app
    if required is not RequiredToken.NONE and (owner is None or not _fits(world, request, owner)):
        return request.route.denied
    about_app = "app" in request.ids
    if about_app and (owner is None or app is None or not owner.reaches(app)):
        return request.route.foreign
    return request.route.answer(world, request)


def log(world: World, request: ApiRequest, response: Response | None, fault: str = "") -> None:
    """Write a call and its answer into the log. *response* is None if no answer was sent."""
    _log(world, request.call, fault, response, request)


def _log(
    world: World, call: IncomingCall, fault: str, response: Response | None, request: ApiRequest | None = None
) -> None:
    body = response.body if response else None
    named = body.get("appId", "") if isinstance(body, Mapping) else ""
    world.record(
        LoggedCall(
            at=call.at,
            route=request.route.name if request else "",
            method=call.method,
            path=call.path,
            partner=_partner_of(request) if request else _UNKNOWN,
            app=request.ids.get("app", str(named)) if request else "",
            status=response.status if response else 0,
            effect=response.effect if response else False,
            fault=fault,
            phone=call.form.get("phone", ""),
        )
    )


def _source_refusal(world: World) -> Response | None:
    """Return the refusal of every call if the account's people allow other addresses only."""
    status = world.switches.source_address
    return None if status == "allowed" else failure(int(status), world.switches.source_address_text)


def _routed(call: IncomingCall) -> ApiRequest | Response:
    segments = call.path.rstrip("/").split("/")[1:]
    matches = [(route, ids) for route in ROUTES if (ids := route.match(segments)) is not None]
    for route, ids in matches:
        if route.method == call.method:
            return ApiRequest(call, route, ids)
    status, error = (405, "Method Not Allowed") if matches else (404, "Not Found")
    body = {"timestamp": int(call.at * 1000), "status": status, "error": error, "path": call.path}
    return Response(status, body)


def _look_up(world: World, request: ApiRequest) -> ApiRequest:
    return replace(request, owner=_owner(world, request), app=world.apps.get(request.ids.get("app", "")))


def _owner(world: World, request: ApiRequest) -> TokenOwner | None:
    """Return the owner of the call's token. None if it is not good now, or not in this form of header."""
    call = request.call
    owner = world.tokens.owner(call.credential, call.at)
    if owner is None or (owner.kind is TokenKind.APP and call.at >= world.legacy.app_tokens):
        return None
    bare = world.switches.bearer == "any" or request.route.name == "revokePartner"
    if owner.universal and not call.bearer and not bare:
        return None
    refused = call.bearer and not owner.universal and world.switches.bearer == "strict"
    return None if refused else owner


def _fits(world: World, request: ApiRequest, owner: TokenOwner) -> bool:
    match request.route.required:
        case RequiredToken.PARTNER:
            return not owner.app
        case RequiredToken.UNIVERSAL:
            return owner.kind is TokenKind.UNIVERSAL
        case RequiredToken.ANY:
            return True
        case _:
            return bool(owner.app) or _opens_apps(world, request, owner)


def _opens_apps(world: World, request: ApiRequest, owner: TokenOwner) -> bool:
    """Return whether a token without an app opens the routes that are an app's."""
    switches = world.switches
    if owner.kind is TokenKind.PARTNER:
        return switches.partner_token_everywhere == "yes"  # noqa: S105 - a switch
    opened = {
        "yes": True,
        "no": False,
        "some": request.call.method == "GET",
        "no-subscriptions": request.route.bucket != "subscription",
    }
    return opened[switches.universal_on_apps]


def _app_of(request: ApiRequest) -> tuple[str, str, str]:
    """Return id, phone and name of the app that a call is about, from its path or its form."""
    if request.app is not None:
        return request.app.id, request.app.phone, request.app.name
    form = request.call.form
    return request.ids.get("app", ""), form.get("phone", ""), form.get("name", "")


def _partner_of(request: ApiRequest) -> str:
    if request.owner is not None:
        return request.owner.partner
    return request.app.partner if request.app is not None else request.ids.get("partner", _UNKNOWN)


def _over_limit(world: World, request: ApiRequest) -> Response | None:
    times = world.switches.limits_times
    buckets = [replace(each, limit=each.limit.times(times)) for each in _buckets(world, request)]
    full = world.windows.admit(buckets, request.call.at)
    if full is None:
        return None
    has_header = world.switches.retry_after == "seconds"
    headers = (("retry-after", str(int(full.limit.window))),) if has_header else ()
    return Response(429, {"status": "error", "message": "Too Many Requests"}, headers)


def _buckets(world: World, request: ApiRequest) -> list[LimitBucket]:
    """Return the buckets that a call counts in: its own, the partner's overall one, or both."""
    route, partner = request.route, _partner_of(request)
    overall = LimitBucket("other", partner, LIMITS["other"])
    waba = world.switches.waba_limit if route.name == "wabaInfo" else "10/s"
    bucket = route.bucket if waba == "10/s" else "waba"
    limit = LIMITS[bucket]
    if route.name == "list" and world.switches.list_limit == "10/min":
        return [LimitBucket("list", partner, LIMITS["list"])]
    if bucket == "other":
        return [overall]
    if route.required is RequiredToken.NONE:
        return [LimitBucket(route.bucket, _account(world, request), limit)]
    if waba == "10/min-for-all" or not limit.per_app:
        return [LimitBucket(bucket, partner, limit)]
    own = LimitBucket(bucket, _app_owner(world, request.app, route), limit)
    return [own, overall] if world.switches.app_limits == "also-overall" else [own]


def _account(world: World, request: ApiRequest) -> str:
    email = request.call.form.get("email", "")
    return next((partner.id for partner in world.partners.values() if partner.email == email), _UNKNOWN)


def _app_owner(world: World, app: AppRecord | None, route: ApiRoute) -> str:
    if app is None:
        return _UNKNOWN
    per_verb = route.bucket == "subscription" and world.switches.subscription_bucket == "per-verb"
    return f"{app.id} {route.name}" if per_verb else app.id
