"""One diagnosis, and the account's: credentials, terms of use, clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from controller.core.account.ends import ending, ends_of
from controller.core.account.warnings import end_message
from controller.core.timestamp import timestamp
from controller.model.account import REMEDIES, AccountFacts, Obstacle
from controller.model.manifest import Partner

MOST_AHEAD = 60.0
"""Seconds by which two clocks may differ: the date of an answer is whole seconds, and it travels."""


class CheckResult(StrEnum):
    """WRONG needs a person. UNKNOWN could not be looked at, and fails nothing."""

    OK = "ok"
    UNKNOWN = "unknown"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found by one *check*, about *subject* ("" if there is only one). *remedy* is what to do."""

    check: str
    result: CheckResult
    message: str
    remedy: str = ""
    subject: str = ""


def of_ends(partner: Partner, facts: AccountFacts, now: float) -> Iterator[Diagnosis]:
    """Yield one diagnosis for each end that is known, or that none is."""
    ends = ends_of(partner, facts)
    near = ending(ends, now)
    for end in ends:
        if end in near:
            message, _, remedy = end_message(end, now).partition(": ")
            yield Diagnosis("credentials end", CheckResult.WRONG, message, remedy, partner.name)
        else:
            yield Diagnosis(
                "credentials end", CheckResult.OK, end_message(end, now).partition(": ")[0], "", partner.name
            )
    if not any(not end.renewed for end in ends):
        message = "no end of the client secret or token is known"
        remedy = "declare spec.credentials.expires, to be told in time"
        yield Diagnosis("credentials end", CheckResult.UNKNOWN, message, remedy, partner.name)


def of_account(partner: str, facts: AccountFacts) -> Iterator[Diagnosis]:
    """Yield what sign-ins told of the account, these and earlier ones."""
    yield _fact("terms of use", partner, Obstacle.TERMS_NOT_ACCEPTED, holds=facts.terms_accepted)
    yield _fact("tech provider", partner, Obstacle.NOT_TECH_PROVIDER, holds=facts.tech_provider)
    yield _fact("minting", partner, Obstacle.MINTING_NOT_ENABLED, holds=facts.may_mint)


_HOLDS = {
    Obstacle.TERMS_NOT_ACCEPTED: "they are accepted",
    Obstacle.NOT_TECH_PROVIDER: "the account is one, and may link apps",
    Obstacle.MINTING_NOT_ENABLED: "the account may mint universal tokens",
}


def _fact(check: str, partner: str, obstacle: Obstacle, *, holds: bool | None) -> Diagnosis:
    if holds is None:
        return Diagnosis(check, CheckResult.UNKNOWN, "no sign-in of this store told it yet", "", partner)
    if holds:
        return Diagnosis(check, CheckResult.OK, _HOLDS[obstacle], "", partner)
    message, _, remedy = REMEDIES[obstacle].partition(": ")
    return Diagnosis(check, CheckResult.WRONG, message, remedy, partner)


def of_clock(partner: str, ahead: float | None, now: float) -> Diagnosis:
    """Judge by how many seconds Gupshup's clock is *ahead* of ours, which shows *now*; None is not known."""
    if ahead is None:
        return Diagnosis(
            "clock", CheckResult.UNKNOWN, "Gupshup's answer has no date to compare with", "", partner
        )
    if abs(ahead) <= MOST_AHEAD:
        return Diagnosis(
            "clock", CheckResult.OK, f"within {MOST_AHEAD:.0f} s of Gupshup's clock", "", partner
        )
    way = "behind" if ahead > 0 else "ahead of"
    message = f"this machine's clock ({timestamp(now)}) is {abs(ahead):.0f} s {way} Gupshup's"
    return Diagnosis("clock", CheckResult.WRONG, message, "set it, by NTP for example", partner)
