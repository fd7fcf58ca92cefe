"""Reads of one app: details, stages, WABA and health (docs, Details, Pipeline, Waba info)."""

from controller.simulator.route import RETRY_UNAUTHORIZED, REVIEW, ApiRequest, ApiRoute, RequiredToken
from controller.simulator.state import AppRecord
from controller.simulator.wire import Json, Response, failure, success
from controller.simulator.world import World


def common(app: AppRecord) -> Json:
    """Return the fields that the lists and details show of *app*."""
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


def details(world: World, request: ApiRequest) -> Response:
    """Return the facts of one app. The callback URL is not among them."""
    app = request.the_app()
    body = {**facts(app), "embedAllowed": True, "languageCode": "en"}
    if app.live_at is not None:
        body["liveTs"] = int(app.live_at * 1000)
    if world.switches.details_wrapper == "app":
        return success(app=body)
    return success(appDetails=body, app="true")


def facts(app: AppRecord) -> dict[str, object]:
    """Return the fields that both details and an update show of *app*."""
    return {
        **common(app),
        "type": "apicallbackpost",
        "version": 2,
        "storageRegion": app.region,
        "templateMessaging": app.template_messaging,
        "disableOptinPrefUrl": app.optin_pref_off,
        "federated": False,
    }


def pipeline(world: World, request: ApiRequest) -> Response:
    """Return the stage of the pipeline. A failed pipeline is a 200, too."""
    app = request.the_app()
    stage = app.stage(world.time.virtual(request.call.at))
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


def waba_info(_: World, request: ApiRequest) -> Response:
    """Return the WABA of a live app. No other read shows its id."""
    app = request.the_app()
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


def health(_: World, request: ApiRequest) -> Response:
    """Return whether the app is healthy, as a string. Only a live app is healthy."""
    app = request.the_app()
    return success(healthy="true") if app.live else failure(400, "App is not live.")


_HEALTH_FOREIGN = failure(400, "Authentication Failed")
_APP = "/partner/app/{app}"

ROUTES = (
    ApiRoute("details", "GET", _APP + "/details", details, RequiredToken.PARTNER),
    ApiRoute("pipeline", "GET", _APP + "/pipeline", pipeline, RequiredToken.APP, "pipeline", REVIEW, REVIEW),
    ApiRoute("wabaInfo", "GET", _APP + "/waba/info", waba_info, RequiredToken.APP, denied=RETRY_UNAUTHORIZED),
    ApiRoute(
        "health",
        "GET",
        _APP + "/health",
        health,
        RequiredToken.APP,
        "health",
        RETRY_UNAUTHORIZED,
        _HEALTH_FOREIGN,
    ),
)
