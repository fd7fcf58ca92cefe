"""Messages of git for people: no secrets, no control characters, and advice on what to do."""

from collections.abc import Iterable

from controller.edges.source.file_rules import escaped
from controller.model.secret import Secret
from controller.model.text import mask

_MOST_LINES = 4
_ADVICE = (
    ("couldn't find remote ref", "was the branch deleted or renamed, or is the repository empty?"),
    ("could not read Username", "the repository needs a token: give a reference to one"),
    ("could not read Password", "the repository needs a token: give a reference to one"),
    ("Authentication failed", "the token was refused: has it expired, or may it not read this repository?"),
    ("The requested URL returned error: 403", "the token may not read this repository"),
    ("Host key verification failed", "put the host's key, checked with its owner, into the known_hosts file"),
    ("REMOTE HOST IDENTIFICATION HAS CHANGED", "ask the host's owner before you trust the new key"),
    ("Permission denied (publickey", "the key was refused: may it read this repository?"),
    ("certificate", "give the certificate of its authority with --ca-file"),
    ("returned error: 30", "redirects are not followed: give the URL that it leads to"),
    ("redirect", "redirects are not followed: give the URL that it leads to"),
    ("transport '", "only the protocol of the URL is allowed"),
    ("not found", "check the URL; a private repository answers the same if the token may not read it"),
    ("mismatched algorithms", "repositories with SHA-256 ids are not supported"),
    ("No space left", "free space on the disk of the copy"),
)
_NO_ADVICE = "check the URL and the network; the fetch is tried again"


def advice(words: str) -> str:
    """Return what a person can do about an error of git."""
    lower = words.lower()
    return next((remedy for needle, remedy in _ADVICE if needle.lower() in lower), _NO_ADVICE)


def git_message(words: str, secrets: Iterable[str]) -> str:
    """Return the last lines of git's output, with *secrets* masked in every spelling."""
    lines = [line.strip() for line in mask(words, map(Secret, secrets)).splitlines() if line.strip()]
    return escaped("; ".join(lines[-_MOST_LINES:])) or "nothing"
