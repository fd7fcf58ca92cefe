"""Facts that a sign-in tells of an account: from the login's answer, and from the claims of a given token.

Claims are read without a check of the signature: they say when to warn a person, and decide nothing else.
"""

import base64
import binascii

from controller.edges.gupshup.body import Json, Malformed, decode
from controller.model.account import AccountFacts, CredentialEnd, CredentialKind
from controller.model.secret import Secret

_BEARER = "Bearer "
_PARTS = 3
"""Parts of a JWT: header, claims, signature."""

_EARLIEST, _LATEST = 1_577_836_800, 4_102_444_800
"""The years 2020 to 2099: any other `exp` is no moment in seconds."""

_LONGEST_PARTNER_TOKEN = 2 * 86_400
"""Seconds: a partner token lives for 24 hours, so a token for longer is a universal one."""


def of_login(body: dict[str, Json], now: float) -> AccountFacts:
    """Return what a login tells (docs/gupshup-api.md, Authentication). An absent field is not known."""
    return AccountFacts(_flag(body.get("terms_read")), _flag(body.get("isTpp")), at=now)


def of_given(token: Secret) -> AccountFacts:
    """Return what a given token tells: its end, if it is a JWT that claims a plausible one."""
    begin, end = _life(token)
    if end is None or (begin is not None and end <= begin):
        return AccountFacts()
    is_universal = lives_long(token) or token.reveal().startswith(_BEARER)
    kind = CredentialKind.UNIVERSAL_TOKEN if is_universal else CredentialKind.PARTNER_TOKEN
    return AccountFacts(ends=(CredentialEnd(kind, end),))


def lives_long(token: Secret) -> bool:
    """Return whether a JWT claims to live for longer than a partner token, so that it is a universal one."""
    begin, end = _life(token)
    return begin is not None and end is not None and end - begin > _LONGEST_PARTNER_TOKEN


def _life(token: Secret) -> tuple[float | None, float | None]:
    claims = claims_of(token)
    return _moment(claims.get("iat")), _moment(claims.get("exp"))


def claims_of(token: Secret) -> dict[str, Json]:
    """Return the claims of a JWT, with or without `Bearer` before it; none if *token* is no JWT."""
    parts = token.reveal().removeprefix(_BEARER).split(".")
    if len(parts) != _PARTS:
        return {}
    try:
        claims = decode(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (Malformed, binascii.Error, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _flag(value: Json) -> bool | None:
    return value if isinstance(value, bool) else None


def _moment(value: Json) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if _EARLIEST <= value <= _LATEST else None
