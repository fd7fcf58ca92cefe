"""Which files of a commit are manifests, and which are refused by their looks: no content is read for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from controller.edges.source.git.links import End, Ends
from controller.edges.source.git.listing import Entry, Sort
from controller.edges.source.unread import (
    ENDINGS,
    LARGEST_SOURCE,
    MOST_FILES,
    concern,
    misnamed,
    odd,
    overfull,
    too_large,
    too_many,
    twins,
)
from controller.model.problem import Problem


class Chosen(NamedTuple):
    """A manifest as a person would name it, and the file that holds it: itself, or what it links to."""

    shown: str
    entry: Entry
    linked: bool = False


@dataclass(slots=True)
class Choice:
    """What is to be read, what is wrong, and links out of the folder that are no manifests by their names."""

    files: list[Chosen] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)


def choose(root: str, entries: Sequence[Entry], links: Mapping[str, str]) -> Choice:
    """Return the manifests below *root*; *links* maps each link to its text.

    Names that begin with a dot are passed by, but links may lead there.
    """
    choice = Choice()
    ends = Ends(entries, links)
    for entry in entries:
        if _is_hidden(entry.name):
            continue
        name = in_repository(root, entry.name)
        if entry.sort is Sort.SUBMODULE:
            choice.problems.append(concern("GS708", name, "is a submodule; what is in it is not fetched"))
        elif entry.sort is Sort.LINK:
            _follow(name, entry, ends, choice)
        elif entry.name.endswith(ENDINGS):
            choice.files.append(Chosen(name, entry))
        elif found := misnamed(name):
            choice.problems.append(found)
    choice.problems += twins(file.shown for file in choice.files)
    _limit(root or ".", choice)
    return choice


def in_repository(root: str, name: str) -> str:
    """Return the name of a file below *root* from the root of the repository."""
    return f"{root}/{name}" if root else name


def outside(name: str) -> Problem:
    return concern("GS707", name, "leads out of the folder that is read")


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or "/." in name


def _follow(name: str, link: Entry, ends: Ends, choice: Choice) -> None:
    end = ends.of(link.name)
    if end is End.FOLDER:
        choice.problems.append(concern("GS704", name, "is a link to a folder; link to its files"))
    elif not link.name.endswith(ENDINGS):
        choice.strays += [link.name] if end is End.OUTSIDE else []
    elif end is End.OUTSIDE:
        choice.problems.append(outside(name))
    elif isinstance(end, End):
        choice.problems.append(concern("GS704", name, "is a link that leads to no file"))
    else:
        choice.files.append(Chosen(name, end, linked=True))


def _limit(root: str, choice: Choice) -> None:
    """Keep what a source may hold, each file once; one that is reached by its own name goes before links."""
    if len(choice.files) > MOST_FILES:
        choice.problems.append(too_many(root))
        del choice.files[MOST_FILES:]
    room = LARGEST_SOURCE
    kept: dict[str, Chosen] = {}
    for file in sorted(choice.files, key=lambda one: one.linked):
        if trouble := odd(file.shown) or too_large(file.shown, file.entry.size):
            choice.problems.append(trouble)
        elif kept.setdefault(file.entry.name, file) is file:
            room -= file.entry.size
        if room < 0:
            choice.problems.append(overfull(kept.popitem()[1].shown))
            break
    choice.files = list(kept.values())
