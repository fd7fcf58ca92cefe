"""Replacement of a manifest on the disk: whole or not at all, with its mode, and unless it changed."""

import os
from contextlib import suppress
from pathlib import Path
from stat import S_IMODE, S_IWGRP, S_IWOTH, S_IWUSR
from tempfile import mkstemp

from controller.edges.source.file_rules import escaped
from controller.edges.source.settling import mark
from controller.errors import SourceError
from controller.model.source import Stamp

_WRITABLE = S_IWUSR | S_IWGRP | S_IWOTH


def replace_file(stamp: Stamp, data: bytes) -> None:
    """Write *data* over the file of *stamp*, or over the target if it is a link.

    The new file has the mode of the old one, and its owner if this process may give files away. SourceError
    if the file changed since the stamp, is read-only or cannot be written: it is as it was then.
    """
    try:
        _replace(stamp, data)
    except OSError as error:
        name = escaped(stamp.path)
        raise SourceError(f"{name} cannot be written: {error.strerror}; it is as it was") from error


def _replace(stamp: Stamp, data: bytes) -> None:
    real = Path(stamp.real)
    if not real.stat().st_mode & _WRITABLE:
        raise SourceError(f"{escaped(stamp.path)} is read-only, and is left")
    descriptor, draft = mkstemp(dir=real.parent, prefix=f".{real.name:.50}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            _like(descriptor, real.stat())
            os.fsync(descriptor)
        _refuse_changed(stamp)
        Path(draft).replace(real)
    except BaseException:  # also of a signal: the draft goes
        with suppress(OSError):
            Path(draft).unlink()
        raise


def _like(descriptor: int, status: os.stat_result) -> None:
    with suppress(PermissionError):
        os.fchown(descriptor, status.st_uid, status.st_gid)
    os.fchmod(descriptor, S_IMODE(status.st_mode))


def _refuse_changed(stamp: Stamp) -> None:
    if mark(Path(stamp.real).stat()) != stamp.mark:
        raise SourceError(f"{escaped(stamp.path)} changed after it was read, and is left: run this again")
