"""The webhooks of an app (docs, Subscriptions)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from controller.simulator import modes
from controller.simulator.route import AUTHENTICATION, FORBIDDEN, NOT_SHARED, REVIEW, Route, Scope, Visit
from controller.simulator.state import App, Subscription
from controller.simulator.urls import shown, valid
from controller.simulator.wire import Json, Reply, failure, success
from controller.simulator.world import World

_VERSIONS = {"0-3": ("0", "1", "2", "3"), "2-3": ("2", "3")}
_ABSENT = failure(400, "Subscription Does Not Exist")
_INVALID_URL = failure(400, "Invalid URL Passed")
_V3 = 3


@dataclass(frozen=True, slots=True)
class _Asked:
    """The fields of a form, each None where it is absent."""

    tag: str | None
    url: str | None
    version: int | None
    mode: int | None
    active: bool | None
    show_on_ui: bool | None
    meta: str | None


def subscribe(world: World, visit: Visit) -> Reply:
    """Create a subscription; a tag that the app already has is refused."""
    app, now = visit.the_app(), visit.call.at
    asked = _asked(world, visit)
    if isinstance(asked, Reply):
        return asked
    if asked.mode is None or asked.version is None or not asked.tag:
        return REVIEW
    problem = _refused(world, app, asked)
    if problem:
        return problem
    made = Subscription(
        id=world.subscriptions.new_id(),
        app=app.id,
        tag=asked.tag.lower() if world.switches.tag_case == "lower" else asked.tag,
        url=asked.url or "",
        version=asked.version,
        mode=asked.mode,
        created=now,
        modified=now,
        show_on_ui=asked.show_on_ui or False,
        meta=asked.meta or "",
    )
    if kept := not visit.met("unkept"):
        world.subscriptions.put(made)
    meta = {"meta": made.meta} if made.meta else {}
    return success(effect=kept, subscription={**_body(world, made), **meta})


def _asked(world: World, visit: Visit) -> _Asked | Reply:
    """Read the form, or answer what is wrong with it."""
    form = visit.call.form
    if visit.met("invalid-url"):
        return _INVALID_URL
    url = form.get("url") or (None if visit.call.method == "PUT" else "")
    if url is not None and not valid(url):
        return _INVALID_URL
    version = form.get("version")
    if version is not None and version not in _VERSIONS[world.switches.versions]:
        return failure(400, "Invalid Version Passed")
    flags = [form.get(name) for name in ("active", "showOnUI")]
    if any(flag not in (None, "true", "false") for flag in flags):
        return REVIEW
    return _with_mode(world, visit, url, None if version is None else int(version))


def _with_mode(world: World, visit: Visit, url: str | None, version: int | None) -> _Asked | Reply:
    form = visit.call.form
    current = _current_version(world, visit) if version is None else version
    mode = _mode(world, visit.the_app(), form["modes"], current) if form.get("modes") else None
    if isinstance(mode, Reply):
        return mode
    active, shown = (
        None if form.get(name) is None else form[name] == "true" for name in ("active", "showOnUI")
    )
    return _Asked(form.get("tag"), url, version, mode, active, shown, form.get("meta"))


def _current_version(world: World, visit: Visit) -> int:
    held = world.subscriptions.by_app.get(visit.the_app().id, {}).get(visit.ids.get("subscription", ""))
    return 0 if held is None else held.version


def _mode(world: World, app: App, text: str, version: int) -> int | Reply:
    """Return the mask that *text* asks for, or the refusal of a name in it."""
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


def _refused(world: World, app: App, asked: _Asked, but: str = "") -> Reply | None:
    switches, others = world.switches, [each for each in world.subscriptions.of(app.id) if each.id != but]
    fold = str if switches.tag_case == "sensitive" else str.casefold
    if asked.tag and fold(asked.tag) in {fold(each.tag) for each in others}:
        return failure(400, "Duplicate component tag")
    if but:
        return None
    if switches.subscribe_before_live == "no" and not app.live:
        return failure(400, "App is not live.")
    crowded = 0 < switches.max_subscriptions <= len(others)
    twice = switches.same_url == "reject" and asked.url in {each.url for each in others}
    return failure(500, "Unable To Create Subscription") if crowded or twice else None


def _body(world: World, each: Subscription) -> dict[str, object]:
    return {
        "active": each.active,
        "appId": each.app,
        "createdOn": int(each.created * 1000),
        "id": each.id,
        "mode": modes.CANNED if world.switches.mode_answer == "canned" else each.mode,
        "modifiedOn": int(each.modified * 1000),
        "showOnUI": each.show_on_ui,
        "tag": each.tag,
        "url": each.url,
        "version": each.version,
    }


def _full(world: World, each: Subscription) -> Json:
    meta = {"meta": each.meta} if world.switches.meta_returned == "yes" and each.meta else {}
    return {**_body(world, each), "modes": each.modes, "latencyBucket": "lt_1_s", **meta}


def _read(world: World, each: Subscription) -> Json:
    """Return a subscription as reads show it; an answer to a write repeats what was sent."""
    return {**_full(world, each), "url": shown(each.url, world.switches.url_shown)}


def listing(world: World, visit: Visit) -> Reply:
    """Answer all subscriptions of the app, on one page."""
    return success(subscriptions=[_read(world, each) for each in world.subscriptions.of(visit.the_app().id)])


def _held(world: World, visit: Visit) -> Subscription | Reply:
    found = world.subscriptions.by_app.get(visit.the_app().id, {}).get(visit.ids["subscription"])
    if found is None:
        return _ABSENT
    return failure(403, "Not Subscription Owner") if found.foreign else found


def get(world: World, visit: Visit) -> Reply:
    """Answer one subscription; an unknown one is a 400, not a 404."""
    held = _held(world, visit)
    return held if isinstance(held, Reply) else success(subscription=_read(world, held))


def update(world: World, visit: Visit) -> Reply:
    """Change the fields that the form has and leave the others."""
    held = _held(world, visit)
    if isinstance(held, Reply):
        return held
    asked = _asked(world, visit)
    if isinstance(asked, Reply):
        return asked
    problem = _refused(world, visit.the_app(), asked, but=held.id)
    if problem:
        return problem
    changed = _changed(world, held, asked, visit.call.at)
    if kept := not visit.met("unkept"):
        world.subscriptions.put(changed)
    return success(effect=kept, subscription=_full(world, changed))


def _changed(world: World, held: Subscription, asked: _Asked, now: float) -> Subscription:
    takes_meta = asked.meta is not None and world.switches.meta_put == "yes"
    tag = held.tag if world.switches.tag_case == "lower" else asked.tag or None
    given: Mapping[str, object] = {"tag": tag, "url": asked.url, "version": asked.version}
    changed = replace(held, modified=now)
    for name, value in {**given, "mode": asked.mode, "active": asked.active}.items():
        if value is not None:
            changed = replace(changed, **{name: value})  # type: ignore[arg-type]  # each value has its field's type
    return replace(changed, meta=asked.meta or "") if takes_meta else changed


def delete(world: World, visit: Visit) -> Reply:
    """Delete one subscription."""
    held = _held(world, visit)
    if held is _ABSENT and world.switches.missing_subscription == "204":
        return Reply(204)
    if isinstance(held, Reply):
        return held
    if visit.met("unkept"):
        return Reply(204)
    world.subscriptions.remove([held])
    return Reply(204, effect=True)


def delete_all(world: World, visit: Visit) -> Reply:
    """Delete every subscription of the app, which is also what an empty id in the path does."""
    mine = world.subscriptions.of(visit.the_app().id)
    world.subscriptions.remove(mine)
    return Reply(204, effect=bool(mine))


def analytics(world: World, visit: Visit) -> Reply:
    """Answer the statistics of a webhook that never had a delivery."""
    held = _held(world, visit)
    if isinstance(held, Reply):
        return held
    zero = {"averageLatency": 0, "failureCount": 0, "failureRate": 0, "maxLatency": 0, "successCount": 0}
    return success(analytics={"series": [], "summary": {**zero, "timestamp": int(visit.call.at * 1000)}})


_ALL = "/partner/app/{app}/subscription"
_ONE = _ALL + "/{subscription}"


def _route(name: str, method: str, path: str, foreign: Reply = AUTHENTICATION) -> Route:
    return Route(name, method, path, _ANSWERS[name], Scope.APP, "subscription", AUTHENTICATION, foreign)


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
