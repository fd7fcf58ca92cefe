"""Reads of one app: details, stages, WABA and health (docs, Details, Pipeline, Waba info)."""

from controller.simulator.health import SendError
from controller.simulator.route import (
    AUTHENTICATION,
    RETRY_UNAUTHORIZED,
    REVIEW,
    ApiRequest,
    ApiRoute,
    RequiredToken,
)
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


def waba_info(world: World, request: ApiRequest) -> Response:
    """Return the WABA of a live app, and its health. No other read shows the WABA's id."""
    app = request.the_app()
    state = app.health
    if not app.live:
        return failure(400, "App is not live.")
    errors = [_send_error(each) for each in state.errors]
    body = {
        "accountStatus": state.account,
        "dockerStatus": state.docker,
        "messagingLimit": state.limit,
        "mmLiteStatus": "ELIGIBLE",
        "ownershipType": "CLIENT_OWNED",
        "phone": app.phone,
        "phoneQuality": state.quality,
        "throughput": "STANDARD",
        "timezone": "(GMT+05:30) (Asia/Kolkata)",
        "utilityRestriction": False,
        "verifiedName": state.verified_name or app.name,
        "wabaId": app.waba_id,
        "wabaName": app.name,
        "canSendMessage": state.can_send,
        "allowedTps": 80,
        **_phone_number_id(world, app),
        **({"errors": errors} if errors else {}),
    }
    return success(wabaInfo=body)


def _send_error(error: SendError) -> Json:
    return {
        "error_code": str(error.code),
        "error_description": error.description,
        "possible_solution": "Visit WhatsApp Manager",
    }


def _phone_number_id(world: World, app: AppRecord) -> Json:
    """Return Meta's id of the phone number, below the name that the switch gives it."""
    name = world.switches.phone_number_id
    return {} if name == "none" else {name: app.phone_number_id}


def health(world: World, request: ApiRequest) -> Response:
    """Return whether the app is healthy, as a string. An app that is not live has no health."""
    app = request.the_app()
    if not app.live:
        return failure(400, "App is not live.")
    body = {"status": "success", "healthy": str(app.health.healthy).lower()}
    return Response(200, {**body, **_phone_number_id(world, app)})


_HEALTH_FOREIGN = failure(400, "Authentication Failed")
_APP = "/partner/app/{app}"

ROUTES = (
    ApiRoute("details", "GET", _APP + "/details", details, RequiredToken.PARTNER),
    ApiRoute("pipeline", "GET", _APP + "/pipeline", pipeline, RequiredToken.APP, "pipeline", REVIEW, REVIEW),
    ApiRoute("wabaInfo", "GET", _APP + "/waba/info", waba_info, RequiredToken.APP, denied=AUTHENTICATION),
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
