"""Names of imported manifests: they follow from the account alone, whatever the order of its lists."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from hashlib import sha256

from controller.core.writing.names import words

_LONGEST = 120
_SUFFIX = 8
APP_NAME = re.compile(r"[A-Za-z0-9]{6,150}\Z")
"""A name at Gupshup that a manifest can hold without an `appId`."""

LONGEST_KEY = 63
"""Characters of a label's key."""


def legal(text: str, otherwise: str) -> str:
    """Return *text* as a manifest's name: its words with `-` between them, *otherwise* if it has none."""
    return "-".join(words(text))[:_LONGEST].strip("-") or otherwise


def distinct(wanted: Mapping[str, str], taken: Collection[str]) -> dict[str, str]:
    """Return a name for each key of *wanted*: the wanted one, with a mark of its key where others have it.

    Names that differ in case only are the same, since they are names of files, too.
    """
    counts = Counter(name.casefold() for name in wanted.values())
    counts.update({name.casefold() for name in taken})
    return {
        key: name if counts[name.casefold()] == 1 else f"{name}-{mark(key)}" for key, name in wanted.items()
    }


def mark(key: str) -> str:
    """Return a few characters that stand for *key*."""
    return sha256(key.encode()).hexdigest()[:_SUFFIX]


def label_key(name: str) -> str:
    """Return the key of the label that apps with the webhook *name* get."""
    whole = f"webhook/{name}"
    if len(whole) <= LONGEST_KEY:
        return whole
    return f"{whole[: LONGEST_KEY - _SUFFIX - 1].rstrip('-')}-{mark(name)}"


def templated(url: str, values: Iterable[tuple[str, str]]) -> str:
    """Return *url* with each of *values* (its template, and what the app has) as a template.

    A value counts where it stands alone: no letter or digit is beside it.
    """
    by_value = {value: template for template, value in reversed(list(values)) if value}
    if not by_value:
        return url
    longest_first = sorted(by_value, key=lambda value: (-len(value), value))
    any_value = "|".join(map(re.escape, longest_first))
    alone = rf"(?<![A-Za-z0-9])(?:{any_value})(?![A-Za-z0-9])"
    return re.sub(alone, lambda found: by_value[found[0]], url)
