"""Problems of manifests, and their places."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"
    """Worth knowing. A hint never fails anything, whatever the options."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in a file; line and column count from 1. A problem of a whole file is at 1:1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


UNLISTED = "GS120"
"""The rule that reports further problems, and is not counted as one."""

NOWHERE = Place("")
ENVIRONMENT = Place("(environment)")


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One finding about a manifest, without the value of any secret.

    *field* is the path inside the document (`spec.phone`, `spec.modes[2]`), empty for a whole file. *fix* is
    the corrected value as it would be typed, None if no value is known.
    """

    place: Place
    rule: str
    severity: Severity
    field: str
    message: str
    fix: str | None = None
