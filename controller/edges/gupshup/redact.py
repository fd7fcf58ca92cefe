"""What Gupshup says, made fit for an error's text: one short line, without control characters or secrets."""

import base64
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import pairwise
from urllib.parse import quote, quote_plus

from controller.model.secret import Secret

_LONGEST = 200
_READ = 600
_GRAM = 12
_SHORTEST = 4
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)")
_LOOKS_SECRET = re.compile(r"sk_[0-9A-Za-z]{8,}|eyJ[\w-]{8,}(?:\.[\w-]*)*", re.ASCII)
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def redact(text: str, secrets: Iterable[Secret] = ()) -> str:
    """Return *text* as at most 200 printable characters, with *secrets* masked in every form and in parts."""
    if not text:
        return ""
    plain = "".join(" " if unicodedata.category(c) in _UNSEEN else c for c in _ANSI.sub(" ", text[:_READ]))
    forms = {form for secret in secrets for form in _forms(secret) if len(form) >= _SHORTEST}
    masked = " ".join(_mask_all(plain, forms).split())
    masked = _mask_all(masked, forms)  # joined spaces may have completed a secret
    line = " ".join(_LOOKS_SECRET.sub("***", masked).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _mask_all(text: str, forms: set[str]) -> str:
    for form in sorted(forms, key=lambda form: (-len(form), form)):
        text = _mask(text, form)
    return text


def _mask(text: str, form: str) -> str:
    """Blot out *form*, and every part of it that is 12 characters or longer."""
    if len(form) < _GRAM:
        return text.replace(form, "***")
    starts = [i for i in range(len(text) - _GRAM + 1) if text[i : i + _GRAM] in form]
    if not starts:
        return text
    edges = [0, *(edge for start, end in _joined(starts) for edge in (start, end)), len(text)]
    kept = [text[start:end] for start, end in list(pairwise(edges))[::2]]
    return "***".join(kept)


def _joined(starts: list[int]) -> Iterator[tuple[int, int]]:
    begin, end = starts[0], starts[0] + _GRAM
    for start in starts[1:]:
        if start > end:
            yield begin, end
            begin = start
        end = start + _GRAM
    yield begin, end


def _forms(secret: Secret) -> Iterator[str]:
    value = secret.reveal().removeprefix("Bearer ")
    data = value.encode("utf-8", "surrogatepass")
    yield from (value, quote(data, safe=""), quote_plus(data), json.dumps(value)[1:-1])
    yield from (data.hex(), data.hex().upper())
    for shift in range(3):  # inside a longer text, Base64 looks different at each of three offsets
        encoded = base64.b64encode(b"\0" * shift + data).rstrip(b"=").decode()
        inner = encoded[(0, 2, 3)[shift] : -1]
        yield from (inner, inner.replace("+", "-").replace("/", "_"))
