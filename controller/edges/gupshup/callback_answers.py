"""Answers to the callback call: whether they show that it is gone (docs/gupshup-api.md, Callback).

No page publishes the words of such an answer. So those words count that could mean nothing else.
"""

import re

_GONE = frozenset({404, 410})

_ADDRESS = re.compile(r"\S*//\S*|\S*/\S*/\S*|(?<!\S)[('\"]?/\S*|\bapplication/\S+")
"""URLs, paths and media types: their words show nothing about the call."""

_THE_VALUE = re.compile(
    r"\b(?:schemes?|protocols?|https?|ports?|host(?:name)?s?|domains?|localhost|ips?|formats?|characters?"
    r"|content[- ]types?|media[- ]types?|certificates?|tls|ssl|redirects?|(?:un)?reachable|timed? ?out)\b"
)
"""Words about the URL that was sent, or about the form of the request."""

_PASSING = re.compile(r"\b(?:temporar\w+|maintenance|later|at (?:the|this) moment|right now)\b")

_ENDED = re.compile(
    r"\b(?:deprecat\w+|discontinu\w+|decommission\w+|sunset\w*|retired|obsolete|phased out"
    r"|no longer (?:supported|available|allowed|offered|exists?|in use))\b"
)
_INSTEAD = re.compile(
    r"\b(?:us(?:e|ing)|via|through|migrat\w+|switch\w*|mov(?:e|ing)|replaced|favou?r)\b(?: \S+){0,5}?"
    r" (?:subscriptions?|webhooks?)\b(?! (?:plan|package|tier|fee|url|address|endpoint))"
)
_DENIED = (
    r"(?:(?:\bnot|n't)(?: \w+){0,2}? (?:support(?:ed)?|enabled|applicable|(?:allowed|permitted)(?! to\b))\b"
    r"|\bunsupported\b)"
)
_CALL = (
    r"(?:\bcallbacks\b|\bapis?\b(?! keys?\b)|\b(?:endpoint|feature|operation|method|functionality)s?\b"
    r"|\b(?:sett|updat|chang)ing\b)"
)
_CALL_DENIED = re.compile(rf"{_CALL}.*{_DENIED}|{_DENIED}.*{_CALL}")
_APPS_DENIED = re.compile(
    rf"(?:{_DENIED}|\bnot available)(?: \w+){{0,3}}? (?:for|on|with|by) (?:\w+ ){{0,3}}?"
    r"(?:apps?|applications?|accounts?|bots?)\b"
)
_ALONE = re.compile(r"(?:not |un)supported\W*")
_NEW_APPS = re.compile(
    r"\b(?:apps?|applications?|bots?)\b.{0,20}?\bcreated (?:on or )?(?:after|since|from)\b"
)

_ANOTHER_THING = re.compile(
    r"\b(?:apps?|applications?|bots?|containers?|partners?|accounts?|customers?|users?|waba|phones?|tokens?"
    r"|keys?)\b"
)
"""Things that Gupshup may not find, beside the call itself."""


def unsupported(status: int, words: str) -> bool:
    """Return whether a refusal shows that the call itself is gone.

    404 and 410 show it, unless their words name another thing that was not found. Other refusals show it by
    their words only.
    """
    return says_unsupported(words) or (status in _GONE and not _ANOTHER_THING.search(_plain(words)))


def says_unsupported(words: str) -> bool:
    """Return whether *words* say that apps have no callback URL any more."""
    text = _plain(words)
    if _THE_VALUE.search(text) or _PASSING.search(text):
        return False
    if _ALONE.fullmatch(text):
        return True
    return any(sign.search(text) for sign in (_ENDED, _INSTEAD, _CALL_DENIED, _APPS_DENIED, _NEW_APPS))


def _plain(words: str) -> str:
    return " ".join(_ADDRESS.sub(" ", words.casefold().replace("\u2019", "'")).split())
