"""Canonical YAML of manifests: two-space blocks in the order given, quoted ids, short lists on one line."""

import re
from collections.abc import Iterable, Mapping, Sequence

import yaml

_ENDLESS = 1 << 20
"""A width that no line reaches: a text is never folded."""

_TEXT = "tag:yaml.org,2002:str"
_PLAIN = re.compile(r"(?!.*(?:: | #))(?:[^\W\d]|[/$])(?:[^\n\r\t\x85\u2028\u2029\ufeff]*[^:\s])?\Z")
"""A text that needs no quotes, unless YAML reads another type."""

_ENDS_PLAIN_IN_A_LIST = re.compile(r"[],[{}?:]")


class _Dumper(yaml.CSafeDumper):
    """Writes what our own reader, other readers and people take for the same."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002  (a manifest has no anchors)
        return True


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    """Write a text: in double quotes if any reader could take it for something else, as an id is."""
    is_text = dumper.resolve(yaml.ScalarNode, value, (True, False)) == _TEXT  # type: ignore[no-untyped-call]
    plain = is_text and _PLAIN.match(value)
    return dumper.represent_scalar(_TEXT, value, style=None if plain else '"')


def _list(dumper: _Dumper, value: Sequence[object]) -> yaml.SequenceNode:
    """Write a list of plain words on one line, such as the modes of a subscription."""
    short = all(isinstance(each, str) for each in value)
    node = dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=short)
    for each in node.value if short else ():
        if _ENDS_PLAIN_IN_A_LIST.search(each.value):
            each.style = '"'
    return node


_Dumper.add_representer(str, _text)
_Dumper.add_representer(list, _list)
_Dumper.add_representer(tuple, _list)


def manifest_text(
    document: Mapping[str, object], *, schema: str | None = None, notes: Iterable[str] = ()
) -> str:
    """Return one document as YAML, in the order of its keys.

    *schema* is the address of the JSON Schema for the editor's modeline, None for no modeline. Each of
    *notes* is a comment of one line, which stands at the end, inside `spec`.
    """
    body = yaml.dump(
        dict(document), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_ENDLESS, indent=2
    )
    modeline = "" if schema is None else f"# yaml-language-server: $schema={schema}\n"
    return modeline + body + "".join(f"  # {note}\n" for note in notes)


def quoted_text(value: str) -> str:
    """Return a text in double quotes, as it may stand anywhere."""
    dumped = yaml.dump(value, Dumper=yaml.CSafeDumper, default_style='"', allow_unicode=True, width=_ENDLESS)
    return str(dumped).removesuffix("\n")


def file_text(documents: Iterable[str]) -> str:
    """Return the text of a file with *documents* of `manifest_text`."""
    return "---\n".join(documents)
