"""Edits of single values in a file of YAML: every other byte stays, comments included.

An edit is made only where the text shows plainly what it changes. Anything else is Uncertain, with why.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

import yaml

from controller.core.writing.yaml_text import manifest_text, quoted_text

Value: TypeAlias = str | int | bool | tuple[str, ...]

_NOTHING_OR_COMMENT = re.compile(r"(?:[ \t]+#[^\r\n]*|[ \t]*)\Z")
_ITEM = re.compile(r"([ \t]*-[ \t]+)")


class Uncertain(Exception):
    """The text does not show plainly how a value can be changed; the message is the reason."""


class Edit(NamedTuple):
    """*text* for what is between two places of the text."""

    start: int
    end: int
    text: str


def edited(text: str, edits: Iterable[Edit]) -> str:
    """Return *text* with *edits*, of which no two touch the same place."""
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


class Outline:
    """The documents of a text as nodes with their places."""

    def __init__(self, text: str) -> None:
        """Read a text that the decoder reads without a problem."""
        self._text = text
        self._roots = list(yaml.compose_all(text, Loader=yaml.CSafeLoader))

    def edit(self, line: int, path: Sequence[str], value: Value, *, after: str) -> Edit:
        """Return the edit by which *path* of the document that begins in *line* gets *value*.

        If there is no such field, it is written behind the line of its neighbour *after*. Raises Uncertain.
        """
        *above, key = path
        mapping: yaml.Node | None = next(
            (root for root in self._roots if root.start_mark.line + 1 == line), None
        )
        for step in above:
            mapping = _pairs(mapping).get(step)
        found = _pairs(mapping).get(key)
        if found is None:
            return self._inserted(mapping, key, value, after)
        if isinstance(found, yaml.SequenceNode) and isinstance(value, tuple):
            return self._listed(found, value)
        return self._scalar(found, value, flow=self._in_flow(mapping))

    def _scalar(self, node: yaml.Node, value: Value, *, flow: bool) -> Edit:
        if not isinstance(node, yaml.ScalarNode) or isinstance(value, tuple):
            raise Uncertain("it is written in an unusual way")
        start, end = node.start_mark, node.end_mark
        if node.style in {"|", ">"} or start.line != end.line:
            raise Uncertain("it is written over several lines")
        quoted = flow or bool(node.style)
        return Edit(
            start.index,
            end.index,
            quoted_text(value) if isinstance(value, str) and quoted else _canonical(value),
        )

    def _in_flow(self, node: yaml.Node | None) -> bool:
        return isinstance(node, yaml.MappingNode) and bool(node.flow_style)

    def _inserted(self, mapping: yaml.Node | None, key: str, value: Value, after: str) -> Edit:
        neighbour = _pairs(mapping).get(after)
        if neighbour is None or self._in_flow(mapping) or not isinstance(neighbour, yaml.ScalarNode):
            raise Uncertain(f"there is no line of its own for {key}")
        if neighbour.start_mark.line != neighbour.end_mark.line or neighbour.style in {"|", ">"}:
            raise Uncertain(f"{after}, which would stand before {key}, is written over several lines")
        end = self._line_end(neighbour.end_mark.index)
        begin = self._text.rfind("\n", 0, neighbour.start_mark.index) + 1
        indent = re.match(rf"[ ]*(?=['\"]?{re.escape(after)})", self._text[begin:])
        if indent is None or not _NOTHING_OR_COMMENT.match(self._text[neighbour.end_mark.index : end]):
            raise Uncertain(f"there is no line of its own for {key}")
        return Edit(end, end, f"{self._break()}{indent[0]}{key}: {_canonical(value)}")

    def _listed(self, node: yaml.SequenceNode, wanted: Sequence[str]) -> Edit:
        if not all(isinstance(item, yaml.ScalarNode) for item in node.value):
            raise Uncertain("its list is written in an unusual way")
        names = [item.value for item in node.value]
        ordered = [
            *(name for name in names if name in wanted),
            *(name for name in wanted if name not in names),
        ]
        if node.flow_style:
            start, end = node.start_mark.index, node.end_mark.index
            if "#" in self._text[start:end] or "\n" in self._text[start:end]:
                raise Uncertain("its list is written over several lines")
            return Edit(start, end, f"[{', '.join(ordered)}]")
        return self._lines(node, names, ordered)

    def _lines(self, node: yaml.SequenceNode, names: Sequence[str], ordered: Sequence[str]) -> Edit:
        """Return the edit of a list with one line for each item; lines of comments between them stay."""
        first, last = node.value[0].start_mark.index, node.value[-1].end_mark.index
        start, end = self._text.rfind("\n", 0, first) + 1, self._line_end(last)
        dash = _ITEM.match(self._text, start)
        if dash is None or dash.end() != first:
            raise Uncertain("its list does not begin on a line of its own")
        gone = {item.start_mark.line: item.value for item in node.value if item.value not in ordered}
        lines = list[str]()
        for number, line in enumerate(self._text[start:end].split(self._break()), node.start_mark.line):
            if number not in gone:
                lines.append(line)
            elif not re.fullmatch(rf"-[ \t]+(['\"]?){re.escape(gone[number])}\1", line.strip()):
                raise Uncertain("the line of what goes from its list holds something else, too")
        lines += [f"{dash[1]}{name}" for name in ordered if name not in names]
        return Edit(start, end, self._break().join(lines))

    def _line_end(self, index: int) -> int:
        end = self._text.find("\n", index)
        if end < 0:
            return len(self._text)
        return end - 1 if self._text[end - 1] == "\r" else end

    def _break(self) -> str:
        """Return how the lines of the text end."""
        return "\r\n" if "\r\n" in self._text else "\n"


def _pairs(node: yaml.Node | None) -> dict[str, yaml.Node]:
    return {key.value: value for key, value in node.value} if isinstance(node, yaml.MappingNode) else {}


def _canonical(value: Value) -> str:
    """Return *value* as it is written in a block."""
    return manifest_text({"x": value}).removeprefix("x: ").removesuffix("\n")
