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


@dataclass(slots=True)
class Tree:
    """The files and problems below one folder."""

    files: list[FoundFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def walk(root: str) -> Tree:
    """Return the manifests below *root*, in order. Names that begin with a dot are skipped."""
    tree = Tree()
    folders = [root]
    seen = {os.path.realpath(root)}
    while folders:
        folder = folders.pop()
        for entry in _entries(folder, tree):
            _add(entry, root, tree, folders, seen)
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


def _add(entry: os.DirEntry[str], root: str, tree: Tree, folders: list[str], seen: set[str]) -> None:
    if entry.name.startswith("."):
        return
    real = os.path.realpath(entry.path)
    is_folder = Path(real).is_dir()
    if not is_folder and not entry.name.endswith(ENDINGS):
        tree.problems += [warning] if (warning := almost_manifest(_shown(entry))) else []
        return
    followed = follow_link(entry.path, _target(real, root)) if entry.is_symlink() else True
    if isinstance(followed, Problem):
        tree.problems.append(followed)
    elif not is_folder:
        tree.files.append(FoundFile(_shown(entry), real, os.path.relpath(entry.path, root)))
    elif real not in seen:
        seen.add(real)
        folders.append(entry.path)


def _shown(entry: os.DirEntry[str]) -> str:
    return entry.path.removeprefix("./")


def _target(real: str, root: str) -> LinkTarget:
    """Return the kind of the link's end *real*. A file that cannot be opened is reported when it is read."""
    inside, is_folder = _inside(real, os.path.realpath(root)), Path(real).is_dir()
    if is_folder:
        return LinkTarget.FOLDER if inside else LinkTarget.OUTSIDE
    return LinkTarget.FILE if inside else LinkTarget.FILE_OUTSIDE


def _inside(real: str, whole: str) -> bool:
    return real == whole or real.startswith(whole.rstrip("/") + "/")
