"""Logging in, and tokens (docs, Authentication)."""

from dataclasses import replace

from controller.simulator.route import NOT_LINKED, RETRY_UNAUTHORIZED, Route, Scope, Visit
from controller.simulator.tokens import Universal
from controller.simulator.wire import Json, Reply, failure, success
from controller.simulator.world import World

_HOUR = 3_600
_DAY = 24 * _HOUR
_MOST_ACTIVE = 3


def login(world: World, visit: Visit) -> Reply:
    """Give a partner token for the e-mail and the secret, under either of its two names."""
    form = visit.call.form
    secret = form.get("password") or form.get("secret") or ""
    if not form.get("email") or not secret:
        return failure(400, "Unauthorised Access")
    partner = next((each for each in world.partners.values() if each.email == form["email"]), None)
    if partner is None:
        return failure(403, "Account Does not exist")
    if partner.secret != secret:
        return failure(403, "Failed to authenticate")
    told = world.switches.partner_id
    token = world.access.login(partner, visit.call.at, claims_id=told != "untold")
    profile = {"token": token, "name": partner.name, **_profile(partner.email)}
    return Reply(200, {**profile, "id": int(partner.id)} if told == "told" else profile)


def _profile(email: str) -> Json:
    return {
        "terms_read": True,
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


def app_token(world: World, visit: Visit) -> Reply:
    """Give the app's one token, made on the first call and the same ever after."""
    app = visit.the_app()
    made = app.token_made
    if made is None:
        made = visit.call.at
        world.apps.put(replace(app, token_made=made))
    token = world.access.app_token(app)
    if world.switches.app_token_body == "flat":  # noqa: S105 - the name of a form
        return Reply(200, {"name": app.name, "terms_read": True, "token": token})
    stamp = int(made * 1000)
    body = {
        "token": token,
        "authoriserId": world.chance("authoriser", app.id).randbytes(16).hex(),
        "requestorId": visit.partner(),
        "createdOn": stamp,
        "modifiedOn": stamp,
        "expiresOn": 0,
        "active": True,
    }
    return success(token=body)


def mint_partner(world: World, visit: Visit) -> Reply:
    """Give a universal token: at most three active ones, names unique, sixty days at most."""
    form = visit.call.form
    partner = world.partners.get(visit.ids["partner"])
    known = partner is not None and partner.email == form.get("email")
    if partner is None or not known or partner.secret != form.get("clientSecret"):
        return RETRY_UNAUTHORIZED
    return _mint(world, visit, Universal("", "", partner.id, "", partner.email, 0, 0), (60, 60 * _DAY))


def mint_app(world: World, visit: Visit) -> Reply:
    """Give a universal app token: good for an hour to a day."""
    app = visit.the_app()
    if visit.who is None or not visit.who.universal:
        return RETRY_UNAUTHORIZED
    return _mint(world, visit, Universal("", "", app.partner, app.id, "", 0, 0), (_HOUR, _DAY))


def _mint(world: World, visit: Visit, token: Universal, life: tuple[float, float]) -> Reply:
    now = visit.call.at
    rivals = [each for each in _active(world, now) if (each.partner, each.app) == (token.partner, token.app)]
    name = visit.call.form.get("name", "")
    expires = _expiry(visit, now + life[1])
    if (
        not name
        or any(each.name == name for each in rivals)
        or not life[0] - 1 <= expires - now <= life[1] + 1
    ):
        return failure(400, "Please review the request parameters and retry")
    if len(rivals) >= _MOST_ACTIVE:
        return failure(409, "Maximum number of active tokens reached")
    token = replace(token, id=world.new_id(), name=name, created=now, expires=expires)
    text = world.access.mint(token)
    return success(effect=True, token={**_row(token, now), "token": text})


def _expiry(visit: Visit, default: float) -> float:
    try:
        return int(visit.call.form["expiry"]) / 1000
    except KeyError:
        return default
    except ValueError:
        return 0


def _active(world: World, now: float) -> list[Universal]:
    return [each for each in world.access.universal.values() if each.active(now)]


def tokens(world: World, visit: Visit) -> Reply:
    """List the universal tokens of an app, never their text."""
    now, query = visit.call.at, visit.call.query
    rows = [_row(each, now) for each in world.access.universal.values() if each.app == visit.the_app().id]
    wanted = [
        row
        for row in rows
        if query.get("status") in (None, row["status"]) and query.get("name") in (None, row["name"])
    ]
    return success(tokens=wanted)


def _row(token: Universal, now: float) -> Json:
    spent = "REVOKED" if token.revoked is not None else "EXPIRED"
    return {
        "id": token.id,
        "name": token.name,
        "createdByEmail": token.email,
        "createdOn": int(token.created * 1000),
        "expiredOn": int(token.expires * 1000),
        "revokedOn": None if token.revoked is None else int(token.revoked * 1000),
        "status": "ACTIVE" if token.active(now) else spent,
    }


def revoke(world: World, visit: Visit) -> Reply:
    """Revoke one universal app token."""
    held = world.access.universal.get(visit.call.form.get("id", ""))
    if held is None or held.app != visit.the_app().id:
        return failure(400, "Please review the request parameters and retry")
    world.access.revoke_universal(held, visit.call.at)
    return success(effect=True)


def revoke_all(world: World, visit: Visit) -> Reply:
    """Revoke every universal token of an app; the count in the answer is a string."""
    mine = [each for each in _active(world, visit.call.at) if each.app == visit.the_app().id]
    for each in mine:
        world.access.revoke_universal(each, visit.call.at)
    return success(effect=bool(mine), appTokensRevoked=str(len(mine)))


_DENIED = failure(403, "Invalid Access Token")
_NOT_YOURS = failure(403, "You do not have the required permissions to access this API")
_TOKENS = "/partner/app/{app}/token"

ROUTES = (
    Route("login", "POST", "/partner/account/login", login, Scope.OPEN, "login"),
    Route("token", "GET", _TOKENS, app_token, Scope.PARTNER, "token", _DENIED, _NOT_YOURS),
    Route(
        "mintPartner",
        "POST",
        "/partner/{partner}/auth/token",
        mint_partner,
        Scope.PARTNER,
        "mintPartner",
        RETRY_UNAUTHORIZED,
    ),
    Route("mintApp", "POST", _TOKENS, mint_app, Scope.UNIVERSAL, "mintApp", RETRY_UNAUTHORIZED, NOT_LINKED),
    Route("tokens", "GET", _TOKENS + "s", tokens, Scope.UNIVERSAL, "tokens", RETRY_UNAUTHORIZED, NOT_LINKED),
    Route(
        "revoke",
        "POST",
        _TOKENS + "/revoke",
        revoke,
        Scope.UNIVERSAL,
        "revokeApp",
        RETRY_UNAUTHORIZED,
        NOT_LINKED,
    ),
    Route(
        "revokeAll",
        "POST",
        _TOKENS + "/revoke-all",
        revoke_all,
        Scope.UNIVERSAL,
        "revokeApp",
        RETRY_UNAUTHORIZED,
        NOT_LINKED,
    ),
)
