"""Reading, changing and deleting apps (docs, List, Details, Pipeline, Waba info)."""

from dataclasses import replace

from controller.simulator.events import probe
from controller.simulator.route import RETRY_UNAUTHORIZED, REVIEW, Route, Scope, Visit
from controller.simulator.routes.link import REGIONS
from controller.simulator.state import App
from controller.simulator.wire import Json, Reply, failure, success
from controller.simulator.world import World

_TRUE = ("true", "false")


def listing(world: World, visit: Visit) -> Reply:
    """Answer one page of the partner's apps whose name and phone contain what was asked for."""
    query = visit.call.query
    number, size = _positive(query.get("pageNo", "1")), _positive(query.get("pageSize", "10"))
    if number is None:
        return failure(400, "pageNo should be greater than 0")
    if size is None:
        return Reply(400, {"status": "error", "data": "pageSize should be greater than 0"})
    if visit.met("repeat-page"):
        number = max(number - 1, 1)
    size = min(size, world.switches.page_size_max or size)
    rows = [
        app
        for app in _ordered(world, visit)
        if query.get("name", "") in app.name and query.get("phone", "") in app.phone
    ]
    if world.switches.page_past_end == "last":
        number = min(number, max(1, -(-len(rows) // size)))
    page = rows[(number - 1) * size : number * size]
    virtual = world.time.virtual(visit.call.at)
    return success(apps=[_row(app, virtual) for app in page])


def _positive(text: str) -> int | None:
    return int(text) if text.isdecimal() and text.isascii() and 0 < len(text) < 10 and int(text) else None  # noqa: PLR2004 - an int of Gupshup's


def _ordered(world: World, visit: Visit) -> list[App]:
    apps = list(world.apps.listed(visit.partner(), visit.call.at))
    if world.switches.list_order == "name":
        return sorted(apps, key=lambda app: app.name)
    return apps[::-1] if world.switches.list_order == "newest" else apps


def _row(app: App, virtual: float) -> Json:
    stage = app.stage(virtual)
    return {
        **_common(app),
        "type": "apicallbackpost",
        "storageRegion": app.region,
        "uiFormStage": stage.form,
        "pipelineStage": stage.pipe_line,
        "creationStage": stage.creation,
        "embedStage": stage.embed,
        "whatsappVerificationStatus": stage.verification,
        "version": 2,
        "products": ["ANALYTICS", "CUSTOMER_SUPPORT"],
        "pnQualityNewLimit": None,
    }


def _common(app: App) -> Json:
    phone = {"phone": app.phone} if app.phone else {}
    return {
        "id": app.id,
        "name": app.name,
        **phone,
        "live": app.live,
        "stopped": app.stopped,
        "createdOn": int(app.created * 1000),
        "modifiedOn": int(app.modified * 1000),
    }


def partner_apps(world: World, visit: Visit) -> Reply:
    """Answer all linked apps in one piece, without stages."""
    rows = [
        {
            **_common(app),
            "customerId": "NA",
            "partnerId": int(app.partner),
            "partnerCreated": True,
            "cxpEnabled": False,
            "partnerUsage": False,
            "healthy": True,
            "cap": 0,
        }
        for app in world.apps.listed(visit.partner(), visit.call.at)
    ]
    return success(partnerAppsList=rows)


def details(world: World, visit: Visit) -> Reply:
    """Answer one app's facts; the callback URL is not among them any more."""
    app = visit.the_app()
    body = {**_facts(app), "embedAllowed": True, "languageCode": "en"}
    if app.live_at is not None:
        body["liveTs"] = int(app.live_at * 1000)
    if world.switches.details_wrapper == "app":
        return success(app=body)
    return success(appDetails=body, app="true")


def _facts(app: App) -> dict[str, object]:
    return {
        **_common(app),
        "type": "apicallbackpost",
        "version": 2,
        "storageRegion": app.region,
        "templateMessaging": app.template_messaging,
        "disableOptinPrefUrl": app.optin_pref_off,
        "federated": False,
    }


def pipeline(world: World, visit: Visit) -> Reply:
    """Answer the stage of the pipeline; a failed pipeline is a 200 too."""
    app = visit.the_app()
    stage = app.stage(world.time.virtual(visit.call.at))
    body = {
        "countryCode": "",
        "createdOn": int(app.created * 1000),
        "creationStage": stage.creation,
        "dialCode": "",
        "embedStage": stage.embed,
        "id": app.id,
        "modifiedOn": int(app.modified * 1000),
        "pipeLineStage": stage.pipe_line,
        "uiFormStage": stage.form,
        "whatsappVerificationStatus": stage.verification,
        "stageRetries": stage.retries,
    }
    return success(whatsapp=body)


def waba_info(_: World, visit: Visit) -> Reply:
    """Answer the one read that shows the WABA id; only a live app has it."""
    app = visit.the_app()
    if not app.live:
        return failure(400, "App is not live.")
    body = {
        "accountStatus": "ACTIVE",
        "dockerStatus": "CONNECTED",
        "messagingLimit": "TIER_1K",
        "mmLiteStatus": "ELIGIBLE",
        "ownershipType": "CLIENT_OWNED",
        "phone": app.phone,
        "phoneQuality": "GREEN",
        "throughput": "STANDARD",
        "timezone": "Asia/Kolkata",
        "utilityRestriction": False,
        "verifiedName": app.name,
        "wabaId": app.waba_id,
        "wabaName": app.name,
        "canSendMessage": "AVAILABLE",
        "allowedTps": 80,
    }
    return success(wabaInfo=body)


def health(_: World, visit: Visit) -> Reply:
    """Answer whether the app is healthy, as a string."""
    app = visit.the_app()
    return success(healthy="true") if app.live else failure(400, "App is not live.")


def update(world: World, visit: Visit) -> Reply:
    """Change the few fields that can be changed; `callbackUrl` is taken although no page says so."""
    app, form = visit.the_app(), visit.call.form
    known = {"templateMessaging", "disableOptinPrefUrl", "storageRegion", "callbackUrl", "languageCode"}
    if not known & set(form):
        return failure(400, "Fields to be updated not provided.")
    if "storageRegion" in form and form["storageRegion"] not in REGIONS:
        return failure(400, "Invalid Region Passed")
    if "storageRegion" in form and app.live:
        return failure(400, "Cannot Change Region After Go live")
    if any(form[name] not in _TRUE for name in ("templateMessaging", "disableOptinPrefUrl") if name in form):
        return REVIEW
    changed = world.apps.put(_updated(app, visit))
    if "callbackUrl" in form and not app.live:
        probe(world.post, changed, visit.call.at)
    body = {**_facts(changed), "customerId": "NA", "customerType": "PARTNER", "billingType": "PREPAID"}
    return success(effect=True, app=body)


def _updated(app: App, visit: Visit) -> App:
    form = visit.call.form
    return replace(
        app,
        region=form.get("storageRegion", app.region),
        callback_url=form.get("callbackUrl", app.callback_url),
        template_messaging=form.get("templateMessaging", str(app.template_messaging).lower()) == "true",
        optin_pref_off=form.get("disableOptinPrefUrl", str(app.optin_pref_off).lower()) == "true",
        modified=visit.call.at,
    )


def delete(world: World, visit: Visit) -> Reply:
    """Delete an app; a live one only when the call says so."""
    app = visit.the_app()
    if app.live and visit.call.query.get("deleteLiveApp", "false") != "true":
        return failure(400, "Live app cannot be deleted")
    lag = app.lag or world.switches.list_lag
    world.apps.delete(app, visit.call.at, lag, frees=world.switches.delete_frees == "yes")
    world.subscriptions.by_app.pop(app.id, None)
    return Reply(200, {"message": "App deleted successfully", "status": "success"}, effect=True)


_LIST_DENIED = failure(401, "Unauthorized access. Please provide valid authentication credentials.")
_HEALTH = failure(400, "Authentication Failed")
_APP = "/partner/app/{app}"

ROUTES = (
    Route("list", "GET", "/partner/app/list", listing, Scope.PARTNER),
    Route(
        "partnerApps",
        "GET",
        "/partner/account/api/partnerApps",
        partner_apps,
        Scope.PARTNER,
        denied=_LIST_DENIED,
    ),
    Route("details", "GET", _APP + "/details", details, Scope.PARTNER),
    Route("pipeline", "GET", _APP + "/pipeline", pipeline, Scope.APP, "pipeline", REVIEW, REVIEW),
    Route("wabaInfo", "GET", _APP + "/waba/info", waba_info, Scope.APP, denied=RETRY_UNAUTHORIZED),
    Route("health", "GET", _APP + "/health", health, Scope.APP, "health", RETRY_UNAUTHORIZED, _HEALTH),
    Route("update", "PUT", _APP, update, Scope.PARTNER),
    Route("delete", "DELETE", _APP, delete, Scope.APP, "delete"),
)
