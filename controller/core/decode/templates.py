"""Templates: `${app.name}` and its like, in URLs and tags. Other texts like templates are refused."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from controller.core.decode.quoting import Path

_VARIABLE = re.compile(r"\$\{(app\.[^{}]{0,100})\}")
_FIELD = r"[A-Za-z][A-Za-z0-9]{0,30}(?:\.[A-Za-z0-9][-A-Za-z0-9_./]{0,62})?"
_MISTAKEN = re.compile(
    rf"(?:\$?\{{\{{ ?\.?|\$\( ?|\$\{{ +|(?<![${{])\{{ ?)app\.(?P<braced>{_FIELD}) ?(?:\}}\}}?|\))"
    r"|\$app\.(?P<bare>labels\.[A-Za-z0-9_-]{1,63}|[A-Za-z]{1,30})"
)
_TEMPLATED = frozenset(
    {("spec", "url"), ("spec", "tag"), ("spec", "callbackUrl"), ("spec", "defaults", "callbackUrl")}
)


def fill(text: str, values: Mapping[str, str]) -> tuple[str, list[str]]:
    """Return *text* with the variables of *values* filled in (escaped for a URL), and the unknown names."""
    unknown: list[str] = []

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in values:
            unknown.append(name)
        return quote(values.get(name, "unknown"), safe="")

    return (_VARIABLE.sub(value, text) if "${" in text else text), unknown


def named(text: str) -> list[str]:
    """Return the names of all variables in *text*, known or not."""
    return _VARIABLE.findall(text)


def mistaken(text: str) -> list[tuple[str, str]]:
    """Return each text that was probably meant to be a variable, and that variable."""
    return [(one.group(), _meant(one)) for one in _MISTAKEN.finditer(text)]


def mended(text: str) -> str:
    """Return *text* with the variables that were meant in place of the mistaken ones."""
    return _MISTAKEN.sub(_meant, text)


def _meant(match: re.Match[str]) -> str:
    return f"${{app.{match['braced'] or match['bare']}}}"


def unsupported(value: object, path: Path = ()) -> Iterator[Path]:
    """Yield the paths of texts that hold a template in a field that takes none."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield from unsupported(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from unsupported(child, (*path, index))
    elif isinstance(value, str) and path not in _TEMPLATED and ("${" in value or "{{" in value):
        yield path
