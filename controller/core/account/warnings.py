"""Warnings about a whole partner: what will stop working, and what its account keeps from working."""

from collections.abc import Iterator

from controller.core.account.ends import DAY, ending, ends_of, reason_of
from controller.core.account.facts import obstacle_to_links
from controller.core.timestamp import timestamp
from controller.model.account import REMEDIES, AccountFacts, CredentialEnd, CredentialKind, Obstacle
from controller.model.manifest import Partner
from controller.model.plan import PartnerWarning

_RENEW = {
    CredentialKind.CLIENT_SECRET: "make a new one in the partner portal, put it where the Partner's "
    "credentials name it, and declare its end",
    CredentialKind.PARTNER_TOKEN: "put a new one where the Partner's credentials name it, or declare an "
    "e-mail address and a client secret instead",
    CredentialKind.UNIVERSAL_TOKEN: "mint a new one in the partner portal and put it where the Partner's "
    "credentials name it, or declare an e-mail address and a client secret instead",
}


def warnings(partner: Partner, facts: AccountFacts, now: float) -> tuple[PartnerWarning, ...]:
    """Return what a person should know of the account of *partner* at *now*."""
    ends = (end for end in ending(ends_of(partner, facts), now) if not _is_daily(end, now))
    of_ends = (PartnerWarning(reason_of(end, now), end_message(end, now)) for end in ends)
    return (*of_ends, *_of_account(facts))


def _is_daily(end: CredentialEnd, now: float) -> bool:
    """Return whether *end* is no news: a partner token lives for a day, and somebody hands out a new one."""
    return end.kind is CredentialKind.PARTNER_TOKEN and 0 < end.at - now <= DAY


def end_message(end: CredentialEnd, now: float) -> str:
    """Return when *end* is or was, and what to do if nobody else does it."""
    when = "ended" if end.at <= now else "ends"
    moment = f"the {end.kind} {when} at {timestamp(end.at)}"
    return f"{moment}, and is renewed by then" if end.renewed else f"{moment}: {_RENEW[end.kind]}"


def _of_account(facts: AccountFacts) -> Iterator[PartnerWarning]:
    if (obstacle := obstacle_to_links(facts)) is not None:
        yield PartnerWarning(str(obstacle), REMEDIES[obstacle])
    if facts.may_mint is False:
        minting = Obstacle.MINTING_NOT_ENABLED
        yield PartnerWarning(str(minting), REMEDIES[minting])
