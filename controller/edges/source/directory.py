"""Manifests from folders and files of this machine: paths go in, bytes come out, whatever lies there."""

import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from controller.edges.source.file_rules import (
    LARGEST,
    LARGEST_SOURCE,
    ambiguous_names,
    escaped,
    file_problem,
    lfs_pointer,
    source_too_large,
    unreadable,
    unusable_name,
)
from controller.edges.source.settling import mark
from controller.edges.source.tree import FoundFile, walk
from controller.errors import SourceError, Usage
from controller.model.problem import Problem
from controller.model.source import Source, SourceFile, Stamp
from controller.model.text import escape

_DEFAULT = "manifests"


def read(paths: Sequence[str]) -> Source:
    """Return every manifest below *paths*, as they are at this moment.

    Folders are read with all folders in them, files as they are named; only folders make a complete source.
    What cannot be read is a problem of the source. Raises SourceError if a path does not exist, Usage
    where one is empty.
    """
    found, problems = _found(paths)
    contents, unreadable = _contents(found)
    files = tuple(one.file for one in contents)
    problems += [*unreadable, *ambiguous_names(one.shown for one in found)]
    complete = all(Path(path).is_dir() for path in paths)
    stamps = tuple(one.stamp for one in contents)
    return Source(
        identity(paths), _revision(contents), files, tuple(problems), complete=complete, stamps=stamps
    )


def refuse_changed(paths: Sequence[str], source: Source) -> None:
    """Raise SourceError if something below *paths* is not as it lay there when *source* was read."""
    found, _ = _found(paths)
    there = {one.real: one.shown for one in found}
    before = {stamp.real: stamp.path for stamp in source.stamps}
    moved = {before.get(real) or there[real] for real in before.keys() ^ there.keys()}
    written = {
        stamp.path for stamp in source.stamps if stamp.real in there and _mark(stamp.real) != stamp.mark
    }
    if names := sorted(moved | written):
        more = f" (and {len(names) - 1} more)" if names[1:] else ""
        raise SourceError(
            f"{escaped(names[0])}{more} changed after it was read, maybe in the middle of a write; "
            "nothing was sent. Run it again once it is written"
        )


def _mark(real: str) -> tuple[int, ...]:
    try:
        return mark(Path(real).stat())
    except OSError:
        return ()


def _found(paths: Sequence[str]) -> tuple[list[FoundFile], list[Problem]]:
    """Return every file below *paths*. Raises SourceError if a path does not exist, Usage for none."""
    for path in paths:
        _check(path)
    found: list[FoundFile] = []
    problems: list[Problem] = []
    for path in dict.fromkeys(paths):
        if Path(path).is_dir():
            tree = walk(path)
            found += tree.files
            problems += tree.problems
        else:
            found.append(FoundFile(path, os.path.realpath(path), Path(path).name))
    return found, problems


def identity(paths: Sequence[str]) -> str:
    """Return a name for these paths that no others have."""
    return "\n".join(sorted({os.path.abspath(path) for path in paths}))  # noqa: PTH100  ('..' is taken out)


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


class _Content(NamedTuple):
    """A file as it was read; *name* is the one below the folder, which the revision is made of."""

    file: SourceFile
    name: str
    stamp: Stamp


def _contents(found: Iterable[FoundFile]) -> tuple[list[_Content], list[Problem]]:
    """Read each file once."""
    files: dict[str, _Content] = {}
    problems: list[Problem] = []
    room = LARGEST_SOURCE
    for one in found:
        if one.real in files:
            continue
        read = _read(one)
        if isinstance(read, Problem):
            problems.append(read)
        elif len(read.file.data) > room:
            problems.append(source_too_large(one.shown))
            break
        else:
            files[one.real] = read
            room -= len(read.file.data)
    return sorted(files.values(), key=lambda each: each.file.path), problems


def _read(one: FoundFile) -> _Content | Problem:
    """Read at most one byte more than is allowed, and nothing that could block or never end.

    The stamp is taken first: what is written meanwhile shows at the next one.
    """
    if trouble := unusable_name(one.shown):
        return trouble
    try:
        handle = os.open(one.real, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError as error:
        return file_problem("GS704", one.shown, f"cannot be opened: {error.strerror}")
    with os.fdopen(handle, "rb") as file:
        try:
            status = os.fstat(handle)
            trouble = unreadable(one.shown, status)
            data = b"" if trouble else file.read(LARGEST + 1)
            stamp = Stamp(one.shown, one.real, mark(status))
            whole = _Content(SourceFile(one.shown, data, escape(one.real)), one.name, stamp)
            return trouble or lfs_pointer(one.shown, data) or whole
        except OSError as error:
            return file_problem("GS704", one.shown, f"cannot be read: {error.strerror}")


def _revision(contents: Iterable[_Content]) -> str:
    digest = hashlib.sha256()
    for one in sorted(contents, key=lambda each: (each.name, each.file.data)):
        for part in (os.fsencode(one.name), one.file.data):
            digest.update(len(part).to_bytes(8, "big") + part)
    return f"sha256:{digest.hexdigest()}"
