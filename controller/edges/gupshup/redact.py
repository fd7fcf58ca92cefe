"""Redaction of Gupshup's words: one short line for an error's text, without control characters or secrets."""

import re
import unicodedata
from collections.abc import Iterable

from controller.model.secret import Secret
from controller.model.text import mask

_LONGEST = 200
_READ = 600
_SHORTEST = 4
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)")
_LOOKS_SECRET = re.compile(r"sk_[0-9A-Za-z]{8,}|eyJ[\w-]{8,}(?:\.[\w-]*)*", re.ASCII)
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def redact(text: str, secrets: Iterable[Secret] = ()) -> str:
    """Return *text* as at most 200 printable characters. *secrets* are masked in every form, also in part."""
    if not text:
        return ""
    plain = "".join(" " if unicodedata.category(c) in _UNSEEN else c for c in _ANSI.sub(" ", text[:_READ]))
    hidden = tuple(secrets)
    masked = " ".join(mask(plain, hidden, shortest=_SHORTEST).split())
    masked = mask(masked, hidden, shortest=_SHORTEST)  # the joined spaces may have completed a secret
    line = " ".join(_LOOKS_SECRET.sub("***", masked).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
