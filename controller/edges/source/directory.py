"""Manifests from folders and files of this machine: paths go in, bytes come out, whatever lies there."""

import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

from controller.edges.source.tree import Found, walk
from controller.edges.source.unread import (
    LARGEST,
    LARGEST_SOURCE,
    concern,
    escaped,
    odd,
    overfull,
    placeholder,
    twins,
    unread,
)
from controller.errors import SourceError, Usage
from controller.model.problem import Problem
from controller.model.source import Source, SourceFile

_DEFAULT = "manifests"


def read(paths: Sequence[str]) -> Source:
    """Return every manifest below *paths*, as they are at this moment.

    Folders are read with all folders in them, files as they are named; only folders make a complete source.
    What cannot be read is a problem of the source. Raises SourceError where a path does not exist, Usage
    where one is empty.
    """
    for path in paths:
        _check(path)
    found: list[Found] = []
    problems: list[Problem] = []
    for path in dict.fromkeys(paths):
        if Path(path).is_dir():
            tree = walk(path)
            found += tree.files
            problems += tree.problems
        else:
            found.append(Found(path, os.path.realpath(path), Path(path).name))
    contents, unreadable = _contents(found)
    files = tuple(file for file, _ in contents)
    problems += [*unreadable, *twins(one.shown for one in found)]
    complete = all(Path(path).is_dir() for path in paths)
    return Source(identity(paths), _revision(contents), files, tuple(problems), complete=complete)


def identity(paths: Sequence[str]) -> str:
    """Return what tells these paths from others."""
    return "\n".join(sorted({str(Path(path).absolute()) for path in paths}))


def _check(path: str) -> None:
    if not path:
        raise Usage("an empty path: name a folder or a file (an empty variable in a script?)")
    if "\0" in path or not os.path.lexists(path):
        raise SourceError(f"cannot read {escaped(path)}: there is no such file or folder; {_remedy(path)}")
    if Path(path).is_dir() and not os.access(path, os.R_OK | os.X_OK):
        raise SourceError(f"cannot read {escaped(path)}: permission denied")


def _remedy(path: str) -> str:
    if path == "-":
        return "standard input is not read: name a folder or a file"
    if path.rstrip("/") == _DEFAULT:
        return "`gupshupctl init` makes one, or name another folder"
    return "check the path"


_Contents: TypeAlias = list[tuple[SourceFile, str]]


def _contents(found: Iterable[Found]) -> tuple[_Contents, list[Problem]]:
    """Read each file once; beside it stands its name below the folder, which the revision is made of."""
    files: dict[str, tuple[SourceFile, str]] = {}
    problems: list[Problem] = []
    room = LARGEST_SOURCE
    for one in found:
        data = _bytes(one) if one.real not in files else b""
        if isinstance(data, Problem):
            problems.append(data)
        elif len(data) > room:
            problems.append(overfull(one.shown))
            break
        else:
            files.setdefault(one.real, (SourceFile(one.shown, data), one.name))
            room -= len(data)
    return sorted(files.values(), key=lambda pair: pair[0].path), problems


def _bytes(one: Found) -> bytes | Problem:
    """Read at most one byte more than is allowed, and nothing that could block or never end."""
    if trouble := odd(one.shown):
        return trouble
    try:
        handle = os.open(one.real, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError as error:
        return concern("GS704", one.shown, f"cannot be opened: {error.strerror}")
    with os.fdopen(handle, "rb") as file:
        try:
            trouble = unread(one.shown, os.fstat(handle))
            data = b"" if trouble else file.read(LARGEST + 1)
            return trouble or placeholder(one.shown, data) or data
        except OSError as error:
            return concern("GS704", one.shown, f"cannot be read: {error.strerror}")


def _revision(contents: _Contents) -> str:
    digest = hashlib.sha256()
    for file, name in sorted(contents, key=lambda pair: (pair[1], pair[0].data)):
        for part in (os.fsencode(name), file.data):
            digest.update(len(part).to_bytes(8, "big") + part)
    return f"sha256:{digest.hexdigest()}"
