"""Accounts: what sign-ins told of them, and when their credentials end, in a few words a test."""

from dataclasses import replace

from controller.core.account.ends import DAY
from controller.model.account import AccountFacts, CredentialEnd, CredentialKind
from controller.model.manifest import FromEnv, Login
from tests.builders.manifest import PARTNER
from tests.builders.memory import NOW

SECRET_KIND, TOKEN_KIND, UNIVERSAL_KIND = CredentialKind
SIGNED_IN = replace(PARTNER, credentials=Login(FromEnv("GUPSHUP_EMAIL"), FromEnv("GUPSHUP_SECRET")))
ALLOWED = AccountFacts(terms_accepted=True, tech_provider=True, at=NOW - 60)
PENDING = AccountFacts(terms_accepted=False, tech_provider=True, at=NOW - 60)


def end_in(days: float, kind: CredentialKind = TOKEN_KIND, *, renewed: bool = False) -> CredentialEnd:
    """Return the end of a credential that is so many days away."""
    return CredentialEnd(kind, NOW + days * DAY, renewed)


def given(*ends: CredentialEnd) -> AccountFacts:
    """Return what given tokens with these ends tell."""
    return AccountFacts(ends=ends)
