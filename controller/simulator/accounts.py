"""Partner accounts: their credentials, what they may do, and the mails that Gupshup sends to them."""

import math
from dataclasses import dataclass, field, replace

from controller.simulator.switches import Switches


@dataclass(frozen=True, slots=True)
class OldSecret:
    """A client secret that was rotated, and the second until which it goes on working."""

    secret: str = field(repr=False)
    until: float


@dataclass(frozen=True, slots=True)
class PartnerAccount:
    """One account at Gupshup, with its credentials and its one person, who may be an admin.

    The secret works before the second ``secret_ends``.
    """

    id: str = "1368"
    name: str = "Pretend Partner"
    email: str = "partner@example.com"
    secret: str = field(default="pretend-secret", repr=False)
    admin: bool = True
    tech_provider: bool = True
    may_mint: bool = True
    terms_read: bool = True
    secret_ends: float = math.inf
    old_secrets: tuple[OldSecret, ...] = ()

    def accepts(self, secret: str, now: float) -> bool:
        """Return whether *secret* is a client secret of the account at *now*."""
        if secret == self.secret:
            return now < self.secret_ends
        return any(secret == old.secret and now < old.until for old in self.old_secrets)

    def rotated(self, secret: str, until: float) -> "PartnerAccount":
        """Return the account with a new *secret*. The present one works before *until*, if it did not end."""
        old = OldSecret(self.secret, min(until, self.secret_ends))
        return replace(self, secret=secret, secret_ends=math.inf, old_secrets=(*self.old_secrets, old))

    def under(self, switches: Switches) -> "PartnerAccount":
        """Return the account as the *switches* let it begin."""
        return replace(
            self,
            admin=self.admin and switches.admin == "yes",
            tech_provider=self.tech_provider and switches.tech_provider == "yes",
            may_mint=self.may_mint and switches.minting == "yes",
            terms_read=self.terms_read and switches.terms == "accepted",
        )


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to a partner's admin: Gupshup sends one at each mint of a universal token."""

    at: float
    partner: str
    to: str
    subject: str
    token: str


@dataclass(slots=True)
class LegacyEnds:
    """The seconds of the clock at which logins and app tokens end."""

    login: float = math.inf
    app_tokens: float = math.inf
