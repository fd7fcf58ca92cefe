"""Tokens: partner tokens and universal tokens look like JWTs, app tokens look like ``sk_...``.

A partner token is checked by its signature and not kept: a login costs no memory.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field, replace
from itertools import count

from controller.simulator.state import AppRecord, PartnerAccount

PARTNER_TOKEN_LIFE = 86_400.0


@dataclass(frozen=True, slots=True)
class TokenOwner:
    """The owner of a token. ``app`` is the one app of an app token, "" for a partner token."""

    partner: str
    app: str = ""
    universal: bool = False

    def reaches(self, app: AppRecord) -> bool:
        """Return whether the token is good for *app*."""
        return app.partner == self.partner and self.app in ("", app.id)


@dataclass(frozen=True, slots=True)
class UniversalToken:
    """A universal token: a partner's, or one app's if ``app`` is not empty."""

    id: str
    name: str
    partner: str
    app: str
    email: str
    created: float
    expires: float
    revoked: float | None = None

    def active(self, now: float) -> bool:
        """Return whether the token is still good at *now*."""
        return self.revoked is None and now < self.expires


@dataclass(slots=True)
class TokenIssuer:
    """The issuer of tokens, which also knows the owner of each token."""

    key: bytes = field(repr=False)
    revoked_before: dict[str, int] = field(default_factory=dict)
    universal: dict[str, UniversalToken] = field(default_factory=dict)
    _apps: dict[str, TokenOwner] = field(default_factory=dict, repr=False)
    _serial: "count[int]" = field(default_factory=lambda: count(1))

    def login(self, partner: PartnerAccount, now: float, *, claims_id: bool = True) -> str:
        """Return a new partner token. Older tokens stay good. *claims_id*: the payload holds the id."""
        payload = {"admin": True, "email": partner.email}
        return self._sign(
            {
                "payload": json.dumps({"id": int(partner.id), **payload} if claims_id else payload),
                "account": partner.id,
                "iss": "auth0",
                "iat": int(now),
                "exp": int(now + PARTNER_TOKEN_LIFE),
                "serial": next(self._serial),
            }
        )

    def revoke(self, partner: str) -> None:
        """Revoke every partner token that was issued so far."""
        self.revoked_before[partner] = next(self._serial)

    def mint(self, token: UniversalToken) -> str:
        """Keep *token* and return its text, which is shown only once."""
        self.universal[token.id] = token
        lasts = {"iat": int(token.created), "exp": int(token.expires)}
        return self._sign({"universal": token.id, **lasts, "serial": next(self._serial)})

    def revoke_universal(self, token: UniversalToken, now: float) -> None:
        """Revoke one universal token."""
        self.universal[token.id] = replace(token, revoked=now)

    def app_token(self, app: AppRecord) -> str:
        """Return the one app token of *app*. The token stays the same until it is rotated."""
        digest = hmac.new(self.key, f"{app.id} {app.token_edition}".encode(), hashlib.sha256)
        token = f"sk_{digest.hexdigest()[:32]}"
        self._apps[token] = TokenOwner(app.partner, app.id)
        return token

    def forget(self, app: AppRecord) -> None:
        """Revoke the app's token."""
        self._apps.pop(self.app_token(app), None)

    def owner(self, credential: str, now: float) -> TokenOwner | None:
        """Return the owner of *credential*. None if it is unknown, expired or revoked."""
        if credential in self._apps:
            return self._apps[credential]
        claims = self._claims(credential)
        if "universal" in claims:
            token = self.universal.get(str(claims["universal"]))
            active = token is not None and token.active(now)
            return TokenOwner(token.partner, token.app, universal=True) if token and active else None
        if not claims or now >= float(str(claims["exp"])):
            return None
        partner = str(claims["account"])
        revoked = int(str(claims["serial"])) < self.revoked_before.get(partner, 0)
        return None if revoked else TokenOwner(partner)

    def _sign(self, claims: dict[str, object]) -> str:
        head = _encoded({"typ": "JWT", "alg": "HS256"})
        body = _encoded(claims)
        return f"{head}.{body}.{self._signature(f'{head}.{body}')}"

    def _signature(self, text: str) -> str:
        return _base64url(hmac.new(self.key, text.encode(), hashlib.sha256).digest())

    def _claims(self, token: str) -> dict[str, object]:
        signed, _, signature = token.rpartition(".")
        if not signed or not hmac.compare_digest(self._signature(signed).encode(), signature.encode()):
            return {}
        body = signed.partition(".")[2]
        claims: dict[str, object] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return claims


def _encoded(value: dict[str, object]) -> str:
    return _base64url(json.dumps(value, separators=(",", ":")).encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
