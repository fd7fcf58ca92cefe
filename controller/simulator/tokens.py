"""Tokens: partner tokens and universal tokens that look like JWTs, app tokens that look like ``sk_...``.

Partner tokens are checked by signature and not kept, so logging in costs no memory.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field, replace
from itertools import count

from controller.simulator.state import App, Partner

PARTNER_TOKEN_LIFE = 86_400.0


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose token it is, and the one app it is good for, if it is an app token."""

    partner: str
    app: str = ""
    universal: bool = False


@dataclass(frozen=True, slots=True)
class Universal:
    """A universal token: a partner's, or one app's where ``app`` is not empty."""

    id: str
    name: str
    partner: str
    app: str
    email: str
    created: float
    expires: float
    revoked: float | None = None

    def active(self, now: float) -> bool:
        """Whether the token is still good at *now*."""
        return self.revoked is None and now < self.expires


@dataclass(slots=True)
class Access:
    """Makes tokens and says whose they are."""

    key: bytes = field(repr=False)
    revoked_before: dict[str, int] = field(default_factory=dict)
    universal: dict[str, Universal] = field(default_factory=dict)
    _apps: dict[str, tuple[str, str]] = field(default_factory=dict, repr=False)
    _serial: "count[int]" = field(default_factory=lambda: count(1))

    def login(self, partner: Partner, now: float, *, claims_id: bool = True) -> str:
        """Return a new partner token; older ones stay good. *claims_id*: its payload holds the id."""
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
        """Make every partner token issued so far worthless."""
        self.revoked_before[partner] = next(self._serial)

    def mint(self, token: Universal) -> str:
        """Keep *token* and return its text, which is shown this once."""
        self.universal[token.id] = token
        return self._sign({"universal": token.id, "serial": next(self._serial)})

    def revoke_universal(self, token: Universal, now: float) -> None:
        """Make one universal token worthless."""
        self.universal[token.id] = replace(token, revoked=now)

    def app_token(self, app: App) -> str:
        """Return the one app token of *app*: the same each time until it is rotated."""
        digest = hmac.new(self.key, f"{app.id} {app.token_edition}".encode(), hashlib.sha256)
        token = f"sk_{digest.hexdigest()[:32]}"
        self._apps[token] = (app.partner, app.id)
        return token

    def forget(self, app: App) -> None:
        """Make the app's token worthless."""
        self._apps.pop(self.app_token(app), None)

    def who(self, credential: str, now: float) -> Identity | None:
        """Return whose *credential* is, None when it is nobody's, expired or revoked."""
        if credential in self._apps:
            partner, app = self._apps[credential]
            return Identity(partner, app)
        claims = self._read(credential)
        if "universal" in claims:
            held = self.universal.get(str(claims["universal"]))
            good = held is not None and held.active(now)
            return Identity(held.partner, held.app, universal=True) if held and good else None
        if not claims or now >= float(str(claims["exp"])):
            return None
        partner = str(claims["account"])
        return None if int(str(claims["serial"])) < self.revoked_before.get(partner, 0) else Identity(partner)

    def _sign(self, claims: dict[str, object]) -> str:
        head = _pack({"typ": "JWT", "alg": "HS256"})
        body = _pack(claims)
        return f"{head}.{body}.{self._seal(f'{head}.{body}')}"

    def _seal(self, text: str) -> str:
        return _bare(hmac.new(self.key, text.encode(), hashlib.sha256).digest())

    def _read(self, token: str) -> dict[str, object]:
        signed, _, seal = token.rpartition(".")
        if not signed or not hmac.compare_digest(self._seal(signed).encode(), seal.encode()):
            return {}
        body = signed.partition(".")[2]
        claims: dict[str, object] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return claims


def _pack(value: dict[str, object]) -> str:
    return _bare(json.dumps(value, separators=(",", ":")).encode())


def _bare(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
