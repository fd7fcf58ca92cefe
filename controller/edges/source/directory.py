"""Manifests from folders and files of this machine: paths go in, a source comes out."""

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

    Folders are read with all folders in them; a file is read whatever its name is. Only folders make a
    complete source. A file that cannot be read is a problem of the source. Raises SourceError if a path does
    not exist, Usage if one is empty.
    """
    listed, problems = _listed(paths)
    contents, unreadable = _contents(listed)
    files = tuple(content.file for content in contents)
    problems += [*unreadable, *ambiguous_names(file.shown for file in listed)]
    complete = all(Path(path).is_dir() for path in paths)
    stamps = tuple(content.stamp for content in contents)
    return Source(
        identity(paths), _revision(contents), files, tuple(problems), complete=complete, stamps=stamps
    )


def refuse_changed(paths: Sequence[str], source: Source) -> None:
    """Raise SourceError if something below *paths* changed since *source* was read."""
    listed, _ = _listed(paths)
    now = {file.real: file.shown for file in listed}
    before = {stamp.real: stamp.path for stamp in source.stamps}
    moved = {before.get(real) or now[real] for real in before.keys() ^ now.keys()}
    written = {stamp.path for stamp in source.stamps if stamp.real in now and _mark(stamp.real) != stamp.mark}
    if names := sorted(moved | written):
        more = f" (and {len(names) - 1} more)" if names[1:] else ""
        raise SourceError(
            f"{escaped(names[0])}{more} changed after it was read, maybe in the middle of a write; "
            "nothing was sent. Run the command again once the write is complete"
        )


def _mark(real: str) -> tuple[int, ...]:
    try:
        return mark(Path(real).stat())
    except OSError:
        return ()


def _listed(paths: Sequence[str]) -> tuple[list[FoundFile], list[Problem]]:
    """Return every file below *paths*. Raises SourceError if a path does not exist, Usage if one is empty."""
    for path in paths:
        _check(path)
    files: list[FoundFile] = []
    problems: list[Problem] = []
    for path in dict.fromkeys(paths):
        if Path(path).is_dir():
            tree = walk(path)
            files += tree.files
            problems += tree.problems
        else:
            files.append(FoundFile(path, os.path.realpath(path), Path(path).name))
    return files, problems


def identity(paths: Sequence[str]) -> str:
    """Return a name that only these paths have."""
    return "\n".join(sorted({os.path.abspath(path) for path in paths}))  # noqa: PTH100  (it resolves '..')


def _check(path: str) -> None:
    if not path:
        raise Usage("a path is empty: name a folder or a file (is a variable in a script empty?)")
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
    """A file that was read. *name* is its name below the folder, which goes into the revision."""

    file: SourceFile
    name: str
    stamp: Stamp


def _contents(listed: Iterable[FoundFile]) -> tuple[list[_Content], list[Problem]]:
    """Read each file once."""
    contents: dict[str, _Content] = {}
    problems: list[Problem] = []
    bytes_left = LARGEST_SOURCE
    for file in listed:
        if file.real in contents:
            continue
        content = _read(file)
        if isinstance(content, Problem):
            problems.append(content)
        elif len(content.file.data) > bytes_left:
            problems.append(source_too_large(file.shown))
            break
        else:
            contents[file.real] = content
            bytes_left -= len(content.file.data)
    return sorted(contents.values(), key=lambda content: content.file.path), problems


def _read(file: FoundFile) -> _Content | Problem:
    """Read at most one byte more than is allowed, and nothing that could block or never end.

    The stamp comes before the content: the next stamp then shows a write that happened meanwhile.
    """
    if problem := unusable_name(file.shown):
        return problem
    try:
        handle = os.open(file.real, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError as error:
        return file_problem("GS704", file.shown, f"cannot be opened: {error.strerror}")
    with os.fdopen(handle, "rb") as reading:
        try:
            status = os.fstat(handle)
            problem = unreadable(file.shown, status)
            data = b"" if problem else reading.read(LARGEST + 1)
            stamp = Stamp(file.shown, file.real, mark(status))
            content = _Content(SourceFile(file.shown, data, escape(file.real)), file.name, stamp)
            return problem or lfs_pointer(file.shown, data) or content
        except OSError as error:
            return file_problem("GS704", file.shown, f"cannot be read: {error.strerror}")


def _revision(contents: Iterable[_Content]) -> str:
    digest = hashlib.sha256()
    for content in sorted(contents, key=lambda content: (content.name, content.file.data)):
        for part in (os.fsencode(content.name), content.file.data):
            digest.update(len(part).to_bytes(8, "big") + part)
    return f"sha256:{digest.hexdigest()}"
