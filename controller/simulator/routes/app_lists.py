"""The two lists of apps: one in pages with stages, one on a single page without them (docs, List)."""

from controller.simulator.route import ApiRequest, ApiRoute, RequiredToken
from controller.simulator.routes.apps import common
from controller.simulator.state import AppRecord
from controller.simulator.wire import Json, Response, failure, success
from controller.simulator.world import World


def listing(world: World, request: ApiRequest) -> Response:
    """Return one page of the partner's apps whose name and phone contain the texts of the query."""
    query = request.call.query
    number, size = _positive(query.get("pageNo", "1")), _positive(query.get("pageSize", "10"))
    if number is None:
        return failure(400, "pageNo should be greater than 0")
    if size is None:
        return Response(400, {"status": "error", "data": "pageSize should be greater than 0"})
    if request.fault("repeat-page"):
        number = max(number - 1, 1)
    size = min(size, world.switches.page_size_max or size)
    rows = [
        app
        for app in _ordered(world, request)
        if query.get("name", "") in app.name and query.get("phone", "") in app.phone
    ]
    if world.switches.page_past_end == "last":
        number = min(number, max(1, -(-len(rows) // size)))
    page = rows[(number - 1) * size : number * size]
    virtual = world.time.virtual(request.call.at)
    return success(apps=[_row(app, virtual) for app in page])


def _positive(text: str) -> int | None:
    return int(text) if text.isdecimal() and text.isascii() and 0 < len(text) < 10 and int(text) else None  # noqa: PLR2004 - an int of Gupshup's


def _ordered(world: World, request: ApiRequest) -> list[AppRecord]:
    apps = list(world.apps.listed(request.partner(), request.call.at))
    if world.switches.list_order == "name":
        return sorted(apps, key=lambda app: app.name)
    return apps[::-1] if world.switches.list_order == "newest" else apps


def _row(app: AppRecord, virtual: float) -> Json:
    stage = app.stage(virtual)
    return {
        **common(app),
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


def partner_apps(world: World, request: ApiRequest) -> Response:
    """Return all linked apps on one page, without stages."""
    rows = [
        {
            **common(app),
            "customerId": "NA",
            "partnerId": int(app.partner),
            "partnerCreated": True,
            "cxpEnabled": False,
            "partnerUsage": False,
            "healthy": True,
            "cap": 0,
        }
        for app in world.apps.listed(request.partner(), request.call.at)
    ]
    return success(partnerAppsList=rows)


_DENIED = failure(401, "Unauthorized access. Please provide valid authentication credentials.")

ROUTES = (
    ApiRoute("list", "GET", "/partner/app/list", listing, RequiredToken.PARTNER),
    ApiRoute(
        "partnerApps",
        "GET",
        "/partner/account/api/partnerApps",
        partner_apps,
        RequiredToken.PARTNER,
        denied=_DENIED,
    ),
)
