"""Syntax errors of libyaml, at the place where they begin and with a remedy, or in libyaml's own words."""

import re
from typing import NamedTuple

import yaml

from controller.core.decode.quoting import visible

_DIRECTIVES = frozenset(
    {
        "found unknown directive name",
        "found incompatible YAML document",
        "found duplicate %YAML directive",
    }
)
_TABS = frozenset(
    {
        "found a tab character that violates indentation",
        "found a tab character where an indentation space is expected",
    }
)
_SAID = {
    "mapping values are not allowed in this context": "a ':' too many, or wrong indentation; quote values "
    "that contain ': '",
    "could not find expected ':'": "a ':' is missing behind a key",
    "did not find expected key": "a key is expected here: check indentation and quotes",
    "found unknown escape character": "an unknown escape in double quotes; use single quotes",
}
_CLOSING = {"did not find expected ',' or ']'": ("[", "]"), "did not find expected ',' or '}'": ("{", "}")}
_GLUED = re.compile(r"[ -]*([A-Za-z]{1,40}):[^\s:/]")


class YamlProblem(NamedTuple):
    """The line and column where the reading ended (from 1), the rule, and the reason."""

    rule: str
    line: int
    column: int
    message: str


class _Mark(NamedTuple):
    line: int
    column: int


_START = _Mark(0, 0)


def yaml_problem(error: yaml.YAMLError, text: str) -> YamlProblem:
    """Return the problem that keeps *text* from being YAML."""
    reason = str(getattr(error, "problem", None) or "unreadable")
    end, begin = _mark(error, "problem_mark"), _mark(error, "context_mark")
    if reason in _DIRECTIVES:
        return YamlProblem("GS114", *_shown(end), "a line that begins with '%'")
    if reason == "found unexpected end of stream":
        return _syntax(begin, "a quote is opened here and never closed; add the closing one")
    if reason in _CLOSING:
        opening, closing = _CLOSING[reason]
        before = "{}:{}".format(*_shown(end))
        message = (
            f"'{opening}' is opened here and not closed before {before}; add '{closing}', or a comma there"
        )
        return _syntax(begin, message)
    lines = text.splitlines()
    if reason == "found character that cannot start any token" or reason in _TABS:
        return _syntax(end, _start(_line(lines, end.line)[end.column : end.column + 1]))
    for near in (begin.line, end.line - 1):
        if glued := _GLUED.match(_line(lines, near)):
            message = f"a space is missing behind the ':' of {visible(glued[1])}; write {glued[1]}: VALUE"
            return _syntax(_Mark(near, glued.start(1)), message)
    return _syntax(end, _SAID.get(reason, reason))


def _mark(error: yaml.YAMLError, which: str) -> _Mark:
    mark = getattr(error, which, None)
    return _Mark(mark.line, mark.column) if mark else _START


def _shown(mark: _Mark) -> tuple[int, int]:
    return mark.line + 1, mark.column + 1


def _syntax(mark: _Mark, message: str) -> YamlProblem:
    return YamlProblem("GS101", *_shown(mark), message)


def _line(lines: list[str], number: int) -> str:
    return lines[number] if 0 <= number < len(lines) else ""


def _start(character: str) -> str:
    if character == "\t":
        return "a tab stands here; indent with spaces"
    return f"a value must not begin with {visible(character)}; put it in quotes"
