"""Universal tokens of an app: an admin mints and revokes them (docs, Authentication)."""

from controller.simulator.minting import DAY, HOUR, SCOPES, end, mint, named, rows
from controller.simulator.route import (
    FORBIDDEN_ACCESS,
    NOT_LINKED,
    RETRY_UNAUTHORIZED,
    Answer,
    ApiRequest,
    ApiRoute,
    RequiredToken,
)
from controller.simulator.tokens import UniversalToken
from controller.simulator.wire import Response, failure, success
from controller.simulator.world import World

_MISSING = failure(400, "Token does not exist")
_EXPIRED = failure(410, "Token has expired")


def mint_app(world: World, request: ApiRequest) -> Response:
    """Return a universal app token, which lasts from an hour to a day."""
    if not world.partners[request.partner()].admin:
        return FORBIDDEN_ACCESS
    return mint(world, request, _owned(world, request), (HOUR, DAY))


def _owned(world: World, request: ApiRequest) -> UniversalToken:
    app = request.the_app()
    return UniversalToken("", "", app.partner, app.id, world.partners[app.partner].email, 0, 0)


def listing(world: World, request: ApiRequest) -> Response:
    """Return the universal tokens of an app, without their text, to whatever token reaches the app."""
    known = world.tokens.of_owner(_owned(world, request))
    shown = rows(known, request.call.query, request.call.at)
    wrapped = world.switches.app_token_list == "wrapped"  # noqa: S105 - the name of a form
    return success(tokens=shown) if wrapped else Response(200, shown)


def revoke(world: World, request: ApiRequest) -> Response:
    """Revoke the universal app token that exactly one of `id`, `name` and `token` names."""
    found = named(world, request, _owned(world, request))
    if isinstance(found, Response):
        return found
    field, token = found
    if token is None or token.revoked is not None:
        return _MISSING
    if not token.active(request.call.at):
        return _EXPIRED
    end(world, token, request.call.at)
    return success(effect=True, scope=SCOPES[field])


def revoke_all(world: World, request: ApiRequest) -> Response:
    """Revoke every universal token of an app. The count in the answer is a string."""
    now = request.call.at
    mine = [token for token in world.tokens.of_owner(_owned(world, request)) if token.active(now)]
    for token in mine:
        end(world, token, now)
    return success(effect=bool(mine), appTokensRevoked=str(len(mine)))


_PATH = "/partner/app/{app}/token"
_UNIVERSAL = RequiredToken.UNIVERSAL


def _of_app(
    name: str, method: str, path: str, answer: Answer, bucket: str, required: RequiredToken = _UNIVERSAL
) -> ApiRoute:
    return ApiRoute(name, method, _PATH + path, answer, required, bucket, RETRY_UNAUTHORIZED, NOT_LINKED)


ROUTES = (
    _of_app("mintApp", "POST", "", mint_app, "mintApp"),
    _of_app("tokens", "GET", "s", listing, "tokens", RequiredToken.ANY),
    _of_app("revoke", "POST", "/revoke", revoke, "revokeApp"),
    _of_app("revokeAll", "POST", "/revoke-all", revoke_all, "revokeApp"),
)
