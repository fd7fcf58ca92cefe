"""Minting of universal tokens: names, lives and numbers, and the rows that lists show."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from controller.simulator.accounts import Mail
from controller.simulator.route import REVIEW, ApiRequest
from controller.simulator.tokens import UniversalToken
from controller.simulator.wire import Json, Response, failure, success
from controller.simulator.world import World

HOUR = 3_600
DAY = 24 * HOUR
_MOST_ACTIVE = 3


def mint(world: World, request: ApiRequest, owner: UniversalToken, life: tuple[float, float]) -> Response:
    """Return a new token for the partner, app and e-mail of *owner*, or the refusal.

    *life* is the shortest and the longest life in seconds. Three may be active, with different names.
    """
    now, name = request.call.at, request.call.form.get("name", "")
    active = [other for other in world.tokens.of_owner(owner) if other.active(now)]
    expires = _expiry(request, now + life[1])
    if not name or not life[0] <= expires - now <= life[1] + 1:
        return REVIEW
    if any(other.name == name for other in active):
        return failure(int(world.switches.taken_token_name), "Token name already in use")
    if len(active) >= _MOST_ACTIVE:
        return failure(int(world.switches.fourth_token), world.switches.fourth_token_text)
    token = replace(owner, id=world.new_id(), name=name, created=now, expires=expires)
    text = issue(world, token)
    if world.switches.mint_answer == "flat":
        return success(effect=True, token=text, id=token.id)
    return success(effect=True, token={**row(token, now), "token": text})


def issue(world: World, token: UniversalToken) -> str:
    """Keep *token*, send the mail about it if it is a partner's, and return its text."""
    _send_mail(world, token, f"A universal token was created: {token.name}", token.created)
    return world.tokens.mint(token, claims_id=world.switches.universal_claims == "partner")


def end(world: World, token: UniversalToken, now: float) -> None:
    """Revoke *token*, and send the mail about it if it is a partner's."""
    world.tokens.revoke_universal(token, now)
    _send_mail(world, token, f"A universal token was revoked: {token.name}", now)


def _send_mail(world: World, token: UniversalToken, subject: str, now: float) -> None:
    """Send a mail about a partner's token. No mail is sent about an app's."""
    if not token.app:
        world.mails.append(Mail(now, token.partner, token.email, subject, token.name))


SCOPES = {"id": "id", "name": "name", "token": "jti"}


def named(
    world: World, request: ApiRequest, owner: UniversalToken
) -> tuple[str, UniversalToken | None] | Response:
    """Return which of `id`, `name` and `token` the form has, and the token of *owner* that it names.

    An active token goes before others of the same name. A form without exactly one of them is refused.
    """
    form = request.call.form
    given = [field for field in SCOPES if form.get(field)]
    if len(given) != 1:
        return failure(400, "supply exactly one of id, token, name")
    minted = world.tokens.minted(form.get("token", "").removeprefix("Bearer ").strip())
    wanted = {"id": form.get("id"), "name": form.get("name"), "token": minted and minted.id}[given[0]]
    known = [each for each in world.tokens.of_owner(owner) if _key(each, given[0]) == wanted]
    active = [each for each in known if each.active(request.call.at)]
    return given[0], next(iter([*active, *known[::-1]]), None)


def _key(token: UniversalToken, field: str) -> str:
    return token.name if field == "name" else token.id


def _expiry(request: ApiRequest, default: float) -> float:
    """Return the second at which the token is to expire. 0 if the form's `expiry` is no number."""
    try:
        return int(request.call.form["expiry"]) / 1000
    except KeyError:
        return default
    except ValueError:
        return 0


def rows(tokens: Iterable[UniversalToken], query: Mapping[str, str], now: float) -> list[Json]:
    """Return the rows of the *tokens* that the *query* selects by status and name, newest first."""
    shown = [row(token, now) for token in sorted(tokens, key=lambda token: token.created)[::-1]]
    return [
        each
        for each in shown
        if query.get("status") in (None, each["status"]) and query.get("name") in (None, each["name"])
    ]


def row(token: UniversalToken, now: float) -> Json:
    """Return *token* as lists show it, without its text."""
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
