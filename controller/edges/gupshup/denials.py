"""Denials: refusals that a person has to end, told apart by Gupshup's words."""

import re

from controller.errors import AddressNotAllowed, Denied

_ADDRESS = re.compile(r"\b(?:ips?|ip[- ]address(?:es)?|source address(?:es)?)\b", re.IGNORECASE)
_REFUSED = re.compile(
    r"allow|whitelist|white list|permitted|restrict|not authori[sz]ed|denied|block", re.IGNORECASE
)
_ADVICE = (
    "the account takes calls from listed addresses only: list the address of this host in the partner portal"
)


def is_about_address(words: str) -> bool:
    """Return whether *words* say that calls from this host's address are not allowed."""
    return bool(_ADDRESS.search(words) and _REFUSED.search(words))


def denial(message: str, advice: str) -> Denied:
    """Return the error for a refusal in the words of *message*. *advice* counts if no better one is known."""
    if is_about_address(message):
        return AddressNotAllowed(f"{message}; {_ADVICE}")
    return Denied(f"{message}; {advice}")
