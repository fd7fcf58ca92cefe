"""Text from anybody, made inert in Markdown and HTML: no markup, no mention, no link, no reference."""

import re

from controller.model.text import escape

LONGEST_TEXT = 400
"""Characters of one text. The rest is cut."""

_KEPT = re.compile(r"[^\w \-.,:;/'+=()!?%→…—⏸✓]|_")
_WWW = re.compile(r"www\.", re.IGNORECASE)
_UNSAFE = re.compile(r"[^\w./=,@-]+|-(?=-)")
_NOTHING = "\N{ZERO WIDTH SPACE}"


def inert(text: str) -> str:
    """Return *text* as Markdown that shows it as plain text.

    A character without width takes the meaning from what a host would make a mention, a reference or a link.
    """
    kept = _entities(text).replace("&#35;", f"&#35;{_NOTHING}").replace("://", f":{_NOTHING}//")
    return _WWW.sub(lambda found: f"{found[0][:3]}{_NOTHING}.", kept)


def code(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return *text* as code, in which hosts look for no mentions and no links. A URL can be copied."""
    kept = _entities(text, longest).replace("://", "&#58;//")
    return f"<code>{_WWW.sub(lambda found: f'{found[0][:3]}&#46;', kept)}</code>"


def comment(*words: str) -> str:
    """Return an HTML comment that is the same for the same *words*, and shows nothing."""
    return f"<!-- {' '.join(_UNSAFE.sub('', word) for word in words)[:LONGEST_TEXT]} -->"


def _entities(text: str, longest: int = LONGEST_TEXT) -> str:
    plain = escape(text[: longest + 1])
    cut = plain if len(plain) <= longest else f"{plain[: longest - 1]}…"
    return _KEPT.sub(lambda found: f"&#{ord(found[0])};", cut).replace("&#64;", f"&#64;{_NOTHING}")
