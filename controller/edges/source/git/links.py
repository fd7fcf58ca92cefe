"""Symbolic links of a commit. Each is followed inside the folder that is read, and never outside."""

from collections.abc import Iterable, Mapping
from itertools import accumulate

from controller.edges.source.file_rules import LinkTarget
from controller.edges.source.git.listing import EntryType, TreeEntry

_MOST_STEPS = 256


class LinkTargets:
    """The targets of all links below one folder. *links* maps each link to its text."""

    def __init__(self, entries: Iterable[TreeEntry], links: Mapping[str, str]) -> None:
        self._links = links
        self._files = (
            {entry.name: entry for entry in entries if entry.type is EntryType.FILE} if links else {}
        )
        self._folders = _folders(self._files)

    def of(self, name: str) -> TreeEntry | LinkTarget:
        """Return the file that the link *name* leads to in the end, or why there is none.

        A path that leaves the folder is OUTSIDE even if it comes back: nothing outside is read.
        """
        path = self._resolved(name)
        if isinstance(path, LinkTarget):
            return path
        return self._files.get(path) or (LinkTarget.FOLDER if path in self._folders else LinkTarget.NOTHING)

    def _resolved(self, name: str) -> str | LinkTarget:
        done: list[str] = []
        todo = name.split("/")[::-1]
        for _ in range(_MOST_STEPS):
            if not todo:
                return "/".join(done)
            part = todo.pop()
            if part == ".." and not done:
                return LinkTarget.OUTSIDE
            _step(done, part)
            text = self._links.get("/".join(done))
            if text is not None:
                if text.startswith("/"):
                    return LinkTarget.OUTSIDE
                done.pop()
                todo += text.split("/")[::-1]
        return LinkTarget.NOTHING


def _step(done: list[str], part: str) -> None:
    if part == "..":
        done.pop()
    elif part not in {"", "."}:
        done.append(part)


def _folders(names: Iterable[str]) -> frozenset[str]:
    """Return every folder that holds one of *names*, at any depth. "" is the folder that is read."""
    parents = {name.rpartition("/")[0] for name in names}
    chains = (accumulate(name.split("/"), lambda above, part: f"{above}/{part}") for name in parents)
    return frozenset(folder for chain in chains for folder in chain) | {""}
