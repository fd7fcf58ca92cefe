"""Subscriptions: the webhooks of an app (docs, Subscriptions)."""

from collections.abc import Mapping
from dataclasses import replace

from controller.simulator import modes
from controller.simulator.route import (
    AUTHENTICATION,
    FORBIDDEN,
    NOT_SHARED,
    REVIEW,
    ApiRequest,
    ApiRoute,
    RequiredToken,
)
from controller.simulator.routes.subscription_form import SubscriptionFields, existing, read
from controller.simulator.state import AppRecord, SubscriptionRecord
from controller.simulator.urls import shown
from controller.simulator.wire import Json, Response, failure, success
from controller.simulator.world import World

_ABSENT = failure(400, "Subscription Does Not Exist")
_UNABLE = failure(500, "Unable To Create Subscription")
_DUPLICATE = {
    "json": failure(400, "Duplicate component tag"),
    "text": Response(400, "Duplicate component tag"),
}


def subscribe(world: World, request: ApiRequest) -> Response:
    """Create a subscription. A tag that the app already has is refused."""
    fields = read(world, request)
    if isinstance(fields, Response):
        return fields
    if fields.mode is None or fields.version is None or not fields.tag:
        return REVIEW
    problem = _refusal(world, request.the_app(), fields)
    if problem:
        return problem
    made = SubscriptionRecord(
        id=world.subscriptions.new_id(),
        app=request.the_app().id,
        tag=fields.tag.lower() if world.switches.tag_case == "lower" else fields.tag,
        url=fields.url or "",
        version=fields.version,
        mode=fields.mode,
        created=request.call.at,
        modified=request.call.at,
        show_on_ui=fields.show_on_ui or False,
        meta=fields.meta or "",
    )
    meta = {"meta": made.meta} if made.meta else {}
    return success(effect=_kept(world, request, made), subscription={**_created(world, made), **meta})


def _created(world: World, made: SubscriptionRecord) -> Json:
    """Return a new subscription as documented, or as one answer was seen: with modes, and without `appId`."""
    body = _body(world, made)
    if world.switches.subscription_answer == "documented":
        return body
    return {**{key: value for key, value in body.items() if key != "appId"}, "modes": made.modes}


def _kept(world: World, request: ApiRequest, subscription: SubscriptionRecord) -> bool:
    """Store *subscription*, and return whether it was stored: a fault may prevent that."""
    if request.fault("unkept"):
        return False
    world.subscriptions.put(subscription)
    return True


def _refusal(world: World, app: AppRecord, fields: SubscriptionFields, but: str = "") -> Response | None:
    switches, others = world.switches, [other for other in world.subscriptions.of(app.id) if other.id != but]
    fold = str if switches.tag_case == "sensitive" else str.casefold
    if fields.tag and fold(fields.tag) in {fold(other.tag) for other in others}:
        return _DUPLICATE[switches.duplicate_tag]
    if but:
        return None
    if switches.subscribe_before_live == "no" and not app.live:
        return failure(400, "App is not live.")
    if 0 < switches.max_subscriptions <= len(others):
        return _too_many(world)
    twice = switches.same_url == "reject" and fields.url in {other.url for other in others}
    return _UNABLE if twice else None


def _too_many(world: World) -> Response:
    status, _, text = world.switches.too_many_subscriptions.partition("-")
    message = f"Maximum of {world.switches.max_subscriptions} subscriptions"
    if status == "500":
        return _UNABLE
    return Response(int(status), message) if text else failure(int(status), message)


def _body(world: World, record: SubscriptionRecord) -> dict[str, object]:
    return {
        "active": record.active,
        "appId": record.app,
        "createdOn": int(record.created * 1000),
        "id": record.id,
        "mode": modes.CANNED if world.switches.mode_answer == "canned" else record.mode,
        "modifiedOn": int(record.modified * 1000),
        "showOnUI": record.show_on_ui,
        "tag": record.tag,
        "url": record.url,
        "version": record.version,
    }


def _full(world: World, record: SubscriptionRecord) -> Json:
    meta = {"meta": record.meta} if world.switches.meta_returned == "yes" and record.meta else {}
    return {**_body(world, record), "modes": record.modes, "latencyBucket": "lt_1_s", **meta}


def _as_read(world: World, record: SubscriptionRecord) -> Json:
    """Return a subscription as reads show it. The answer to a write repeats what was sent."""
    return {**_full(world, record), "url": shown(record.url, world.switches.url_shown)}


def listing(world: World, request: ApiRequest) -> Response:
    """Return all subscriptions of the app, on one page."""
    return success(
        subscriptions=[_as_read(world, record) for record in world.subscriptions.of(request.the_app().id)]
    )


def _owned(world: World, request: ApiRequest) -> SubscriptionRecord | Response:
    """Return the subscription that the path names, or the refusal."""
    record = existing(world, request)
    if record is None:
        return _ABSENT
    return failure(403, "Not Subscription Owner") if record.foreign else record


def get(world: World, request: ApiRequest) -> Response:
    """Return one subscription. An unknown one is a 400 and not a 404."""
    record = _owned(world, request)
    return record if isinstance(record, Response) else success(subscription=_as_read(world, record))


def update(world: World, request: ApiRequest) -> Response:
    """Change the fields that the form has. The other fields stay."""
    record = _owned(world, request)
    if isinstance(record, Response):
        return record
    fields = read(world, request)
    if isinstance(fields, Response):
        return fields
    problem = _refusal(world, request.the_app(), fields, but=record.id)
    if problem:
        return problem
    changed = _changed(world, record, fields, request.call.at)
    return success(effect=_kept(world, request, changed), subscription=_full(world, changed))


def _changed(
    world: World, record: SubscriptionRecord, fields: SubscriptionFields, now: float
) -> SubscriptionRecord:
    writes_meta = fields.meta is not None and world.switches.meta_put == "yes"
    tag = record.tag if world.switches.tag_case == "lower" else fields.tag or None
    given: Mapping[str, object] = {"tag": tag, "url": fields.url, "version": fields.version}
    changed = replace(record, modified=now)
    for name, value in {**given, "mode": fields.mode, "active": fields.active}.items():
        if value is not None:
            changed = replace(changed, **{name: value})  # type: ignore[arg-type]  # each value has its field's type
    return replace(changed, meta=fields.meta or "") if writes_meta else changed


def delete(world: World, request: ApiRequest) -> Response:
    """Delete one subscription."""
    record = _owned(world, request)
    if record is _ABSENT and world.switches.missing_subscription == "204":
        return Response(204)
    if isinstance(record, Response):
        return record
    if request.fault("unkept"):
        return Response(204)
    world.subscriptions.remove([record])
    return Response(204, effect=True)


def delete_all(world: World, request: ApiRequest) -> Response:
    """Delete every subscription of the app. An empty id in the path does this too."""
    mine = world.subscriptions.of(request.the_app().id)
    world.subscriptions.remove(mine)
    return Response(204, effect=bool(mine))


def analytics(world: World, request: ApiRequest) -> Response:
    """Return the statistics of a webhook without any delivery yet."""
    record = _owned(world, request)
    if isinstance(record, Response):
        return record
    zero = {"averageLatency": 0, "failureCount": 0, "failureRate": 0, "maxLatency": 0, "successCount": 0}
    return success(analytics={"series": [], "summary": {**zero, "timestamp": int(request.call.at * 1000)}})


_ALL = "/partner/app/{app}/subscription"
_ONE = _ALL + "/{subscription}"


def _route(name: str, method: str, path: str, foreign: Response = AUTHENTICATION) -> ApiRoute:
    return ApiRoute(
        name, method, path, _ANSWERS[name], RequiredToken.APP, "subscription", AUTHENTICATION, foreign
    )


_ANSWERS = {
    "subscribe": subscribe,
    "subscriptions": listing,
    "subscription": get,
    "updateSubscription": update,
    "unsubscribe": delete,
    "unsubscribeAll": delete_all,
    "analytics": analytics,
}

ROUTES = (
    _route("subscribe", "POST", _ALL),
    _route("subscriptions", "GET", _ALL),
    _route("subscription", "GET", _ONE),
    _route("updateSubscription", "PUT", _ONE, NOT_SHARED),
    _route("unsubscribe", "DELETE", _ONE, NOT_SHARED),
    _route("unsubscribeAll", "DELETE", _ALL, FORBIDDEN),
    _route("analytics", "GET", _ONE + "/analytics"),
)
