"""Universal tokens: minted, listed and revoked (docs, Authentication)."""

from dataclasses import replace

from controller.simulator.route import (
    NOT_LINKED,
    RETRY_UNAUTHORIZED,
    REVIEW,
    Answer,
    ApiRequest,
    ApiRoute,
    RequiredToken,
)
from controller.simulator.tokens import UniversalToken
from controller.simulator.wire import Json, Response, failure, success
from controller.simulator.world import World

_HOUR = 3_600
_DAY = 24 * _HOUR
_MOST_ACTIVE = 3


def mint_partner(world: World, request: ApiRequest) -> Response:
    """Return a universal token, for sixty days at most. Three may be active, with different names."""
    form = request.call.form
    partner = world.partners.get(request.ids["partner"])
    known = partner is not None and partner.email == form.get("email")
    if partner is None or not known or partner.secret != form.get("clientSecret"):
        return RETRY_UNAUTHORIZED
    return _mint(world, request, UniversalToken("", "", partner.id, "", partner.email, 0, 0), (60, 60 * _DAY))


def mint_app(world: World, request: ApiRequest) -> Response:
    """Return a universal app token, which lasts from an hour to a day."""
    app = request.the_app()
    if request.owner is None or not request.owner.universal:
        return RETRY_UNAUTHORIZED
    return _mint(world, request, UniversalToken("", "", app.partner, app.id, "", 0, 0), (_HOUR, _DAY))


def _mint(world: World, request: ApiRequest, token: UniversalToken, life: tuple[float, float]) -> Response:
    now = request.call.at
    owner = token.partner, token.app
    others = [other for other in _active(world, now) if (other.partner, other.app) == owner]
    name = request.call.form.get("name", "")
    expires = _expiry(request, now + life[1])
    taken = any(other.name == name for other in others)
    if not name or taken or not life[0] - 1 <= expires - now <= life[1] + 1:
        return REVIEW
    if len(others) >= _MOST_ACTIVE:
        return failure(409, "Maximum number of active tokens reached")
    token = replace(token, id=world.new_id(), name=name, created=now, expires=expires)
    text = world.tokens.mint(token)
    return success(effect=True, token={**_row(token, now), "token": text})


def _expiry(request: ApiRequest, default: float) -> float:
    try:
        return int(request.call.form["expiry"]) / 1000
    except KeyError:
        return default
    except ValueError:
        return 0


def _active(world: World, now: float) -> list[UniversalToken]:
    return [token for token in world.tokens.universal.values() if token.active(now)]


def tokens(world: World, request: ApiRequest) -> Response:
    """Return the universal tokens of an app, without their text."""
    now, query = request.call.at, request.call.query
    rows = [
        _row(token, now) for token in world.tokens.universal.values() if token.app == request.the_app().id
    ]
    wanted = [
        row
        for row in rows
        if query.get("status") in (None, row["status"]) and query.get("name") in (None, row["name"])
    ]
    return success(tokens=wanted)


def _row(token: UniversalToken, now: float) -> Json:
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


def revoke(world: World, request: ApiRequest) -> Response:
    """Revoke one universal app token."""
    token = world.tokens.universal.get(request.call.form.get("id", ""))
    if token is None or token.app != request.the_app().id:
        return REVIEW
    world.tokens.revoke_universal(token, request.call.at)
    return success(effect=True)


def revoke_all(world: World, request: ApiRequest) -> Response:
    """Revoke every universal token of an app. The count in the answer is a string."""
    mine = [token for token in _active(world, request.call.at) if token.app == request.the_app().id]
    for token in mine:
        world.tokens.revoke_universal(token, request.call.at)
    return success(effect=bool(mine), appTokensRevoked=str(len(mine)))


_APP_PATH = "/partner/app/{app}/token"


def _of_app(name: str, method: str, path: str, answer: Answer, bucket: str) -> ApiRoute:
    required = RequiredToken.UNIVERSAL
    return ApiRoute(name, method, _APP_PATH + path, answer, required, bucket, RETRY_UNAUTHORIZED, NOT_LINKED)


ROUTES = (
    ApiRoute(
        "mintPartner",
        "POST",
        "/partner/{partner}/auth/token",
        mint_partner,
        RequiredToken.PARTNER,
        "mintPartner",
        RETRY_UNAUTHORIZED,
    ),
    _of_app("mintApp", "POST", "", mint_app, "mintApp"),
    _of_app("tokens", "GET", "s", tokens, "tokens"),
    _of_app("revoke", "POST", "/revoke", revoke, "revokeApp"),
    _of_app("revokeAll", "POST", "/revoke-all", revoke_all, "revokeApp"),
)
