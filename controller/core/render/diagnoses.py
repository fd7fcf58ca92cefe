"""Diagnoses as text, one line each, and as a document."""

from collections import Counter
from collections.abc import Sequence

from controller.core.doctor.diagnosis import CheckResult, Diagnosis
from controller.core.render.tables import table
from controller.core.render.wrapping import wrapped

HEAD = ("", "CHECK", "PARTNER", "FOUND")


def diagnoses_text(found: Sequence[Diagnosis], width: int | None = None) -> str:
    """Return the lines in the order of the checks, at most *width* wide, and a last one that counts."""
    rows = [(each.result, each.check, each.subject, _words(each)) for each in found]
    counted = Counter(each.result for each in found)
    last = ", ".join(f"{counted[result]} {result}" for result in CheckResult if counted[result])
    lines = table(HEAD, rows).split("\n")
    indent = lines[0].index(HEAD[-1])
    return "\n".join([*(each for line in lines for each in wrapped(line, width, indent)), "", last])


def diagnoses_document(found: Sequence[Diagnosis]) -> dict[str, object]:
    counted = Counter(each.result for each in found)
    return {
        "formatVersion": "1.0",
        "checks": [
            {
                "check": each.check,
                "partner": each.subject or None,
                "result": str(each.result),
                "message": each.message,
                "remedy": each.remedy or None,
            }
            for each in found
        ],
        "summary": {str(result): counted[result] for result in CheckResult},
    }


def _words(each: Diagnosis) -> str:
    return f"{each.message} → {each.remedy}" if each.remedy else each.message
