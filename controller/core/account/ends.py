"""Ends of credentials: those that are known, how many days are left, and which ones a person has to know."""

from collections.abc import Iterable, Iterator

from controller.model.account import AccountFacts, CredentialEnd, CredentialKind
from controller.model.manifest import Login, Partner

DAY = 86_400.0
DAYS_AHEAD = (14, 7, 1)
"""Days before its end at which people are notified of a credential, the earliest first."""

AHEAD = DAYS_AHEAD[0] * DAY
"""Seconds before its end from which a credential counts as ending."""


def ends_of(partner: Partner, facts: AccountFacts) -> tuple[CredentialEnd, ...]:
    """Return the end of each credential, as declared or told, the soonest first; of one kind the soonest."""
    soonest: dict[CredentialKind, CredentialEnd] = {}
    for end in sorted((*facts.ends, *_declared(partner, facts)), key=_order):
        soonest.setdefault(end.kind, end)
    return tuple(soonest.values())


def _declared(partner: Partner, facts: AccountFacts) -> Iterator[CredentialEnd]:
    if partner.expires is None:
        return
    given = facts.ends[0].kind if facts.ends else CredentialKind.PARTNER_TOKEN
    kind = CredentialKind.CLIENT_SECRET if isinstance(partner.credentials, Login) else given
    yield CredentialEnd(kind, partner.expires)


def _order(end: CredentialEnd) -> tuple[float, str]:
    return end.at, end.kind


def ending(ends: Iterable[CredentialEnd], now: float) -> tuple[CredentialEnd, ...]:
    """Return those of *ends* that a person has to prevent, because they are near or over."""
    return tuple(end for end in ends if not end.renewed and end.at - now <= AHEAD)


def days_ahead(end: CredentialEnd, now: float) -> int | None:
    """Return the fewest of DAYS_AHEAD that are enough for the end; None if none is, or *end* is renewed."""
    if end.renewed:
        return None
    return next((days for days in reversed(DAYS_AHEAD) if end.at - now <= days * DAY), None)


def reason_of(end: CredentialEnd, now: float) -> str:
    if end.at <= now:
        return "Ended"
    return "SecretEnds" if end.kind is CredentialKind.CLIENT_SECRET else "TokenEnds"
