"""Selection of a commit's manifests, by name and size alone, without their contents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from controller.edges.source.file_rules import (
    ENDINGS,
    LARGEST_SOURCE,
    MOST_FILES,
    LinkTarget,
    almost_manifest,
    ambiguous_names,
    file_problem,
    follow_link,
    source_too_large,
    too_large,
    too_many,
    unusable_name,
)
from controller.edges.source.git.links import LinkTargets
from controller.edges.source.git.listing import EntryType, TreeEntry
from controller.model.problem import Problem


class SelectedFile(NamedTuple):
    """A manifest by the name that is shown, and the entry with its content: its own, or the link's target."""

    shown: str
    entry: TreeEntry
    linked: bool = False


@dataclass(slots=True)
class SelectedFiles:
    """Files to read, and problems. *strays* are links out of the folder without a manifest's name."""

    files: list[SelectedFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)


def select(root: str, entries: Sequence[TreeEntry], links: Mapping[str, str]) -> SelectedFiles:
    """Return the manifests below *root*. *links* maps each link to its text.

    Names that begin with a dot are skipped, but links may lead there.
    """
    selected = SelectedFiles()
    targets = LinkTargets(entries, links)
    for entry in entries:
        if _is_hidden(entry.name):
            continue
        name = in_repository(root, entry.name)
        if entry.type is EntryType.SUBMODULE:
            selected.problems.append(
                file_problem("GS708", name, "is a submodule; what is in it is not fetched")
            )
        elif entry.type is EntryType.LINK:
            _follow(name, entry, targets, selected)
        elif entry.name.endswith(ENDINGS):
            selected.files.append(SelectedFile(name, entry))
        elif warning := almost_manifest(name):
            selected.problems.append(warning)
    selected.problems += ambiguous_names(file.shown for file in selected.files)
    _limit(root or ".", selected)
    return selected


def in_repository(root: str, name: str) -> str:
    """Return the path of a file below *root*, from the root of the repository."""
    return f"{root}/{name}" if root else name


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or "/." in name


def _follow(name: str, link: TreeEntry, targets: LinkTargets, selected: SelectedFiles) -> None:
    end = targets.of(link.name)
    if end is LinkTarget.FOLDER:
        selected.problems.append(file_problem("GS704", name, "is a link to a folder; link to its files"))
    elif end is LinkTarget.OUTSIDE and not link.name.endswith(ENDINGS):
        selected.strays.append(link.name)
    else:
        followed = follow_link(name, LinkTarget.FILE if isinstance(end, TreeEntry) else end)
        if isinstance(followed, Problem):
            selected.problems.append(followed)
        elif followed and isinstance(end, TreeEntry):
            selected.files.append(SelectedFile(name, end, linked=True))


def _limit(root: str, selected: SelectedFiles) -> None:
    """Keep as much as a source may hold, each file once. A file's own name goes before links to it."""
    if len(selected.files) > MOST_FILES:
        selected.problems.append(too_many(root))
        del selected.files[MOST_FILES:]
    bytes_left = LARGEST_SOURCE
    kept: dict[str, SelectedFile] = {}
    for file in sorted(selected.files, key=lambda file: file.linked):
        if problem := unusable_name(file.shown) or too_large(file.shown, file.entry.size):
            selected.problems.append(problem)
        elif kept.setdefault(file.entry.name, file) is file:
            bytes_left -= file.entry.size
        if bytes_left < 0:
            selected.problems.append(source_too_large(kept.popitem()[1].shown))
            break
    selected.files = list(kept.values())
