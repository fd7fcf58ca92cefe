"""A patch as git and `patch` read it: changed and new text files, their paths from the folder of the reader.

The headers are the ones of `diff -u`: `git apply` takes their paths from the folder in which it runs, inside
of a repository and outside. With a line `diff --git` it would take them from the root of the repository.
"""

from collections.abc import Iterable, Iterator
from difflib import unified_diff
from typing import NamedTuple

_ESCAPES = {ord(char): f"\\{name}" for char, name in zip('"\\\a\b\t\n\v\f\r', '"\\abtnvfr', strict=True)}
_PLAIN = frozenset(range(0x20, 0x7F)) - _ESCAPES.keys()


class FileChange(NamedTuple):
    """One file below the folder: its *path* as bytes, and its content; *before* is None if it is new."""

    path: bytes
    before: str | None
    after: str


def patch_text(changes: Iterable[FileChange]) -> str:
    """Return the patch of *changes*, "" if there are none."""
    return "".join(line for change in sorted(changes) for line in _lines(change))


def _lines(change: FileChange) -> Iterator[str]:
    before, after = (_split(text) for text in (change.before or "", change.after))
    yield f"--- {'/dev/null' if change.before is None else _name(b'a/' + change.path)}\n"
    yield f"+++ {_name(b'b/' + change.path)}\n"
    for number, line in enumerate(unified_diff(before, after)):
        if number > 1:  # behind its own two headers
            yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _split(text: str) -> list[str]:
    """Return the lines of *text* with their ends. Only a line feed ends one, as for git."""
    lines = [f"{line}\n" for line in text.split("\n")]
    return [*lines[:-1], *([lines[-1][:-1]] if lines[-1] != "\n" else [])]


def _name(path: bytes) -> str:
    """Return a path as git writes it: in quotes if it is not plain; a tab ends one with blanks."""
    if set(path) <= _PLAIN:
        return path.decode() + ("\t" if b" " in path else "")
    return '"' + "".join(map(_escaped, path)) + '"'


def _escaped(byte: int) -> str:
    return chr(byte) if byte in _PLAIN else _ESCAPES.get(byte, f"\\{byte:03o}")
