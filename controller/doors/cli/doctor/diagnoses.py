"""Diagnoses as they are made: each check by itself, whatever is wrong with the others, and the exit code."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from controller.core.doctor.diagnosis import CheckResult, Diagnosis
from controller.doors.cli.exits import DENIED, ERROR, FAILED, INVALID, OK, code_of, message_of

_WORST_FIRST = (DENIED, ERROR, INVALID, FAILED)


@dataclass(slots=True)
class Diagnoses:
    """What was found so far, in the order of the checks, and the exit codes of what is wrong."""

    found: list[Diagnosis] = field(default_factory=list)
    _codes: set[int] = field(default_factory=set)

    def add(self, *found: Diagnosis, code: int = FAILED) -> None:
        """Keep what was found; *code* is the exit code if something of it is wrong."""
        self.found += found
        if any(each.result is CheckResult.WRONG for each in found):
            self._codes.add(code)

    def extend(self, found: Iterable[Diagnosis], *, code: int = FAILED) -> None:
        self.add(*found, code=code)

    def add_error(self, check: str, error: Exception, *, subject: str = "", before: str = "") -> None:
        """Keep an error as a diagnosis: its text holds what to do. *before* is what was tried."""
        words = f"{before}: {message_of(error)}" if before else message_of(error)
        self.add(Diagnosis(check, CheckResult.WRONG, words, "", subject), code=code_of(error))

    @property
    def code(self) -> int:
        """Return the worst code. One that only a whole command has, as for a wrong usage, is an error."""
        return next((code for code in _WORST_FIRST if code in self._codes), ERROR if self._codes else OK)
