"""Tree of the manifest files below one folder. Symbolic links are followed if they stay below it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from controller.edges.source.file_rules import (
    ENDINGS,
    MOST_FILES,
    LinkTarget,
    almost_manifest,
    file_problem,
    follow_link,
    too_many,
)
from controller.model.problem import Problem


class FoundFile(NamedTuple):
    """A file: the name that is shown, its real path, and its name below the folder that is read."""

    shown: str
    real: str
    name: str


class FoundFolder(NamedTuple):
    """A folder as it is reached, and its real path."""

    path: str
    real: str


class FoundEntry(NamedTuple):
    """An entry of a folder. Its real path is where it leads to, if it *is_link*."""

    path: str
    real: str
    is_folder: bool
    is_link: bool


@dataclass(slots=True)
class Tree:
    """The files and problems below one folder."""

    files: list[FoundFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def walk(root: str) -> Tree:
    """Return the manifests below *root*, in order. Names that begin with a dot are skipped."""
    tree = Tree()
    whole = os.path.realpath(root)
    folders = [FoundFolder(root, whole)]
    seen = {whole}
    while folders:
        folder = folders.pop()
        for entry in _entries(folder.path, tree):
            if not entry.name.startswith("."):
                _add(_resolved(entry, folder), FoundFolder(root, whole), tree, folders, seen)
        if len(tree.files) > MOST_FILES:
            tree.problems.append(too_many(root))
            del tree.files[MOST_FILES:]
            return tree
    return tree


def _entries(folder: str, tree: Tree) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from sorted(entries, key=lambda entry: entry.name, reverse=True)
    except OSError as error:
        tree.problems.append(file_problem("GS704", folder, f"cannot be listed: {error.strerror}"))


def _resolved(entry: os.DirEntry[str], folder: FoundFolder) -> FoundEntry:
    """Resolve *entry* of *folder*. Only a link leads elsewhere, and its path alone is resolved in full."""
    if entry.is_symlink():
        real = os.path.realpath(entry.path)
        return FoundEntry(entry.path, real, is_folder=Path(real).is_dir(), is_link=True)
    return FoundEntry(entry.path, f"{folder.real.rstrip('/')}/{entry.name}", entry.is_dir(), is_link=False)


def _add(
    entry: FoundEntry, root: FoundFolder, tree: Tree, folders: list[FoundFolder], seen: set[str]
) -> None:
    shown = entry.path.removeprefix("./")
    if not entry.is_folder and not shown.endswith(ENDINGS):
        tree.problems += [warning] if (warning := almost_manifest(shown)) else []
        return
    followed = follow_link(entry.path, _target(entry, root.real)) if entry.is_link else True
    if isinstance(followed, Problem):
        tree.problems.append(followed)
    elif not entry.is_folder:
        name = entry.path.removeprefix(root.path).lstrip("/")
        tree.files.append(FoundFile(shown, entry.real, name))
    elif entry.real not in seen:
        seen.add(entry.real)
        folders.append(FoundFolder(entry.path, entry.real))


def _target(entry: FoundEntry, whole: str) -> LinkTarget:
    """Return the kind of the link's end. A file that cannot be opened is reported when it is read."""
    inside = _inside(entry.real, whole)
    if entry.is_folder:
        return LinkTarget.FOLDER if inside else LinkTarget.OUTSIDE
    return LinkTarget.FILE if inside else LinkTarget.FILE_OUTSIDE


def _inside(real: str, whole: str) -> bool:
    return real == whole or real.startswith(whole.rstrip("/") + "/")
