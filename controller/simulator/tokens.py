"""Tokens: partner tokens and universal tokens look like JWTs, app tokens look like ``sk_...``.

A partner token is checked by its signature and not kept: a login costs no memory.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import count

from controller.simulator.accounts import PartnerAccount
from controller.simulator.state import AppRecord

PARTNER_TOKEN_LIFE = 86_400.0


class TokenKind(Enum):
    """The kind of a token."""

    PARTNER = "partner token"
    APP = "app token"
    UNIVERSAL = "universal token"
    UNIVERSAL_APP = "universal app token"


@dataclass(frozen=True, slots=True)
class TokenOwner:
    """The owner of a token. ``app`` is the one app of an app's token, "" for a partner's."""

    partner: str
    app: str = ""
    universal: bool = False

    @property
    def kind(self) -> TokenKind:
        """The kind of the token."""
        if self.universal:
            return TokenKind.UNIVERSAL_APP if self.app else TokenKind.UNIVERSAL
        return TokenKind.APP if self.app else TokenKind.PARTNER

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

    @property
    def owner(self) -> tuple[str, str, str]:
        """The partner, the app and the e-mail address that the token belongs to."""
        return self.partner, self.app, self.email

    def active(self, now: float) -> bool:
        """Return whether the token is still good at *now*."""
        return self.revoked is None and now < self.expires


@dataclass(slots=True)
class TokenIssuer:
    """The issuer of tokens, which also knows the owner of each token."""

    key: bytes = field(repr=False)
    revoked_before: dict[str, int] = field(default_factory=dict)
    universal: dict[str, UniversalToken] = field(default_factory=dict)
    _of_owner: dict[tuple[str, str, str], dict[str, None]] = field(default_factory=dict)
    _apps: dict[str, TokenOwner] = field(default_factory=dict, repr=False)
    _serial: "count[int]" = field(default_factory=lambda: count(1))

    def login(self, partner: PartnerAccount, now: float, *, claims_id: bool = True) -> str:
        """Return a new partner token. Older tokens stay good. *claims_id*: the payload holds the id."""
        payload = {"admin": partner.admin, "email": partner.email}
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

    def mint(self, token: UniversalToken, *, claims_id: bool = False) -> str:
        """Keep *token* and return its text, shown only once. *claims_id*: its payload holds an id."""
        self.universal[token.id] = token
        self._of_owner.setdefault(token.owner, {})[token.id] = None
        payload = {"id": int(token.partner), "admin": True, "email": token.email} if claims_id else {}
        return self._sign(
            {
                **({"payload": json.dumps(payload)} if payload else {}),
                "iss": "auth0",
                "jti": token.id,
                "iat": int(token.created),
                "exp": int(token.expires),
            }
        )

    def of_owner(self, owner: UniversalToken) -> list[UniversalToken]:
        """Return the tokens that share the owner of the token *owner*, oldest first."""
        return [self.universal[each] for each in self._of_owner.get(owner.owner, {})]

    def minted(self, text: str) -> UniversalToken | None:
        """Return the universal token with the *text* that its mint showed, active or not."""
        return self.universal.get(str(self._claims(text).get("jti", "")))

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
        if "jti" in claims:
            token = self.universal.get(str(claims["jti"]))
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
