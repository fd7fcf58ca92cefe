"""Changes of an account: what Gupshup and the partner's people do to it outside of the API."""

import math
from collections.abc import Mapping
from dataclasses import asdict, replace

from controller.simulator.accounts import PartnerAccount
from controller.simulator.control.fields import ControlError, Fields, fields_of, flag, items, number, text
from controller.simulator.minting import DAY, end, issue, row
from controller.simulator.moments import read_moment, since
from controller.simulator.routes.universal_tokens import owned_by
from controller.simulator.wire import Json
from controller.simulator.world import World

_FLAGS = {"admin": "admin", "isTpp": "tech_provider", "mayMint": "may_mint", "termsRead": "terms_read"}
_KNOWN = (
    *("partner", "set", "secret", "oldSecretLives", "secretEndsIn"),
    *("universalTokens", "revoke", "loginEnds", "appTokensEnd"),
)


def change_account(world: World, body: object) -> Json:
    """Change an account by hand: ``{"partner": id, "set": {...}, "secret": ..., ...}``.

    The first account is meant if ``partner`` is missing. The answer has the texts of the new tokens.
    ``loginEnds`` and ``appTokensEnd`` are for all accounts.
    """
    fields = fields_of(body, *_KNOWN)
    account = _account(world, fields)
    _end_legacy(world, fields)
    world.partners[account.id] = account = _changed(world, account, fields)
    for name in items(fields, "revoke"):
        _revoke(world, account, str(name))
    minted = [fields_of(each, "name", "seconds") for each in items(fields, "universalTokens")]
    return {"tokens": [_minted(world, account, each) for each in minted]}


def _account(world: World, fields: Fields) -> PartnerAccount:
    key = text(fields, "partner", next(iter(world.partners)))
    if key not in world.partners:
        raise ControlError(f"partner {key!r} does not exist; there are: {', '.join(world.partners)}")
    return world.partners[key]


def _changed(world: World, account: PartnerAccount, fields: Fields) -> PartnerAccount:
    now, given = world.time.clock(), fields_of(fields.get("set", {}), *_FLAGS)
    flags = {own: flag(given, name, default=getattr(account, own)) for name, own in _FLAGS.items()}
    account = replace(account, **flags)  # type: ignore[arg-type]  # each value has its field's type
    if "secret" in fields:
        account = account.rotated(text(fields, "secret", None), now + number(fields, "oldSecretLives", 0))
    if "secretEndsIn" in fields:
        account = replace(account, secret_ends=now + number(fields, "secretEndsIn", 0))
    return account


def _end_legacy(world: World, fields: Fields) -> None:
    legacy = world.legacy
    legacy.login = _moment(world, fields, "loginEnds", legacy.login)
    legacy.app_tokens = _moment(world, fields, "appTokensEnd", legacy.app_tokens)


def _moment(world: World, fields: Fields, name: str, default: float) -> float:
    if name not in fields:
        return default
    try:
        return since(world.time.start, read_moment(str(fields[name])))
    except ValueError as error:
        raise ControlError(f"`{name}` must be never, a number of seconds, or a date") from error


def _minted(world: World, account: PartnerAccount, fields: Fields) -> str:
    """Let a person make a token in the portal, which no limit holds."""
    now = world.time.clock()
    expires = now + number(fields, "seconds", 60 * DAY)
    name = text(fields, "name", None)
    return issue(
        world, replace(owned_by(account), id=world.new_id(), name=name, created=now, expires=expires)
    )


def _revoke(world: World, account: PartnerAccount, name: str) -> None:
    now = world.time.clock()
    for token in world.tokens.of_owner(owned_by(account)):
        if token.name == name and token.active(now):
            end(world, token, now)


def accounts(world: World) -> Json:
    """Return every account with its universal tokens and mails, and when logins and app tokens end."""
    return {
        "accounts": [_shown(world, account) for account in world.partners.values()],
        "loginEnds": _finite(world.legacy.login),
        "appTokensEnd": _finite(world.legacy.app_tokens),
    }


def _shown(world: World, account: PartnerAccount) -> Json:
    now = world.time.clock()
    flags: Mapping[str, object] = {name: getattr(account, own) for name, own in _FLAGS.items()}
    return {
        "id": account.id,
        "email": account.email,
        **flags,
        "secretEnds": _finite(account.secret_ends),
        "universalTokens": [row(token, now) for token in world.tokens.of_owner(owned_by(account))],
        "mails": [asdict(mail) for mail in world.mails if mail.partner == account.id],
    }


def _finite(moment: float) -> float | None:
    return moment if math.isfinite(moment) else None
