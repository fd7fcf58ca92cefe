"""Logins and app tokens (docs, Authentication)."""

from dataclasses import replace

from controller.simulator.route import ApiRequest, ApiRoute, RequiredToken
from controller.simulator.wire import Json, Response, failure, success
from controller.simulator.world import World


def login(world: World, request: ApiRequest) -> Response:
    """Return a partner token for an e-mail address and its secret, which may have either of two names."""
    form = request.call.form
    secret = form.get("password") or form.get("secret") or ""
    if not form.get("email") or not secret:
        return failure(400, "Unauthorised Access")
    partner = next((known for known in world.partners.values() if known.email == form["email"]), None)
    if partner is None:
        return failure(403, "Account Does not exist")
    if partner.secret != secret:
        return failure(403, "Failed to authenticate")
    shows_id = world.switches.partner_id
    token = world.tokens.login(partner, request.call.at, claims_id=shows_id != "untold")
    profile = {"token": token, "name": partner.name, **_profile(world, partner.email)}
    return Response(200, {**profile, "id": int(partner.id)} if shows_id == "told" else profile)


def _profile(world: World, email: str) -> Json:
    return {
        "terms_read": world.switches.terms == "accepted",
        "admin": True,
        "email": email,
        "activationRead": False,
        "billingType": "PREPAID",
        "contactName": "Pretend Person",
        "phoneNumber": "15550000000",
        "enableCustomer": False,
        "enableWallet": True,
        "enableInrWallet": False,
        "enableLoaderWallet": False,
        "enableAppOnboarding": True,
        "isTpp": True,
        "onboardEnabled": False,
    }


def app_token(world: World, request: ApiRequest) -> Response:
    """Return the app's one token. The first call makes it, and later calls return the same token."""
    app = request.the_app()
    made = app.token_made
    if made is None:
        made = request.call.at
        world.apps.put(replace(app, token_made=made))
    token = world.tokens.app_token(app)
    if world.switches.app_token_body == "flat":  # noqa: S105 - the name of a form
        return Response(200, {"name": app.name, "terms_read": True, "token": token})
    stamp = int(made * 1000)
    body = {
        "token": token,
        "authoriserId": world.chance("authoriser", app.id).randbytes(16).hex(),
        "requestorId": request.partner(),
        "createdOn": stamp,
        "modifiedOn": stamp,
        "expiresOn": 0,
        "active": True,
    }
    return success(token=body)


_DENIED = failure(403, "Invalid Access Token")
_NOT_YOURS = failure(403, "You do not have the required permissions to access this API")
_APP_PATH = "/partner/app/{app}/token"

ROUTES = (
    ApiRoute("login", "POST", "/partner/account/login", login, RequiredToken.NONE, "login"),
    ApiRoute("token", "GET", _APP_PATH, app_token, RequiredToken.PARTNER, "token", _DENIED, _NOT_YOURS),
)
