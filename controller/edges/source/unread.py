"""Files that are not read, and why: a name that cannot be shown, a device, a giant."""

import os
import stat

from controller.model.problem import Place, Problem, Severity

LARGEST = 256 * 1024
_LONGEST_NAME = 200
_WARNINGS = frozenset({"GS705"})


def concern(rule: str, path: str, message: str) -> Problem:
    """Return a problem of a whole file; its name is told in characters that can be shown."""
    severity = Severity.WARNING if rule in _WARNINGS else Severity.ERROR
    return Problem(Place(escaped(path)), rule, severity, "", message)


def escaped(path: str) -> str:
    """Return *path* with every character that cannot be shown as an escape, and clipped."""
    shown = "".join(
        one if one.isprintable() else one.encode("unicode_escape", "surrogatepass").decode() for one in path
    )
    return shown if len(shown) <= _LONGEST_NAME else shown[: _LONGEST_NAME - 1] + "…"


def is_odd(path: str) -> bool:
    """Say whether a file's name holds what cannot be shown: control characters, bytes that are no UTF-8."""
    return not path.isprintable()


def unread(path: str, status: os.stat_result) -> Problem | None:
    """Say why a file is not to be read, or None."""
    if not stat.S_ISREG(status.st_mode):
        return concern("GS704", path, "is no regular file (a folder, pipe, socket or device)")
    if status.st_size > LARGEST:
        return concern("GS109", path, f"{status.st_size:,} bytes, and {LARGEST:,} are the most")
    return None
