"""Text from others, made safe to show: without control of a terminal, and without secrets."""

import base64
import json
from collections.abc import Iterable, Iterator
from itertools import pairwise
from urllib.parse import quote, quote_plus

from controller.model.secret import Secret

_GRAM = 12
"""Characters of a secret in a row that reveal too much of it."""

_SHORTEST_ENCODED = 4


def escape(text: str) -> str:
    """Return *text* with every unprintable character as an escape, so that the text stays on its line."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def mask(text: str, secrets: Iterable[Secret], *, shortest: int = 1) -> str:
    """Return *text* with *secrets* masked in every form, and every part of 12 characters or more.

    A secret with fewer than *shortest* characters is left, since it may be part of any word. An encoded form
    is left if it has fewer than 4.
    """
    values = [secret.reveal().removeprefix("Bearer ") for secret in secrets]
    forms = {value for value in values if len(value) >= shortest}
    forms |= {form for value in values for form in _encoded(value) if len(form) >= _SHORTEST_ENCODED}
    for form in sorted(forms, key=lambda form: (-len(form), form)):
        text = _mask(text, form)
    return text


def _mask(text: str, form: str) -> str:
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


def _encoded(value: str) -> Iterator[str]:
    data = value.encode("utf-8", "surrogatepass")
    yield from (quote(data, safe=""), quote_plus(data), json.dumps(value)[1:-1])
    yield from (data.hex(), data.hex().upper())
    for whole in (base64.b64encode(data), base64.urlsafe_b64encode(data)):
        yield whole.rstrip(b"=").decode()
    for shift in range(3):  # inside a longer text, Base64 differs at each of three offsets
        encoded = base64.b64encode(b"\0" * shift + data).rstrip(b"=").decode()
        inner = encoded[(0, 2, 3)[shift] : -1]
        yield from (inner, inner.replace("+", "-").replace("/", "_"))
