"""Universal tokens of a partner: minted by the client secret, listed, revoked (docs, Authentication)."""

from dataclasses import replace

from controller.simulator.accounts import PartnerAccount
from controller.simulator.minting import DAY, SCOPES, end, mint, named, rows
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

_LIFE = (60, 60 * DAY)
_MINT_REFUSED = {"403": FORBIDDEN_ACCESS, "400": NOT_LINKED, "401": RETRY_UNAUTHORIZED}
_MISSING = {
    "400": failure(400, "Token does not exist"),
    "404": failure(404, "Token does not exist"),
    "200": None,
}


def owned_by(account: PartnerAccount) -> UniversalToken:
    """Return a token without a life, for the owner that the account's tokens have."""
    return UniversalToken("", "", account.id, "", account.email, 0, 0)


def mint_partner(world: World, request: ApiRequest) -> Response:
    """Return a universal token for e-mail address and client secret, to an admin who may mint."""
    form = request.call.form
    account = world.partners.get(request.ids["partner"])
    if account is None or account.email != form.get("email"):
        return RETRY_UNAUTHORIZED
    if not account.accepts(form.get("clientSecret", ""), request.call.at):
        return RETRY_UNAUTHORIZED
    if not account.may_mint or not account.admin:
        return _MINT_REFUSED[world.switches.mint_refused]
    return mint(world, request, owned_by(account), _LIFE)


def listing(world: World, request: ApiRequest) -> Response:
    """Return the tokens of the partner's admin on one page: a bare list, newest first."""
    account = _admin(world, request)
    if account is None:
        return FORBIDDEN_ACCESS
    return Response(200, rows(world.tokens.of_owner(owned_by(account)), request.call.query, request.call.at))


def revoke(world: World, request: ApiRequest) -> Response:
    """Revoke the token that exactly one of `id`, `name` and `token` names. The apps' tokens stay good."""
    account = _admin(world, request)
    if account is None:
        return FORBIDDEN_ACCESS
    found = named(world, request, owned_by(account))
    if isinstance(found, Response):
        return found
    field, token = found
    done = success(effect=True, scope=SCOPES[field])
    if token is None or not token.active(request.call.at):
        return _MISSING[world.switches.missing_token] or replace(done, effect=False)
    end(world, token, request.call.at)
    return done


def _admin(world: World, request: ApiRequest) -> PartnerAccount | None:
    """Return the account that the path names. None if it is not the caller's, or the caller no admin."""
    account = world.partners.get(request.ids["partner"])
    ours = account is not None and account.id == request.partner() and account.admin
    return account if ours else None


_PATH = "/partner/{partner}/auth/"


def _of_partner(name: str, method: str, path: str, answer: Answer) -> ApiRoute:
    required, denied = RequiredToken.UNIVERSAL, RETRY_UNAUTHORIZED
    return ApiRoute(name, method, _PATH + path, answer, required, name, denied)


ROUTES = (
    ApiRoute("mintPartner", "POST", _PATH + "token", mint_partner, RequiredToken.NONE, "mintPartner"),
    _of_partner("partnerTokens", "GET", "tokens", listing),
    _of_partner("revokePartner", "POST", "revoke", revoke),
)
