"""Text that Markdown shows as it is, whatever it holds: no markup, mention, link, or command."""

import re

LONGEST_TEXT = 300
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_MARKUP = re.compile(r"[^\w \-.,:;/'+=]")


def inert(text: str) -> str:
    """Return *text* on one line, cut, and with nothing in it that Markdown or a host would act on."""
    plain = _INVISIBLE.sub(" ", text)
    plain = plain if len(plain) <= LONGEST_TEXT else plain[: LONGEST_TEXT - 1] + "…"
    kept = _MARKUP.sub(lambda found: f"&#{ord(found[0])};", plain)
    return kept.replace("&#64;", "&#64;\u200b").replace("://", ":\u200b//")
