"""Changes and deletions of apps (docs, Apps)."""

from dataclasses import replace

from controller.simulator.events.messages import probe
from controller.simulator.route import REVIEW, ApiRequest, ApiRoute, RequiredToken
from controller.simulator.routes.apps import facts
from controller.simulator.routes.callbacks import gone
from controller.simulator.routes.link import REGIONS
from controller.simulator.state import AppRecord
from controller.simulator.wire import Response, failure, success
from controller.simulator.world import World

_APP = "/partner/app/{app}"


def update(world: World, request: ApiRequest) -> Response:
    """Change the few fields that can be changed. `callbackUrl` is accepted, although no page says so."""
    app, form = request.the_app(), request.call.form
    known = {"templateMessaging", "disableOptinPrefUrl", "storageRegion", "callbackUrl", "languageCode"}
    if not known & set(form):
        return failure(400, "Fields to be updated not provided.")
    if "storageRegion" in form and form["storageRegion"] not in REGIONS:
        return failure(400, "Invalid Region Passed")
    if "storageRegion" in form and app.live:
        return failure(400, "Cannot Change Region After Go live")
    if request.call.has_odd_flag("templateMessaging", "disableOptinPrefUrl"):
        return REVIEW
    no_callback = gone(world, app.created)
    changed = world.apps.put(_updated(app, request, no_callback=no_callback))
    if "callbackUrl" in form and not app.live and not no_callback:
        probe(world.event_queue, changed, request.call.at)
    body = {**facts(changed), "customerId": "NA", "customerType": "PARTNER", "billingType": "PREPAID"}
    return success(effect=True, app=body)


def _updated(app: AppRecord, request: ApiRequest, *, no_callback: bool) -> AppRecord:
    form, flag = request.call.form, request.call.flag
    messaging, optin_off = flag("templateMessaging"), flag("disableOptinPrefUrl")
    return replace(
        app,
        region=form.get("storageRegion", app.region),
        callback_url=app.callback_url if no_callback else form.get("callbackUrl", app.callback_url),
        template_messaging=app.template_messaging if messaging is None else messaging,
        optin_pref_off=app.optin_pref_off if optin_off is None else optin_off,
        modified=request.call.at,
    )


def delete(world: World, request: ApiRequest) -> Response:
    """Delete an app. A live app is deleted only with `deleteLiveApp=true`."""
    app = request.the_app()
    if app.live and request.call.query.get("deleteLiveApp", "false") != "true":
        return failure(400, "Live app cannot be deleted")
    lag = app.lag or world.switches.list_lag
    world.apps.delete(app, request.call.at, lag, frees=world.switches.delete_frees == "yes")
    world.subscriptions.by_app.pop(app.id, None)
    return Response(200, {"message": "App deleted successfully", "status": "success"}, effect=True)


ROUTES = (
    ApiRoute("update", "PUT", _APP, update, RequiredToken.PARTNER),
    ApiRoute("delete", "DELETE", _APP, delete, RequiredToken.APP, "delete"),
)
