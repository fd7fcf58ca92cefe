"""Notice ahead of the end of a credential: which one, when, and what to do."""

from controller.core.account.warnings import end_message
from controller.core.timestamp import age
from controller.model.account import CredentialEnd
from controller.model.notice import Notice


def end_notice(partner: str, end: CredentialEnd, now: float) -> Notice:
    """Return the notice about *end* at *now* (epoch seconds)."""
    title = f"The {end.kind} of partner {partner} {_when(end, now)}"
    message = end_message(end, now)
    return Notice(title, f"{message[0].upper()}{message[1:]}.", good=False)


def _when(end: CredentialEnd, now: float) -> str:
    return "has ended" if end.at <= now else f"ends in {age(end.at - now)}"
