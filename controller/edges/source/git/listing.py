"""The listing of a commit's folder: bytes of git go in, entries with names come out."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from os import fsdecode
from typing import NamedTuple


class EntryType(StrEnum):
    FILE = "file"
    LINK = "link"
    SUBMODULE = "submodule"


class TreeEntry(NamedTuple):
    """One leaf of a tree: *name* is below the folder that is read, *size* in bytes (0 for a submodule)."""

    name: str
    type: EntryType
    id: str
    size: int


_TYPES = {"120000": EntryType.LINK, "160000": EntryType.SUBMODULE}


def entries(listing: bytes) -> Iterator[TreeEntry]:
    """Return what `git ls-tree -r -l -z` listed, in its order; ValueError if it is cut short."""
    *rows, rest = listing.split(b"\0")
    if rest:
        raise ValueError("a listing ends in the middle of a line")
    for row in rows:
        head, _, name = row.partition(b"\t")
        mode, _, object_id, size = head.decode("ascii").split()
        yield TreeEntry(
            fsdecode(name), _TYPES.get(mode, EntryType.FILE), object_id, 0 if size == "-" else int(size)
        )


def blobs(ids: Sequence[str], answer: bytes) -> Mapping[str, bytes]:
    """Return what `git cat-file --batch` wrote for *ids*; ValueError if it is not what was asked for."""
    found: dict[str, bytes] = {}
    at = 0
    for one in ids:
        end = answer.find(b"\n", at)
        head = answer[at:end].decode("ascii", "replace").split(" ")
        if end < 0 or head[:2] != [one, "blob"]:
            raise ValueError(f"no file came for {one}")
        at = end + 1 + int(head[2])
        found[one] = answer[end + 1 : at]
        if blob_id(found[one]) != one:
            raise ValueError(f"what came for {one} has another id")
        at += 1
    return found


def blob_id(data: bytes) -> str:
    """Return the id that git gives to a file's content: the same bytes have it in every commit."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
