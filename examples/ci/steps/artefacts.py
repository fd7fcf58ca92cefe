"""The files that a job keeps for a later one, and the name that they are kept under."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES = ("saved-plan.json", "plan.json", "plan.md", "apply.json", "apply.md")
LARGEST_FILE = 256 << 20


def key_of(paths: Sequence[str]) -> str:
    """Return a short name for the manifests of a job: a repository may have several."""
    return hashlib.sha256("\n".join(paths).encode()).hexdigest()[:12]


def artefact_of(verb: str, paths: Sequence[str], commit: str) -> str:
    """Return the name of what *verb* keeps about a commit."""
    return f"gupshup-{verb}-{key_of(paths)}-{commit}"


def files_of(data: bytes) -> dict[str, bytes]:
    """Return those files of an archive that a step writes. Whatever else it holds is left alone."""
    found: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in NAMES:
                if name in archive.namelist() and archive.getinfo(name).file_size <= LARGEST_FILE:
                    found[name] = archive.read(name)
    except Exception as error:  # noqa: BLE001  (each way to compress has errors of its own for bytes that are damaged)
        print(f"Note: the archive cannot be read: {error}")
        return {}
    return found
