"""Listing of a commit's folder: git's bytes go in, entries with names come out."""

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
    """One leaf of a tree. *name* is relative to the folder that is read, *size* in bytes (0: a submodule)."""

    name: str
    type: EntryType
    id: str
    size: int


_TYPES = {"120000": EntryType.LINK, "160000": EntryType.SUBMODULE}


def entries(listing: bytes) -> Iterator[TreeEntry]:
    """Return what `git ls-tree -r -l -z` listed, in its order. ValueError if the listing is cut short."""
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
    """Return the contents that `git cat-file --batch` wrote for *ids*. ValueError unless each fits its id."""
    contents: dict[str, bytes] = {}
    at = 0
    for object_id in ids:
        end = answer.find(b"\n", at)
        head = answer[at:end].decode("ascii", "replace").split(" ")
        if end < 0 or head[:2] != [object_id, "blob"]:
            raise ValueError(f"git returned no file for {object_id}")
        at = end + 1 + int(head[2])
        contents[object_id] = answer[end + 1 : at]
        if blob_id(contents[object_id]) != object_id:
            raise ValueError(f"the file that git returned for {object_id} has another id")
        at += 1
    return contents


def blob_id(data: bytes) -> str:
    """Return the id that git gives to a file's content. Equal bytes have the same id in every commit."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
