"""Rules of files: names, devices, giants, placeholders and links that are not read, each with its problem."""

import os
import stat
from collections.abc import Iterable
from enum import Enum, auto

from controller.model.problem import Place, Problem, Severity
from controller.model.text import escape

LARGEST = 256 * 1024
MOST_FILES = 10_000
LARGEST_SOURCE = 64 * 1024 * 1024
_LONGEST_NAME = 200
_LONGEST_PART = 255
_LONGEST_PATH = 4_095
_LFS = (b"version https://git-lfs.github.com/", b"version https://hawser.github.com/")
ENDINGS = (".yaml", ".yml")
_OUTSIDE = "leads out of the folder that is read"
_WARNINGS = frozenset({"GS705", "GS709"})


def file_problem(rule: str, path: str, message: str) -> Problem:
    """Return a problem of a whole file. The file's name is escaped and clipped."""
    severity = Severity.WARNING if rule in _WARNINGS else Severity.ERROR
    return Problem(Place(escaped(path)), rule, severity, "", message)


def escaped(path: str) -> str:
    """Return *path* in characters that can be shown, clipped to a line's length."""
    shown = escape(path)
    return shown if len(shown) <= _LONGEST_NAME else shown[: _LONGEST_NAME - 1] + "…"


def unusable_name(path: str) -> Problem | None:
    """Return the problem of a name that holds control characters or no UTF-8, or is too long for a disk."""
    if not path.isprintable():
        return file_problem("GS702", path, "its name holds characters that cannot be shown or typed")
    parts = (len(os.fsencode(part)) for part in path.split("/"))
    if max(parts) > _LONGEST_PART or len(os.fsencode(path)) > _LONGEST_PATH:
        return file_problem("GS702", path, "its name is longer than a file system allows")
    return None


def unreadable(path: str, status: os.stat_result) -> Problem | None:
    """Return why a file must not be read, None if it may."""
    if not stat.S_ISREG(status.st_mode):
        return file_problem("GS704", path, "is no regular file (a folder, pipe, socket or device)")
    return too_large(path, status.st_size)


def too_large(path: str, size: int) -> Problem | None:
    if size > LARGEST:
        return file_problem("GS109", path, f"{size:,} bytes; at most {LARGEST:,} are allowed")
    return None


def source_too_large(path: str) -> Problem:
    """Return the problem of a source that is too large. Its place is the first file that was not read."""
    return file_problem("GS703", path, f"more than {LARGEST_SOURCE:,} bytes; the rest was not read")


def too_many(root: str) -> Problem:
    return file_problem("GS703", root, f"more than {MOST_FILES:,} files; the others were not read")


def almost_manifest(path: str) -> Problem | None:
    """Return a warning if a file is skipped although its name resembles a manifest's."""
    if path.endswith(ENDINGS) or not path.casefold().rstrip().endswith(ENDINGS):
        return None
    return file_problem(
        "GS709", path, "is not read: the name of a manifest ends in .yaml or .yml, in small letters"
    )


class LinkTarget(Enum):
    """The end of a symbolic link. OUTSIDE is no file, or its kind is unknown."""

    FILE = auto()
    FOLDER = auto()
    FILE_OUTSIDE = auto()
    OUTSIDE = auto()
    NOTHING = auto()


def follow_link(path: str, target: LinkTarget) -> Problem | bool:
    """Return whether to read the target of the link at *path*, or the problem of the link.

    Only links that stay in the folder are followed. A link without a manifest's ending may lead to a file
    anywhere, since such a file is not read.
    """
    manifest = path.endswith(ENDINGS)
    match target:
        case LinkTarget.FOLDER:
            return True
        case LinkTarget.NOTHING if manifest:
            return file_problem("GS704", path, "is a link that leads to no file")
        case LinkTarget.OUTSIDE:
            return file_problem("GS707", path, _OUTSIDE)
        case LinkTarget.FILE_OUTSIDE if manifest:
            return file_problem("GS707", path, _OUTSIDE)
        case _:
            return manifest


def lfs_pointer(path: str, data: bytes) -> Problem | None:
    """Return a problem if the content is a Git LFS pointer, which takes the place of the real file."""
    if data.startswith(_LFS):
        return file_problem("GS708", path, "is a Git LFS pointer; the file itself is not in the repository")
    return None


def ambiguous_names(paths: Iterable[str]) -> list[Problem]:
    """Return a warning for each name that a person or another file system may confuse with an earlier one."""
    first: dict[str, str] = {}
    problems = []
    for path in paths:
        key = path.casefold().removesuffix(".yaml").removesuffix(".yml")
        other = first.setdefault(key, path)
        if other != path:
            problems.append(
                file_problem("GS705", path, f"differs from {escaped(other)} only in case or ending")
            )
    return problems
